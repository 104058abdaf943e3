"""One file a step, in a line; SQL text only, because the steps are rendered to one script and run as such."""

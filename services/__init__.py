"""The three services (strangers to each other), the composition root and the command line."""

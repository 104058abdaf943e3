"""Is this installation sound, and is what senders were promised still there? For people and for scripts."""

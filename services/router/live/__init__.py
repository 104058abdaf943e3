"""Live screens: state at a position, then what changed after it, so that the two together are the later state."""

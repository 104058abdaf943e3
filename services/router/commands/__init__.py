"""What people do to work: each command conditional on the state, with its facts in the same transaction."""

"""Proof by killing: load on services apart, a process killed every few seconds, and a checker over what was promised."""

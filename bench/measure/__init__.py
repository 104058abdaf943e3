"""How the figures are made: an open loop, latency from the intended time, and the machine's state beside every run."""

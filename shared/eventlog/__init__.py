"""The event log: one port (``base``) and its adapters; ``memory`` for tests and simulation, ``postgres`` for use."""

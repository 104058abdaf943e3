"""The whole pipeline in one thread, from one seed: the real handlers on virtual time, with faults at every crossing.

``python -m bench.simulator --seeds 300`` runs seeds and prints those that fail. README.md says what is real in it.
"""

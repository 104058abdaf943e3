"""Dispatching: exactly one dispatcher holds the lock, keeps waiting work and agents in memory, and writes offers.

``pool`` is pure: a snapshot of the tables, then facts folded in order. ``journal`` writes, each time on condition that
memory was right and the term is current. ``loop`` joins them.
"""

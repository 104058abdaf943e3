"""Deciding, pure: values in, values out. No clock, no I/O, no randomness but a seed.

``ruleset`` compiles the document of rules, ``route`` walks it for one inquiry, ``match`` chooses an agent for one
waiting item. Production, dry run and replay call the same functions.
"""

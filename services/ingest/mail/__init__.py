"""Bytes of a mail to a draft. Pure but for ``child`` and ``lanes``, which run it where it can be killed."""

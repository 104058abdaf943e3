"""Ingest: deliveries in at every door, committed before they are answered, and one stream of inquiries out.

accept (commit) → normalise (mail, in a child) → relay (to the log) → status (what the router said of each).
"""

"""The schema, step by step: one file a step in ``versions``, applied in order by ``shared.database.migrate``."""

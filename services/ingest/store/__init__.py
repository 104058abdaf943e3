"""The SQL of ingest, by noun; every statement touches the schema ``ingest`` only."""

"""One file a kind of door, found by name: each has ``open_channel(world)`` (see ``services.ingest.channel``)."""

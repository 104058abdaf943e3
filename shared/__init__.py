"""What at least two services need: domain values, the event log, the database, access and telemetry.

Nothing here imports a service. Layers, lowest first: ``errors`` → ``domain`` → ``events`` → ports
(``eventlog.base``) → adapters (``eventlog.postgres``, ``database``).
"""

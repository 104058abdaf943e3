"""Keeps one record of every kind of event, as a released version wrote it, for the test that reads them for ever.

python tools/record_golden.py DATABASE_URL FOLDER    from a product of that version whose log is in its database

Let the demo run until everything has happened: an offer declined, one lapsed, an answer given in a chat.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import asyncpg

_LARGEST = 4_000
_RECORDS = """
SELECT DISTINCT ON (stream, headers ->> 'ce_type') stream, key, headers, value FROM log.record
WHERE length(value) < $1 ORDER BY stream, headers ->> 'ce_type', length(value) DESC
"""


async def read(database_url: str) -> list[asyncpg.Record]:
    """The fullest record of each kind that is still easily read."""
    connection = await asyncpg.connect(database_url)
    try:
        return list(await connection.fetch(_RECORDS, _LARGEST))
    finally:
        await connection.close()


def keep(row: asyncpg.Record, folder: Path) -> None:
    """Write one file."""
    headers = json.loads(row["headers"])
    kind = headers["ce_type"].removeprefix("inquiryrouter.")
    kept = {"key": row["key"], "headers": headers, "value": json.loads(row["value"])}
    text = json.dumps(kept, indent=1, ensure_ascii=False, sort_keys=True)
    (folder / f"{row['stream']}.{kind}.json").write_text(f"{text}\n")


def main(database_url: str, folder: Path) -> None:
    """One file a kind."""
    folder.mkdir(parents=True, exist_ok=True)
    for row in asyncio.run(read(database_url)):
        keep(row, folder)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

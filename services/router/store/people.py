"""Contacts and the addresses, numbers and handles by which they are known."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from services.router.store.reader import Connection

Identity = tuple[str, str]
"""Kind (``email``, ``phone``, ``handle``) and value."""

FIND = """
SELECT known.kind, known.value, known.contact_id
FROM unnest($1::text[], $2::text[]) AS asked (kind, value)
JOIN router.identity AS known ON known.kind = asked.kind AND known.value = asked.value
"""

DOMAINS = """
SELECT contact_id, split_part(value, '@', 2) AS domain FROM router.identity
WHERE contact_id = ANY($1::uuid[]) AND kind = 'email'
"""

ADD_CONTACTS = """
INSERT INTO router.contact (id, name) SELECT id, name FROM unnest($1::uuid[], $2::text[]) AS c (id, name) ORDER BY id
ON CONFLICT DO NOTHING
"""

ADD_IDENTITIES = """
INSERT INTO router.identity (kind, value, contact_id)
SELECT kind, value, contact_id FROM unnest($1::text[], $2::text[], $3::uuid[]) AS i (kind, value, contact_id)
ORDER BY kind, value
ON CONFLICT DO NOTHING
"""


async def find(conn: Connection, identities: Collection[Identity]) -> dict[Identity, UUID]:
    """The contacts behind those of ``identities`` that are known."""
    rows = await conn.fetch(FIND, [kind for kind, _ in identities], [value for _, value in identities])
    return {(row["kind"], row["value"]): row["contact_id"] for row in rows}


async def domains(conn: Connection, contacts: Collection[UUID]) -> dict[UUID, set[str]]:
    """The mail domains of each contact."""
    found: dict[UUID, set[str]] = {}
    for row in await conn.fetch(DOMAINS, list(contacts)):
        found.setdefault(row["contact_id"], set()).add(row["domain"])
    return found


async def add(
    conn: Connection,
    contacts: Sequence[tuple[UUID, str | None]],
    identities: Iterable[tuple[Identity, UUID]],
) -> None:
    """Keep new contacts and what they are known by; what is there already stays as it is."""
    if contacts:
        await conn.execute(ADD_CONTACTS, [row for row, _ in contacts], [name for _, name in contacts])
    known = list(identities)
    if known:
        kinds, values = [i[0] for i, _ in known], [i[1] for i, _ in known]
        await conn.execute(ADD_IDENTITIES, kinds, values, [contact for _, contact in known])

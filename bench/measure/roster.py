"""The bench's own agents: three hundred, fifty a language, each able to do everything in it.

They are written into the tables of a product that is not running, with a session each: three hundred sign-ins cost
half a minute of argon2, which is not what is measured.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from bench.load.senders import TEXTS
from shared.access.tokens import new_session, token_hash
from shared.database.connection import connect
from shared.domain.classification import TOPICS
from shared.domain.ids import derived_id

AGENTS = 300
_LASTS = timedelta(hours=12)

_USERS = """
INSERT INTO access."user" (id, username, name, roles, agent_id, password_hash)
SELECT id, username, username, '{agent}', id, 'none' FROM unnest($1::uuid[], $2::text[]) AS t (id, username)
"""
_SESSIONS = """
INSERT INTO access.session (hash, user_id, expires_at)
SELECT hash, id, $3 FROM unnest($1::bytea[], $2::uuid[]) AS t (hash, id)
"""
_AGENTS = """
INSERT INTO router.agent (id, username, name, skills, presence, presence_source, lease_until)
SELECT id, username, username, skills, 'available', 'lease', $4
FROM unnest($1::uuid[], $2::text[], $3::jsonb[]) AS t (id, username, skills)
"""


async def hire(database_url: str, *, count: int = AGENTS) -> dict[str, str]:
    """Add ``count`` agents who are available for twelve hours; returns their tokens by agent id."""
    until = datetime.now(UTC) + _LASTS
    names = [f"bench-{number:03}" for number in range(count)]
    ids: list[UUID] = [derived_id("bench-agent", name) for name in names]
    tokens = [new_session() for _ in names]
    languages = list(TEXTS)
    skills = [_skills(languages[number % len(languages)]) for number in range(count)]
    connection = await connect(database_url, name="bench")
    try:
        async with connection.transaction():
            await connection.execute(_USERS, ids, names)
            await connection.execute(_SESSIONS, [token_hash(token) for token in tokens], ids, until)
            await connection.execute(_AGENTS, ids, names, skills, until)
    finally:
        await connection.close()
    return {str(agent_id): token for agent_id, token in zip(ids, tokens, strict=True)}


def _skills(language: str) -> dict[str, int]:
    return {f"language.{language}": 5} | {f"topic.{topic}": 4 for topic in TOPICS}

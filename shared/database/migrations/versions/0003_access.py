"""Accounts: users, integrators' keys, sessions; and the answers kept for repeated requests.

Secrets are kept as hashes alone: a password by argon2, a key or session token (256 random bits) by SHA-256.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ACCOUNTS = """
CREATE TABLE access."user" (
    id uuid PRIMARY KEY,
    username text NOT NULL UNIQUE,
    name text NOT NULL,
    roles text[] NOT NULL,
    agent_id uuid UNIQUE,
    language text NOT NULL DEFAULT 'en',
    password_hash text NOT NULL,
    demo boolean NOT NULL DEFAULT false,
    disabled_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE access.key (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    prefix text NOT NULL,
    hash bytea NOT NULL UNIQUE,
    scopes text[] NOT NULL DEFAULT '{}',
    demo boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz
);

CREATE TABLE access.session (
    hash bytea PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES access."user",
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX session_of_user ON access.session (user_id);
"""

IDEMPOTENCY = """
CREATE TABLE access.idempotency (
    caller text NOT NULL,
    door text NOT NULL,
    key text NOT NULL,
    body_hash bytea NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    status int,
    headers jsonb,
    body bytea,
    PRIMARY KEY (caller, door, key)
);
"""


def upgrade() -> None:
    op.execute(ACCOUNTS)
    op.execute(IDEMPOTENCY)


def downgrade() -> None:
    op.execute('DROP TABLE access.idempotency, access.session, access.key, access."user"')

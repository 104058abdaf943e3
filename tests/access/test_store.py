"""Signing in, and whose token it is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.access.store import BELIEVED_FOR, SESSION_LASTS, AccessStore
from shared.errors import DatabaseUnavailable, Refused

PASSWORD = "correct horse"


@pytest.fixture
def access(pool, clock):
    return AccessStore(pool, clock=clock)


@pytest.fixture
def elsewhere(pool, clock):
    """The same accounts in another process."""
    return AccessStore(pool, clock=clock)


@pytest.fixture
async def jana(access):
    return await access.users.add("jana", name="Jana", roles=["agent"], password=PASSWORD, language="de")


async def test_a_sign_in_gives_a_token_that_names_the_user(access, clock, jana):
    session = await access.login(" Jana ", PASSWORD, address="")
    assert session.expires_at == clock.now() + SESSION_LASTS
    caller = await access.authenticate(session.token)
    assert caller.id == f"user:{jana.id}"
    assert caller.roles == {"agent"}
    assert caller.agent_id == jana.agent_id is not None
    assert caller.language == "de"


@pytest.mark.parametrize(
    ("username", "password"),
    [("jana", "wrong"), ("nobody", PASSWORD), ("", ""), ("jana\x00", PASSWORD + "\ud800"), ("\ud800", "\x00")],
)
async def test_a_wrong_name_or_password_is_refused_alike(access, jana, username, password):
    with pytest.raises(Refused) as refusal:
        await access.login(username, password, address="")
    assert refusal.value.code == "invalid-credentials"


@pytest.mark.parametrize("token", ["", "x", "ir_ses_x", "é" * 100, "\ud800", "x" * 100_000])
async def test_nobodys_token_names_nobody(access, token):
    assert await access.authenticate(token) is None


async def test_a_session_ends_after_a_shift(access, clock, jana):
    session = await access.login("jana", PASSWORD, address="")
    clock.advance(SESSION_LASTS.total_seconds() - 1)
    assert await access.authenticate(session.token)
    clock.advance(BELIEVED_FOR)
    assert await access.authenticate(session.token) is None


async def test_a_token_is_dead_here_at_once_and_elsewhere_soon_after_signing_out(access, elsewhere, clock, jana):
    session = await access.login("jana", PASSWORD, address="")
    assert await access.authenticate(session.token)
    assert await elsewhere.authenticate(session.token)
    await access.logout(session.token)
    assert await access.authenticate(session.token) is None
    clock.advance(BELIEVED_FOR)
    assert await elsewhere.authenticate(session.token) is None


async def test_a_token_is_dead_soon_after_its_user_is_disabled(access, clock, jana):
    session = await access.login("jana", PASSWORD, address="")
    assert await access.authenticate(session.token)
    await access.users.disable("jana")
    clock.advance(BELIEVED_FOR)
    assert await access.authenticate(session.token) is None
    with pytest.raises(Refused, match="invalid-credentials"):
        await access.login("jana", PASSWORD, address="")


async def test_a_session_opened_while_its_user_is_disabled_is_dead_too(access, pool, jana):
    session = await access.login("jana", PASSWORD, address="")
    await pool.execute('UPDATE access."user" SET disabled_at = now()')
    assert await access.authenticate(session.token) is None


async def test_a_new_password_ends_the_sessions_of_the_old_one(access, clock, jana):
    session = await access.login("jana", PASSWORD, address="")
    await access.users.set_password("jana", "another horse")
    clock.advance(BELIEVED_FOR)
    assert await access.authenticate(session.token) is None
    assert await access.login("jana", "another horse", address="")


async def test_changed_roles_hold_soon(access, clock, jana):
    session = await access.login("jana", PASSWORD, address="")
    assert (await access.authenticate(session.token)).roles == {"agent"}
    await access.users.ensure("jana", name="Jana", roles=["supervisor"], password=PASSWORD)
    clock.advance(BELIEVED_FOR)
    caller = await access.authenticate(session.token)
    assert caller.roles == {"supervisor"}
    assert caller.agent_id is None


async def test_a_key_names_an_integrator_until_it_is_revoked_or_expires(access, clock):
    key, secret = await access.keys.create("shop", expires_at=clock.now() + timedelta(hours=1))
    caller = await access.authenticate(secret)
    assert (caller.id, caller.kind, caller.roles) == (f"key:{key.id}", "key", {"integrator"})
    clock.advance(3601)
    assert await access.authenticate(secret) is None
    key, secret = await access.keys.create("shop")
    assert await access.authenticate(secret)
    assert (await access.keys.listed())[1].last_used_at == clock.now()
    await access.keys.revoke(str(key.id))
    clock.advance(BELIEVED_FOR)
    assert await access.authenticate(secret) is None


async def test_secrets_are_kept_as_hashes_alone(access, pool, jana):
    session = await access.login("jana", PASSWORD, address="")
    _, secret = await access.keys.create("shop")
    kept = [
        str(row)
        for table in ('"user"', "session", "key")
        for row in await pool.fetch(f"SELECT t::text FROM access.{table} t")
    ]
    for plain in (PASSWORD, session.token, secret):
        assert not any(plain in row for row in kept)


async def test_a_lost_database_is_not_a_stranger(access, pool):
    await pool.close()
    with pytest.raises(DatabaseUnavailable):
        await access.authenticate("token")

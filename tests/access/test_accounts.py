"""The commands on users and keys, and the guard over the demo's accounts."""

from __future__ import annotations

import pytest

from shared.access import demo_guard
from shared.access.store import AccessStore
from shared.errors import Refused, SettingsError

PASSWORD = "correct horse"


@pytest.fixture
def access(pool, clock):
    return AccessStore(pool, clock=clock)


async def test_a_user_name_is_taken_once_whatever_its_case(access):
    await access.users.add("Sara", name="Sara", roles=["supervisor"], password=PASSWORD)
    with pytest.raises(Refused) as refusal:
        await access.users.add("sara ", name="Other", roles=["agent"], password=PASSWORD)
    assert refusal.value.code == "conflict"
    assert [user.username for user in await access.users.listed()] == ["sara"]


@pytest.mark.parametrize(
    ("roles", "password"), [([], PASSWORD), (["king"], PASSWORD), (["integrator"], PASSWORD), (["agent"], "short")]
)
async def test_roles_that_do_not_exist_and_short_passwords_are_refused(access, roles, password):
    with pytest.raises(Refused) as refusal:
        await access.users.add("x", name="X", roles=roles, password=password)
    assert refusal.value.code == "invalid"


async def test_an_account_that_is_ensured_twice_stays_the_same(access):
    first = await access.users.ensure("jana", name="Jana", roles=["agent"], password=PASSWORD)
    again = await access.users.ensure("jana", name="Jana N", roles=["agent"], password=PASSWORD)
    assert (again.id, again.agent_id) == (first.id, first.agent_id)
    assert again.name == "Jana N"
    key = await access.keys.ensure("demo-api-key-for-tests", name="demo")
    assert (await access.keys.ensure("demo-api-key-for-tests", name="demo")).id == key.id
    assert await access.authenticate("demo-api-key-for-tests")


async def test_a_name_that_nobody_has_is_not_found(access):
    for command in (access.users.disable("x"), access.users.set_password("x", PASSWORD), access.keys.revoke("x")):
        with pytest.raises(Refused) as refusal:
            await command
        assert refusal.value.code == "not-found"


async def test_a_key_is_revoked_by_a_prefix_that_only_it_has(access):
    key, _ = await access.keys.create("one")
    await access.keys.create("two")
    with pytest.raises(Refused) as refusal:
        await access.keys.revoke("ir_key_")
    assert refusal.value.code == "conflict"
    assert (await access.keys.revoke(key.prefix)).id == key.id


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "router.example"])
async def test_demo_users_are_not_served_to_others_unless_told(access, host):
    await demo_guard.check(access.users, host=host, exposed=False)
    await access.users.ensure("jana", name="Jana", roles=["agent"], password=PASSWORD)
    with pytest.raises(SettingsError, match="DEMO_EXPOSED=yes"):
        await demo_guard.check(access.users, host=host, exposed=False)
    await demo_guard.check(access.users, host=host, exposed=True)
    await access.users.disable("jana")
    await demo_guard.check(access.users, host=host, exposed=False)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
async def test_demo_users_are_served_to_this_machine(access, host):
    await access.users.ensure("jana", name="Jana", roles=["agent"], password=PASSWORD)
    await demo_guard.check(access.users, host=host, exposed=False)

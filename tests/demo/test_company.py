"""The demo company is what it says: people, rules and customers that fit each other."""

from __future__ import annotations

from collections import Counter
from importlib.resources import files

import pytest

from services.demo.load import credentials, load_company
from services.demo.people import people
from services.demo.traffic import scripts
from services.router.rulesets import RuleSetStore, parse
from shared.access.store import AccessStore
from shared.domain.classification import LANGUAGES, TOPICS

NAMED = {
    "jana": ("de", 5),
    "astrid": ("sv", 5),
    "mads": ("da", 5),
    "piotr": ("pl", 5),
    "ilze": ("lv", 5),
    "emma": ("en", 5),
}


@pytest.mark.parametrize("username", NAMED)
def test_each_named_agent_speaks_the_own_language_and_knows_every_topic(username):
    agent = next(person for person in people() if person.username == username)
    language, level = NAMED[username]
    assert agent.skills[f"language.{language}"] == level
    assert all(agent.skills[f"topic.{topic}"] >= 3 for topic in TOPICS)
    further = {skill for skill in agent.skills if skill.startswith("language.")} - {f"language.{language}"}
    assert further == ({"language.en"} if username == "jana" else set())


def test_eight_more_agents_work_in_three_tiers():
    others = [person for person in people() if person.takes_work and person.username not in NAMED]
    assert len(others) == 8
    assert {person.skills["tier"] for person in others} == {1, 2, 3}


def test_the_rules_are_good_and_have_nine_queues():
    document, ruleset = parse((files("services.demo") / "rules.yaml").read_bytes())
    assert len(ruleset.queues) == 9
    assert len(document["rules"]) >= 15


def test_at_least_sixty_customers_write_in_six_languages_through_every_door():
    written = scripts()
    assert len(written) >= 60
    assert set(Counter(script["door"] for script in written)) == {"mail", "chat", "voicemail", "rest", "web"}
    assert len(list((files("services.demo") / "inquiries").iterdir())) == len(LANGUAGES)


async def test_loading_twice_changes_nothing_the_second_time(pool):
    access = AccessStore(pool)
    given = credentials(password="a-password", api_key="irk_0123456789")
    for _ in range(2):
        await load_company(pool, access, given, offer_seconds=60)
    assert len(await access.users.listed()) == len(people())
    assert await pool.fetchval("SELECT count(*) FROM router.ruleset") == 1
    assert await pool.fetchval("SELECT count(*) FROM router.agent") == 14


async def test_the_offer_time_of_the_demo_queues_can_be_set(pool):
    given = credentials(password="a-password", api_key="irk_0123456789")
    await load_company(pool, AccessStore(pool), given, offer_seconds=2)
    _, ruleset = await RuleSetStore(pool).live()
    assert {queue.offer_seconds for queue in ruleset.queues.values()} == {2}


async def test_rules_that_somebody_else_published_stay_in_force(pool):
    store = RuleSetStore(pool)
    source = "format: 1\nqueues: {own: {}}\nrules:\n  - {id: all, then: {queue: own}}\n"
    await store.publish(await store.create(parse(source)[0], source, author="user:1"))
    await load_company(
        pool, AccessStore(pool), credentials(password="a-password", api_key="irk_0123456789"), offer_seconds=60
    )
    assert "own" in (await store.live())[1].queues


def test_what_is_not_given_is_random():
    first, second = (credentials(password=None, api_key=None) for _ in range(2))
    assert first != second


async def test_any_password_and_key_will_do_for_the_demo(pool):
    access = AccessStore(pool)
    await load_company(pool, access, credentials(password="x", api_key="k"), offer_seconds=60)
    assert (await access.login("jana", "x", address="127.0.0.1")).user.username == "jana"
    assert (await access.authenticate("k")).name == "demo web shop"

"""Presence and agents over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest


async def test_presence_by_lease_and_by_stream(api: Any, jana: UUID) -> None:
    leased = await api.put("jana", "/me/presence", json={"state": "available", "for_seconds": 3600})
    assert leased.json() == {
        "state": "available",
        "source": "lease",
        "until": "2026-03-04T10:00:00.000Z",
        "load": 0,
        "capacity": 100,
    }
    streamed = (await api.put("jana", "/me/presence", json={"state": "busy"})).json()
    assert (streamed["state"], streamed["source"], streamed["until"]) == ("busy", "stream", None)


@pytest.mark.parametrize("seconds", [59, 43_201, "3600", 60.5])
async def test_a_lease_lasts_a_minute_to_twelve_hours(api: Any, jana: UUID, seconds: Any) -> None:
    refused = await api.put("jana", "/me/presence", json={"state": "available", "for_seconds": seconds})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/for_seconds")


async def test_only_agents_have_presence(api: Any) -> None:
    for who in ("sara", "otto", "aud", "shop"):
        assert (await api.put(who, "/me/presence", json={"state": "away"})).status_code == 403
    assert (await api.put(None, "/me/presence", json={"state": "away"})).status_code == 401


async def test_agents_are_read_by_those_who_steer_and_check(api: Any, jana: UUID, emma: UUID) -> None:
    shown = (await api.get("otto", "/agents")).json()
    assert [agent["username"] for agent in shown["items"]] == ["emma", "jana"]
    assert shown["items"][1] == {
        "id": str(jana),
        "username": "jana",
        "name": "Jana",
        "skills": {"language.en": 5, "topic.billing": 5},
        "capacity": 100,
        "load": 0,
        "presence": "available",
    }
    first = (await api.get("sara", "/agents?limit=1")).json()
    second = (await api.get("sara", f"/agents?limit=1&after={first['next']}")).json()
    assert (second["items"][0]["id"], second["next"]) == (str(jana), None)
    assert (await api.get("aud", "/agents")).status_code == 200
    for who in ("jana", "shop"):
        assert (await api.get(who, "/agents")).status_code == 403
        assert (await api.get(who, f"/agents/{jana}")).status_code == 403


async def test_an_agent_is_edited_under_its_etag(api: Any, company: Any, jana: UUID) -> None:
    read = await api.get("otto", f"/agents/{jana}")
    body = {"skills": {"language.de": 5, "tier": 2}, "capacity": 80}
    assert (await api.put("otto", f"/agents/{jana}", json=body)).status_code == 428
    tag = {"If-Match": read.headers["etag"]}
    changed = await api.put("otto", f"/agents/{jana}", json=body, headers=tag)
    assert (changed.status_code, changed.json()["skills"], changed.json()["capacity"]) == (200, body["skills"], 80)
    assert changed.headers["etag"] != read.headers["etag"]
    assert (await api.put("otto", f"/agents/{jana}", json=body, headers=tag)).status_code == 412
    assert (await company.facts())[-1].fact.type == "agent.changed"
    assert (await api.put("sara", f"/agents/{jana}", json=body, headers=tag)).status_code == 403
    assert (await api.put("otto", f"/agents/{uuid4()}", json=body, headers=tag)).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"skills": {"language.xx": 5}, "capacity": 80},
        {"skills": {"language.de": 6}, "capacity": 80},
        {"skills": {}, "capacity": 101},
        {"skills": {}},
    ],
)
async def test_skills_and_capacity_must_make_sense(api: Any, jana: UUID, body: dict[str, Any]) -> None:
    refused = await api.put("otto", f"/agents/{jana}", json=body, headers={"If-Match": "*"})
    assert refused.status_code == 422

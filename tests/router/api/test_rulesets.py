"""Rule sets over HTTP."""

from __future__ import annotations

from typing import Any

GOOD = """# by hand
format: 1
queues: {general: {}}
rules:
  - {id: all, then: {queue: general}}
"""
BAD = """format: 1
queues: {general: {}}
rules:
  - {id: a, when: {field: colour, op: eq, value: red}, then: {queue: general}}
  - {id: b, then: {queue: nowhere}}
"""
YAML = {"Content-Type": "application/yaml"}


async def test_a_draft_is_made_published_and_rolled_back(api: Any, company: Any) -> None:
    made = await api.post("otto", "/rulesets", content=GOOD, headers=YAML)
    assert (made.status_code, made.json()) == (201, {"version": 2, "state": "draft"})
    published = await api.post("otto", "/rulesets/2/publish", json={})
    assert (published.status_code, published.json()) == (200, {"version": 2, "state": "live"})
    live = await api.get("otto", "/rulesets/live", headers={"Accept": "application/yaml"})
    assert (live.text, live.headers["content-type"].partition(";")[0]) == (GOOD, "application/yaml")
    assert (await company.facts())[-1].fact.data == {"version": 2}
    assert (await api.post("otto", "/rulesets/1/publish", json={})).status_code == 200
    states = {row["version"]: row["state"] for row in (await api.get("otto", "/rulesets")).json()["items"]}
    assert states == {1: "live", 2: "retired"}
    assert (await api.post("otto", "/rulesets/99/publish", json={})).status_code == 404


async def test_what_get_gives_in_json_may_be_sent_back(api: Any) -> None:
    live = (await api.get("otto", "/rulesets/live")).json()
    assert (live["version"], live["format"]) == (1, 1)
    assert [rule["id"] for rule in live["rules"]] == ["billing", "returns", "everything-else"]
    made = await api.post("otto", "/rulesets", json=live)
    assert (made.status_code, made.json()["version"]) == (201, 2)
    as_yaml = await api.get("otto", "/rulesets/2", headers={"Accept": "application/yaml"})
    assert as_yaml.text.startswith("format: 1")


async def test_a_wrong_document_is_refused_with_every_fault_and_the_live_one_stays(api: Any) -> None:
    refused = await api.post("otto", "/rulesets", content=BAD, headers=YAML)
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (422, "invalid-ruleset")
    assert {(fault["line"], fault["pointer"]) for fault in problem["errors"]} >= {(4, "/rules/0/when/field")}
    assert len(problem["errors"]) >= 2
    assert (await api.get("otto", "/rulesets/live")).json()["version"] == 1
    assert (await api.post("otto", "/rulesets", content=b"x", headers={"Content-Type": "text/csv"})).status_code == 415


async def test_operations_write_supervisors_and_auditors_read(api: Any, company: Any) -> None:
    for who, reads in (("sara", 200), ("aud", 200), ("shop", 403), (None, 401)):
        assert (await api.get(who, "/rulesets")).status_code == reads
        assert (await api.get(who, "/rulesets/live")).status_code == reads
        refused = 401 if who is None else 403
        assert (await api.post(who, "/rulesets", content=GOOD, headers=YAML)).status_code == refused
        assert (await api.post(who, "/rulesets/1/publish", json={})).status_code == refused


async def test_versions_come_in_pages_newest_first(api: Any) -> None:
    for _ in range(2):
        await api.post("otto", "/rulesets", content=GOOD, headers=YAML)
    first = (await api.get("otto", "/rulesets?limit=2")).json()
    rest = (await api.get("otto", f"/rulesets?limit=2&after={first['next']}")).json()
    assert [row["version"] for row in first["items"] + rest["items"]] == [3, 2, 1]
    assert rest["next"] is None
    assert (await api.get("otto", "/rulesets?after=x")).status_code == 422

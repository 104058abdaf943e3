"""Deny by default: every route of the router against every role. A cell that is not named here fails the test."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

ALL = ("otto", "sara", "jana", "shop", "aud")
# Method and path → who gets past the role check; the path's ids name nothing, so past it means 404, 403 not-mine, 422…
MAY: dict[tuple[str, str], set[str]] = {
    ("PUT", "/api/v1/me/presence"): {"jana"},
    ("GET", "/api/v1/offers"): {"jana", "sara"},
    ("POST", "/api/v1/offers/{offer_id}/accept"): {"jana"},
    ("POST", "/api/v1/offers/{offer_id}/decline"): {"jana"},
    ("GET", "/api/v1/conversations/{conversation_id}"): {"otto", "sara", "jana"},
    ("POST", "/api/v1/conversations/{conversation_id}/messages"): {"jana"},
    ("POST", "/api/v1/conversations/{conversation_id}/complete"): {"jana"},
    ("POST", "/api/v1/conversations/{conversation_id}/assign"): {"sara"},
    ("POST", "/api/v1/conversations/{conversation_id}/requeue"): {"sara"},
    ("GET", "/api/v1/decisions/{decision_id}"): {"otto", "sara", "jana", "aud"},
    ("GET", "/api/v1/agents"): {"otto", "sara", "aud"},
    ("GET", "/api/v1/agents/{agent_id}"): {"otto", "sara", "aud"},
    ("PUT", "/api/v1/agents/{agent_id}"): {"otto"},
    ("GET", "/api/v1/rulesets"): {"otto", "sara", "aud"},
    ("GET", "/api/v1/rulesets/live"): {"otto", "sara", "aud"},
    ("GET", "/api/v1/rulesets/{version}"): {"otto", "sara", "aud"},
    ("POST", "/api/v1/rulesets"): {"otto"},
    ("POST", "/api/v1/rulesets/{version}/publish"): {"otto"},
    ("GET", "/api/v1/quarantine"): {"otto", "sara", "aud"},
    ("GET", "/api/v1/quarantine/{record_id}"): {"otto", "sara", "aud"},
    ("PUT", "/api/v1/quarantine/{record_id}/fix"): {"otto"},
    ("POST", "/api/v1/quarantine/{record_id}/replay"): {"otto"},
    ("POST", "/api/v1/quarantine/replay"): {"otto"},
    ("GET", "/api/v1/parked"): {"otto", "sara", "aud"},
}
BODIES: dict[str, Any] = {
    "presence": {"state": "away"},
    "decline": {"reason": "other"},
    "messages": {"text": "x"},
    "complete": {"outcome": "resolved"},
    "assign": {"agent_id": str(uuid4())},
    "{agent_id}": {"skills": {}, "capacity": 1},
}


async def test_every_route_has_its_row(api: Any) -> None:
    paths = {
        (method.upper(), path)
        for path, methods in api.app.openapi()["paths"].items()
        for method in methods
        if path.startswith("/api/v1/")
    }
    assert paths == set(MAY)


@pytest.mark.parametrize(("method", "path"), list(MAY), ids=str)
async def test_only_the_named_roles_get_past(api: Any, jana: UUID, method: str, path: str) -> None:
    body = BODIES.get(path.rsplit("/", 1)[-1], {})
    filled = path.removeprefix("/api/v1").replace("{version}", "77")
    for name in ("offer_id", "conversation_id", "decision_id", "agent_id", "record_id"):
        filled = filled.replace("{" + name + "}", str(uuid4()))
    given = {} if method == "GET" else {"json": body}
    assert (await api.ask(method, None, filled, **given)).status_code == 401
    for who in ALL:
        answer = await api.ask(method, who, filled, **given)
        code = answer.json().get("code") if answer.status_code >= 400 else None
        assert (code != "forbidden") == (who in MAY[method, path]), (who, answer.status_code, code)
        assert answer.status_code < 500

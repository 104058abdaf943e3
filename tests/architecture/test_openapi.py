"""The committed API document is the one that the routes make: a changed API shows in review."""

from __future__ import annotations

import json
from pathlib import Path

from services.bootstrap import describe_api

COMMITTED = Path("services/router/console/openapi.json")


def test_the_committed_document_is_up_to_date():
    assert json.loads(COMMITTED.read_text("utf-8")) == json.loads(json.dumps(describe_api())), "run `make openapi`"

"""The proxy makes one address of three services: each path goes to the service that serves it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from services import bootstrap
from services.bootstrap import CLASSIFIER, INGEST, ROUTER, Built, Parts, build_app, describe_api
from shared.http.body import LARGEST
from shared.settings import ChannelsFile, ChatSite, Settings, load
from tests.deploy.files import NGINX, ROOT, location_of, upstreams

WIDGET = ROOT / "services" / "ingest" / "widget"
PAGES = {
    "/chat-demo": INGEST,
    "/chat/widget.js": INGEST,
    "/chat/demo.css": INGEST,
    "/": ROUTER,
    "/livez": ROUTER,
    "/readyz": ROUTER,
    "/api/docs": ROUTER,
    "/openapi.json": ROUTER,
    "/asyncapi.yaml": ROUTER,
}


@cache
def services() -> Mapping[str, Built]:
    """The three services as they would run apart; nothing of them is started."""
    nowhere: Any = None
    settings = Settings(data_dir=Path(), mail_dir=Path())
    parts = Parts(settings=settings, database_url="postgresql://nowhere", pool=nowhere)
    demo = ChannelsFile(chat=[ChatSite(site="demo")])
    return {
        INGEST: bootstrap.build_ingest(parts, demo),
        CLASSIFIER: bootstrap.build_classifier(parts, nowhere),
        ROUTER: bootstrap.build_router(parts),
    }


def app_of(service: str) -> Any:
    """What ``service`` serves when it runs apart."""
    nowhere: Any = None
    settings = Settings(data_dir=Path(), mail_dir=Path())
    parts = Parts(settings=settings, database_url="postgresql://nowhere", pool=nowhere)
    return build_app(parts, [services()[service]])


@pytest.mark.parametrize("service", [INGEST, CLASSIFIER, ROUTER])
def test_every_path_of_the_api_goes_to_the_service_that_serves_it(service: str) -> None:
    paths = [re.sub(r"\{\w+\}", "x", path) for path in app_of(service).openapi()["paths"]]
    assert paths
    assert {path: location_of(path).service for path in paths} == dict.fromkeys(paths, service)


def test_the_services_apart_serve_all_of_the_api() -> None:
    apart = [path for service in services() for path in app_of(service).openapi()["paths"]]
    assert sorted(apart) == sorted(describe_api()["paths"])


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_goes_to_the_service_that_serves_it(path: str) -> None:
    service = location_of(path).service
    assert service == PAGES[path]
    transport = httpx.ASGITransport(app_of(service))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        assert (await client.get(path)).status_code not in {404, 405}


def test_every_file_of_the_demo_page_is_among_them() -> None:
    files = re.findall(r'(?:src|href)="(/[^"]+)"', (WIDGET / "demo.html").read_text("utf-8"))
    assert files
    assert set(files) <= PAGES.keys()


@pytest.mark.parametrize("service", [INGEST, CLASSIFIER, ROUTER])
def test_it_knows_where_each_service_listens(service: str) -> None:
    assert upstreams()[service] == f"{service}:{load({}, apart=service).http_port}"


def test_live_events_are_not_held_back() -> None:
    assert "proxy_buffering off;" in location_of("/api/v1/events").body


def test_a_chat_may_become_a_websocket() -> None:
    assert location_of("/api/v1/chat").service == INGEST
    assert "proxy_set_header Upgrade $upgrade_to;" in NGINX.read_text()
    assert "proxy_set_header" not in location_of("/api/v1/chat").body, "one more would drop those of the server"


def test_the_services_say_themselves_what_is_too_large() -> None:
    (megabytes,) = re.findall(r"client_max_body_size (\d+)m;", NGINX.read_text())
    assert int(megabytes) * 1_000_000 > LARGEST


def test_a_restarted_service_is_found_again() -> None:
    assert "resolver 127.0.0.11 " in NGINX.read_text()
    assert upstreams().keys() == {INGEST, CLASSIFIER, ROUTER, "grafana"}


def test_it_writes_in_memory_only_and_no_addresses_of_customers() -> None:
    text = NGINX.read_text()
    assert re.findall(r"(?:_temp_path|pid) (?!/tmp/)", text) == []
    assert "access_log off;" in text
    assert "error_log /dev/stderr crit;" in text

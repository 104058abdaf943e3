"""The console as it is handed out: compressed, cached for ever below its hashes, under the strict header."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from services.router.console.serve import console_routes


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    (tmp_path / "a" / "x1").mkdir(parents=True)
    (tmp_path / "index.html").write_text("<!doctype html><title>Console</title>")
    (tmp_path / "theme.js").write_text("1")
    (tmp_path / "a" / "x1" / "index.js").write_text("let a = 1;" * 100)
    (tmp_path / ".sources").write_text("hash")
    return tmp_path


async def get(dist: Path, path: str, **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=Starlette(routes=console_routes(dist)))
    async with httpx.AsyncClient(transport=transport, base_url="http://router") as client:
        return await client.get(path, headers=headers)


@pytest.mark.parametrize("path", ["/", "/console"])
async def test_the_root_leads_to_the_console(dist: Path, path: str) -> None:
    answer = await get(dist, path)
    assert (answer.status_code, answer.headers["location"]) == (307, "/console/")


@pytest.mark.parametrize(
    "path", ["/console/", "/console/desk/4711", "/console/live?queues=-waiting", "/console/no-such"]
)
async def test_every_page_is_the_shell_and_is_asked_for_again(dist: Path, path: str) -> None:
    answer = await get(dist, path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert "<title>Console</title>" in answer.text


async def test_a_file_below_its_hash_is_compressed_and_kept_for_ever(dist: Path) -> None:
    answer = await get(dist, "/console/a/x1/index.js", **{"accept-encoding": "gzip, br"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.text == "let a = 1;" * 100


async def test_a_client_that_takes_no_gzip_gets_the_plain_file(dist: Path) -> None:
    answer = await get(dist, "/console/a/x1/index.js", **{"accept-encoding": "identity"})
    assert "content-encoding" not in answer.headers
    assert answer.headers["vary"] == "accept-encoding"


async def test_a_part_of_an_older_version_is_not_found_instead_of_being_a_page(dist: Path) -> None:
    assert (await get(dist, "/console/a/old/index.js")).status_code == 404


@pytest.mark.parametrize(
    "path", ["/console/.sources", "/console/../pyproject.toml", "/console/%2e%2e/%2e%2e/etc/passwd"]
)
async def test_nothing_but_the_built_files_is_handed_out(dist: Path, path: str) -> None:
    answer = await get(dist, path)
    assert answer.status_code == 404 or "<title>Console</title>" in answer.text


@pytest.mark.parametrize("path", ["/console/", "/console/theme.js", "/console/a/x1/index.js", "/console/a/old/x.js"])
async def test_each_answer_forbids_inline_scripts_styles_and_other_hosts(dist: Path, path: str) -> None:
    headers = (await get(dist, path)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self';" in policy
    assert "require-trusted-types-for 'script'; trusted-types 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"


async def test_files_are_read_once(dist: Path) -> None:
    routes = console_routes(dist)
    (dist / "index.html").write_text("changed")
    transport = httpx.ASGITransport(app=Starlette(routes=routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://router") as client:
        assert "<title>Console</title>" in (await client.get("/console/")).text


async def test_without_a_build_a_page_says_how_to_make_one(tmp_path: Path) -> None:
    answer = await get(tmp_path / "none", "/console/")
    assert answer.status_code == 503
    assert "make console" in answer.text

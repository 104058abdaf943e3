"""HTML made to hang a parser or to run in a browser. The text view is what agents see."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.case import Case, typed

_SAYS = b"<p>Where is my parcel?</p>"
_PAGES = {
    "script": b"<script>alert(1)</script>",
    "handler": b"<img src=x onerror=alert(1)><svg onload=alert(1)>",
    "scheme": b'<a href="java\tscript:alert(1)">x</a><a href="data:text/html,x">y</a>',
    "mutation": b"<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "math": b"<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style>",
    "template": b"<template><script>alert(1)</script></template><noscript><p title='</noscript><img src=x>'>",
    "remote": b"<img src=http://127.0.0.1:9/t.gif><link rel=stylesheet href=//127.0.0.1:9/c><iframe src=//127.0.0.1:9>",
    "css": b"<style>@import 'http://127.0.0.1:9/x';body{background:url(http://127.0.0.1:9/y)}</style>",
    "open": b"<div><p><b><i><table><tr><td><a href='",
    "entities": b"&#0;&#xD800;&#x110000;&unknown;&amp\r\n" * 50,
}


def cases() -> Iterator[Case]:
    for word, page in _PAGES.items():
        yield _page(f"html-{word}", f"HTML: {word}", _SAYS + page)
    yield _page("html-deep", "100,000 nested tags", _lines(b"<div>", 100_000) + _SAYS)
    attributes = b" \r\n".join(b"a%d=1" % n for n in range(30_000))
    yield _page("html-attributes", "30,000 attributes", b"<p " + attributes + b">Where is my parcel?</p>")
    yield _page("html-tables", "5,000 tables in each other", _lines(b"<table><tr><td>", 5_000) + _SAYS)


def _page(name: str, reason: str, page: bytes) -> Case:
    return Case(name, reason, typed(name, b"text/html; charset=utf-8", b"<html><body>" + page + b"</body></html>\r\n"))


def _lines(tag: bytes, count: int) -> bytes:
    a_line = 800 // len(tag)
    return b"\r\n".join([tag * a_line] * (count // a_line))

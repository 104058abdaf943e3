"""HTML to the text a reader would see: flat lines, nothing hidden, no scripts. Never raises on bad markup."""

from __future__ import annotations

import html as entities
import re

from selectolax.lexbor import LexborHTMLParser

from services.ingest.mail.limits import DEEPEST_HTML, LARGEST_HTML

_UNSEEN = ["script", "style", "head", "template", "noscript", "title", "[hidden]"]
_HIDDEN = '[style*="display:none"], [style*="display: none"]'
_BLOCKS = "p, div, tr, li, h1, h2, h3, h4, h5, h6, blockquote, table, ul, ol, hr, pre"
_ENDLESS_TAG = re.compile(r"<[^<>]{4096,}>")
"""The parser is quadratic in the attributes of a tag; what such a tag shows is no text."""
_TAG = re.compile(r"<[^<>]*>")
_NESTING = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15})")
_VOID = frozenset({"br", "img", "hr", "input", "meta", "link", "area", "base", "col", "source", "wbr", "p", "li"})
_SPACES = re.compile(r"[ \t\r\f\u00a0]+")
_BLANK_LINES = re.compile(r"\n\s*\n\s*")


def to_text(page: str) -> tuple[str, bool]:
    """The text of ``page``, and whether it had to be cut or flattened."""
    cut = _ENDLESS_TAG.sub(" ", page[:LARGEST_HTML])
    if _too_deep(cut):
        return tidy(entities.unescape(_TAG.sub(" ", cut))), True
    if "<pre" not in cut:
        cut = cut.replace("\n", " ")  # a line's end in the source is a space on the screen
    tree = LexborHTMLParser(cut)
    tree.strip_tags(_UNSEEN)
    for node in tree.css(_HIDDEN):
        node.decompose()
    for node in tree.css("br"):
        node.insert_before("\n")
    for node in tree.css(_BLOCKS):
        node.insert_before("\n")
        node.insert_after("\n")
    body = tree.body
    return tidy(body.text(separator="") if body else ""), len(page) > LARGEST_HTML


def tidy(text: str) -> str:
    """``text`` with runs of spaces and blank lines made single."""
    lines = (_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def _too_deep(page: str) -> bool:
    depth = 0
    for found in _NESTING.finditer(page):
        if found[2].lower() in _VOID:
            continue
        depth += -1 if found[1] else 1
        if depth > DEEPEST_HTML:
            return True
    return False

"""Converts HTML mail to text: inscriptis over lxml's tree, after removing elements that a sender could inflate.

The parser cuts the tree below 256 levels, a `style` can ask for megabytes of margin, and a deep tree overflows the
stack. If a mail that has words would come out empty, its text without tags is used instead.
"""

from __future__ import annotations

import re

import lxml.html  # type: ignore[import-untyped]  # it has no types
from inscriptis.html_engine import Inscriptis  # type: ignore[import-untyped]  # it has no types
from lxml.etree import LxmlError  # type: ignore[import-untyped]  # it has no types

MAX_HTML = 200_000
"""Characters of HTML that are read: the worst take two seconds, and a ticket holds 60,000 characters of text."""

MAX_TABLES = 3
"""Levels of nested tables that are laid out as tables: each level lays out its content once more."""

_TABLE = ("table", "tr", "td", "th")
_UNSEEN = ("script", "style", "template", "title", "noscript")
_TAG = re.compile(r"<[^<>]*>")
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^<>]*>", re.IGNORECASE)
_MANY_BREAKS = re.compile(r"\n{3,}")


def text_of(html: str) -> str:
    """Return the text of a page or fragment, without trailing white space, with at most one empty line in a row."""
    html = _XML_DECLARATION.sub("", html[:MAX_HTML].replace("\x00", ""))
    try:
        text = _laid_out(html)
    except (LxmlError, RecursionError, ValueError):
        text = ""
    if not text.strip():
        text = _TAG.sub(" ", html)
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return _MANY_BREAKS.sub("\n\n", lines).strip()


def _laid_out(html: str) -> str:
    if not html.strip():
        return ""
    tree = lxml.html.document_fromstring(html)
    tables: dict[object, int] = {}
    for element in list(tree.iter()):
        element.attrib.pop("style", None)
        tables[element] = tables.get(element.getparent(), 0) + (element.tag == "table")
        if tables[element] > MAX_TABLES and element.tag in _TABLE:
            element.tag = "div"
    for element in list(tree.iter(*_UNSEEN)):
        if element.getparent() is not None:
            element.drop_tree()
    text: str = Inscriptis(tree).get_text()
    return text

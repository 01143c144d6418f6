"""Checks of base URLs, API keys and ids before a request is built, so that no value can change the request."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from tickets.assumptions import IDEMPOTENCY_KEY_PATTERN
from tickets.errors import AskPerson
from tickets.text import clean, cut

MAX_SHOWN = 60  # characters of an id in a message

_VISIBLE = re.compile(r"[\x21-\x7e]+")
_HOST = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?|\[[0-9A-Fa-f:.]+\]")
_IDEMPOTENCY_KEY = re.compile(IDEMPOTENCY_KEY_PATTERN)


def checked_base_url(text: str) -> str:
    """Return the URL without a trailing slash. Raises ValueError unless it is plain http(s)://host[:port][/path]."""
    if not _VISIBLE.fullmatch(text):
        raise ValueError("the base URL must consist of visible ASCII characters (a host name in its xn-- form)")
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https"):
        raise ValueError("the base URL must begin with http:// or https://")
    if parts.username is not None or parts.query or parts.fragment or "?" in text or "#" in text:
        raise ValueError("the base URL must have no user, query or fragment")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    if not _HOST.fullmatch(host) or parts.port == 0:
        raise ValueError("the base URL must name a host")
    return text.rstrip("/")


def checked_key(text: str) -> str:
    """Return the key. Raises ValueError, without the key in its message, if the key cannot be a header value."""
    if not text.strip():
        raise ValueError("the API key must not be blank")
    if not _VISIBLE.fullmatch(text):
        raise ValueError("the API key must consist of visible ASCII characters, without spaces or line ends")
    return text


def segment(identifier: str) -> str:
    """Encode an opaque id as one path segment. Raises AskPerson for an id that would lead to another route."""
    if identifier in ("", ".", "..") or clean(identifier) != identifier:
        raise AskPerson(
            f"{cut(ascii(identifier), MAX_SHOWN)} cannot be used as an id: it would change the URL of the call"
        )
    return quote(identifier, safe="")


def checked_idempotency_key(text: str) -> str:
    """Return the key. Raises ValueError for a key that the service would reject."""
    if not _IDEMPOTENCY_KEY.fullmatch(text):
        raise ValueError("an idempotency key must be 1 to 255 visible ASCII characters")
    return text

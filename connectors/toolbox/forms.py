"""Reads and writes posted forms, in both encodings that browsers and products use. Values are bytes, by name.

The body shows its encoding: `multipart/form-data` begins with its boundary.

Source: RFC 7578; WHATWG URL, section 5.1.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Mapping

from connectors.contract.messages import UnreadableMessage

MAX_FIELDS = 1000
MAX_PART_HEADERS = 8 * 1024  # bytes

_ESCAPE = re.compile(rb"%(?=[0-9A-Fa-f]{2})")
_RESERVED = re.compile(rb"[^A-Za-z0-9._~-]")
_NAME = re.compile(rb'content-disposition:[^\r\n]*?;[ \t]*name="([^"\r\n]{1,200})"', re.IGNORECASE)


def read_form(body: bytes) -> Mapping[str, bytes]:
    """Return the fields of a form. Repeated fields are left out: their value is not certain.

    Raises UnreadableMessage for a body that is not a form, and for too many fields.
    """
    fields: dict[str, bytes] = {}
    repeated: set[str] = set()
    for count, (name, value) in enumerate(_parts(body) if body.startswith(b"--") else _pairs(body), 1):
        if count > MAX_FIELDS:
            raise _too_many()
        if name in fields:
            repeated.add(name)
        fields[name] = value
    return {name: value for name, value in fields.items() if name not in repeated}


def _pairs(body: bytes) -> Iterator[tuple[str, bytes]]:
    if body.count(b"&") > MAX_FIELDS:
        raise _too_many()
    for pair in body.split(b"&"):
        name, equals, value = pair.partition(b"=")
        if equals:
            yield unescaped(name).decode("utf-8", "replace"), unescaped(value)


def unescaped(text: bytes) -> bytes:
    """Decode percent-escapes and leave invalid ones unchanged.

    Quoted-printable differs only in its escape sign and is decoded in C.
    """
    return binascii.a2b_qp(_ESCAPE.sub(b"=", text.replace(b"+", b" ").replace(b"=", b"=3D")))


def _parts(body: bytes) -> Iterator[tuple[str, bytes]]:
    boundary = body.partition(b"\r\n")[0].rstrip()
    if not 3 <= len(boundary) <= 200:
        raise UnreadableMessage("the body is not a form: expected a boundary of 3 to 200 characters in its first line")
    separator = b"\r\n" + boundary
    if body.count(separator) > MAX_FIELDS:
        raise _too_many()
    for part in (b"\r\n" + body).split(separator)[1:]:
        if part.startswith(b"--"):
            return
        headers, blank, value = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        named = _NAME.search(headers[:MAX_PART_HEADERS])
        if blank and named is not None:
            yield named[1].decode("utf-8", "replace"), value
    raise UnreadableMessage("the body is cut off: expected the form's boundary and -- at its end")


def _too_many() -> UnreadableMessage:
    return UnreadableMessage(f"the body has too many fields: expected at most {MAX_FIELDS}")


def form(fields: Mapping[str, str]) -> bytes:
    """Return the fields as `application/x-www-form-urlencoded`."""
    return "&".join(f"{escaped(name)}={escaped(value)}" for name, value in fields.items()).encode()


def escaped(text: str) -> str:
    """Escape text for a form or a URL path (RFC 3986, section 2.1); connectors import no urllib."""
    return escaped_bytes(text.encode()).decode()


def escaped_bytes(value: bytes) -> bytes:
    """Escape bytes for a form."""
    return _RESERVED.sub(lambda match: b"%%%02X" % match[0][0], value)

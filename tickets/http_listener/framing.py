"""Refuses heads of requests, beyond what the parser refuses.

Two servers that read one stream of bytes differently can be made to see different requests (request smuggling). So a
head is refused where RFC 9112 leaves a choice, or demands a refusal that the parser (llhttp, strict) leaves to us. The
parser itself refuses bare line feeds and carriage returns, folded headers, white space before the colon, control
characters, lengths and chunk sizes that are not numbers, two lengths, and a length beside a transfer coding.

    refused                                              status
    CONNECT                                              501
    a version other than HTTP/1.0 and HTTP/1.1           505
    HTTP/1.1 without Host, two Hosts, no host's name     400
    a length that is not a number, or two of them        400
    a transfer coding beside a length, or in HTTP/1.0    400
    a transfer coding other than `chunked`               501
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tickets.http_listener.refusals import Refusal

VERSIONS = ("1.0", "1.1")
_LENGTH = re.compile(rb"[0-9]{1,19}")
_HOST = re.compile(rb"[A-Za-z0-9._~!$&'()*+;=%:\[\]-]*")

Headers = Sequence[tuple[bytes, bytes]]
"""Names in lower case, and values without white space around them."""


def refusal_of(method: bytes, version: str, headers: Headers) -> Refusal | None:
    """Return why a head is refused; None for one that is read on."""
    if version not in VERSIONS:
        return Refusal(505, "The version of HTTP is not supported: expected HTTP/1.1.")
    if method == b"CONNECT":
        return Refusal(501, "CONNECT is not supported: this is not a proxy.")
    found: dict[bytes, list[bytes]] = {b"host": [], b"content-length": [], b"transfer-encoding": []}
    for name, value in headers:
        if name in found:
            found[name].append(value)
    hosts, lengths, codings = found.values()
    if len(hosts) > 1 or (not hosts and version != "1.0"):
        return Refusal(400, f"The request has {len(hosts)} Host headers: expected one.")
    if hosts and not _HOST.fullmatch(hosts[0]):
        return Refusal(400, "The header Host is not the name of a host.")
    return _of_the_length(version, lengths, codings)


def _of_the_length(version: str, lengths: list[bytes], codings: list[bytes]) -> Refusal | None:
    if len(lengths) > 1:
        return Refusal(400, "The request has several Content-Length headers: expected one.")
    if lengths and not _LENGTH.fullmatch(lengths[0]):
        return Refusal(400, "The header Content-Length is not a number.")
    if lengths and codings:
        return Refusal(400, "The request has a Content-Length and a Transfer-Encoding: expected one of them.")
    if codings and version == "1.0":
        return Refusal(400, "HTTP/1.0 has no Transfer-Encoding: send a Content-Length.")
    if codings and [each.lower() for each in codings] != [b"chunked"]:
        return Refusal(501, "The Transfer-Encoding is not supported: expected chunked.")
    return None


def body_of(headers: Headers) -> bytes | None:
    """Return the header that says where the body of a request ends, as a line; None: the request has no body."""
    for name, value in headers:
        if name == b"transfer-encoding" or (name == b"content-length" and int(value)):
            return name + b": " + value
    return None

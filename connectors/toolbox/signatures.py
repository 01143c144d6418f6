"""Checks of credentials and signatures over bytes. Every malformed header is a denial, never an exception.

Bytes are compared in constant time, and every secret is always tried, so the time taken does not reveal which of two
secrets is the current one. Reasons never hold the offered credential.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

from pydantic import StringConstraints

from connectors.contract.messages import Denied, Inbound

Username = Annotated[str, StringConstraints(pattern=r"^[^:\x00-\x1f\x7f]*[^:\s\x00-\x1f\x7f]$")]
"""The name of Basic authentication; it holds no colon (RFC 7617)."""

HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")]
"""The name of a header (RFC 9110, section 5.1)."""

MAX_HEADER = 8 * 1024
"""Maximum length of a credential; no sender has a longer one."""

SECRET_PARAMETER = "secret"  # noqa: S105 — the parameter's name in a URL
"""The name of the secret in the query of a URL, for senders that can set neither header nor signature."""

_SHA256_HEX = re.compile(r"[0-9a-f]{64}")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_SECONDS = re.compile(r"[0-9]{1,11}")  # `str.isdigit` and `int` take digits of other scripts too


def authorize(inbound: Inbound, secrets: Iterable[bytes], username: str | None = None) -> Denied | None:
    """Return None if the Authorization header holds one of the secrets, else the denial.

    `Bearer SECRET` always counts; `Basic` with the secret as the password only if there is a `username`.
    """
    header = inbound.header("authorization")
    if header is None:
        return absent("Authorization")
    if len(header) > MAX_HEADER:
        return too_long("Authorization")
    try:
        scheme, _, credentials = header.encode("latin-1").strip().partition(b" ")
    except UnicodeEncodeError:
        return not_latin("Authorization")
    match scheme.lower():
        case b"bearer":
            return _check(credentials.strip(), secrets, "the secret in the header Authorization")
        case b"basic" if username is not None:
            return _check_basic(credentials.strip(), secrets, username)
        case b"basic":
            return Denied("the header Authorization is Basic: expected Bearer, since the source has no username")
        case _:
            accepted = "Bearer" if username is None else "Bearer or Basic"
            return Denied(f"the header Authorization has another scheme: expected {accepted}")


def bearer(secret: bytes) -> dict[str, str]:
    """Return the header for `Bearer`, decoded as Latin-1 like all headers."""
    return {"Authorization": f"Bearer {secret.decode('latin-1')}"}


def basic(username: str, secret: bytes) -> dict[str, str]:
    """Return the header for `Basic`."""
    return {"Authorization": f"Basic {base64.b64encode(username.encode() + b':' + secret).decode()}"}


def proof(secret: bytes, username: str | None) -> dict[str, str]:
    """Return the header that `authorize` accepts: `Basic` if there is a username, else `Bearer`."""
    return bearer(secret) if username is None else basic(username, secret)


def authorize_by_url(inbound: Inbound, secrets: Iterable[bytes], username: str | None = None) -> Inbound | Denied:
    """Return the inbound if `authorize` accepts it, or if the query of its URL has one of the secrets as `secret`.

    The returned inbound, which is stored, has no secret in its query.
    """
    pairs = [(pair, *pair.partition("=")) for pair in inbound.query.split("&")]
    offered = [value for _, name, _, value in pairs if name == SECRET_PARAMETER]
    if not offered:
        return authorize(inbound, secrets, username) or inbound
    if len(offered) > 1 or len(offered[0]) > MAX_HEADER:
        return Denied(
            f"the secret in the URL is repeated or too long: expected it once, in at most {MAX_HEADER} characters"
        )
    if denied := _check(_unquoted(offered[0]), secrets, "the secret in the URL"):
        return denied
    rest = "&".join(pair for pair, name, _, _ in pairs if name != SECRET_PARAMETER)
    return replace(inbound, query=rest)


def is_one_of(offered: bytes, secrets: Iterable[bytes]) -> bool:
    """True if `offered` is one of the secrets. A blank secret never matches."""
    # A list, not a generator: `any` over a generator would stop at the first match.
    matches = [hmac.compare_digest(offered, secret) for secret in secrets if secret.strip()]
    return any(matches)


def hmac_sha256(secret: bytes, *parts: bytes) -> bytes:
    """Return the HMAC-SHA256 (32 bytes) of the concatenated parts."""
    state = hmac.new(secret, digestmod=hashlib.sha256)
    for part in parts:
        state.update(part)
    return state.digest()


def is_hmac(offered: bytes, secrets: Iterable[bytes], *parts: bytes) -> bool:
    """True if `offered` is the HMAC-SHA256 of the parts with one of the secrets. A blank secret never matches."""
    matches = [hmac.compare_digest(offered, hmac_sha256(secret, *parts)) for secret in secrets if secret.strip()]
    return any(matches)


def read_hex(text: str) -> bytes | None:
    """Return the 32 bytes that 64 hex digits in lower case stand for; None for anything else."""
    return bytes.fromhex(text) if _SHA256_HEX.fullmatch(text) else None


def seconds(timestamp: str) -> datetime | None:
    """Return the time given in whole seconds since 1970; None for anything else."""
    if not _SECONDS.fullmatch(timestamp):
        return None
    return datetime.fromtimestamp(int(timestamp), UTC)


def stale(timestamp: str, now: datetime, leeway: float) -> Denied | None:
    """Return None for a time in whole seconds since 1970 within `leeway` seconds of `now`, else the denial."""
    if not _SECONDS.fullmatch(timestamp):
        return Denied("the signed timestamp is not a number: expected whole seconds since 1970", "bad_time")
    distance = now.timestamp() - int(timestamp)
    if abs(distance) > leeway:
        return Denied(
            f"the signed timestamp is {abs(distance):.0f} s {'old' if distance > 0 else 'ahead'}: "
            f"expected at most {leeway:g} s; compare the clocks",
            "bad_time",
        )
    return None


def late(sent: datetime, now: datetime, after: float, where: str) -> str | None:
    """Return why a person must decide about a genuine message sent more than `after` seconds ago, else None.

    This is for platforms that deliver a message again for hours: a denial would lose it. `where` names the time's
    place.
    """
    hours = (now - sent).total_seconds() / 3600
    if hours * 3600 <= after:
        return None
    return (
        f"{where} is {sent.isoformat(timespec='seconds')}, so the message is genuine, but was sent "
        f"{round(hours, 1):g} h ago: expected at most {after / 3600:g} h"
    )


def absent(header: str) -> Denied:
    """Return the denial for a header that is missing or repeated."""
    return Denied(f"the header {header} is missing or repeated: expected it once")


def too_long(header: str) -> Denied:
    """Return the denial for a header that is longer than any credential."""
    return Denied(f"the header {header} is too long: expected at most {MAX_HEADER} characters")


def not_latin(header: str) -> Denied:
    """Return the denial for a header with characters that HTTP cannot carry."""
    return Denied(f"the header {header} holds characters outside Latin-1: expected only those that HTTP allows")


def mismatch(what: str) -> Denied:
    """Return the denial for a credential that none of the source's secrets explains. `what` names its place."""
    return Denied(f"{what} does not match: compare the source's secret with the sender's")


def _check(offered: bytes, secrets: Iterable[bytes], what: str) -> Denied | None:
    return None if is_one_of(offered, secrets) else mismatch(what)


def _unquoted(text: str) -> bytes:
    """Decode a value of a query to bytes (WHATWG URL, percent-decode); invalid escapes stay unchanged."""
    plain = text.replace("+", " ").encode("utf-8", "replace")
    return _ESCAPE.sub(lambda match: bytes.fromhex(match[1].decode()), plain)


def _check_basic(credentials: bytes, secrets: Iterable[bytes], username: str) -> Denied | None:
    try:
        offered = base64.b64decode(credentials, validate=True)
    except binascii.Error:
        return Denied("the credentials in the header Authorization are not Base64: expected those of Basic")
    # A username holds no colon, so the whole pair can be compared at once.
    prefix = username.encode() + b":"
    pairs = [prefix + secret for secret in secrets if secret.strip()]
    return _check(offered, pairs, "the username or password in the header Authorization")

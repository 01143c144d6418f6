"""Did the sender know the secret? Checks over bytes; every malformed header is a denial, never an exception.

Bytes are compared in constant time, and every secret is tried whatever the first one said: the time taken
tells nobody which of two secrets is the current one. Reasons never hold what was offered.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterable

from connectors.base import Denied, Inbound

MAX_HEADER = 8 * 1024
"""Bytes of a credential that are looked at; no sender has a longer one."""


def authorize(inbound: Inbound, secrets: Iterable[bytes], username: str | None = None) -> Denied | None:
    """None where the Authorization header holds one of the secrets, else why not.

    `Bearer SECRET` always counts; `Basic` with the secret as the password only where there is a `username`.
    """
    header = inbound.header("authorization")
    if header is None:
        return Denied("the Authorization header is missing or repeated")
    if len(header) > MAX_HEADER:
        return Denied(f"the Authorization header has more than {MAX_HEADER} characters")
    try:
        scheme, _, credentials = header.encode("latin-1").strip().partition(b" ")
    except UnicodeEncodeError:
        return Denied("the Authorization header holds characters that no HTTP header can")
    match scheme.lower():
        case b"bearer":
            return _check(credentials.strip(), secrets)
        case b"basic" if username is not None:
            return _check_basic(credentials.strip(), secrets, username)
        case b"basic":
            return Denied("Basic credentials, and no username is configured")
        case _:
            return Denied("the Authorization header has a scheme that is not accepted")


def bearer(secret: bytes) -> dict[str, str]:
    """The header for `Bearer`; its value decoded as Latin-1, as headers are."""
    return {"Authorization": f"Bearer {secret.decode('latin-1')}"}


def basic(username: str, secret: bytes) -> dict[str, str]:
    """The header for `Basic`."""
    return {"Authorization": f"Basic {base64.b64encode(username.encode() + b':' + secret).decode()}"}


def is_one_of(offered: bytes, secrets: Iterable[bytes]) -> bool:
    """True where `offered` is one of the secrets; a blank one never is."""
    # A list, not a generator: `any` over a generator would stop at the first match.
    matches = [hmac.compare_digest(offered, secret) for secret in secrets if secret.strip()]
    return any(matches)


def _check(offered: bytes, secrets: Iterable[bytes]) -> Denied | None:
    return None if is_one_of(offered, secrets) else Denied("the credential is wrong")


def _check_basic(credentials: bytes, secrets: Iterable[bytes], username: str) -> Denied | None:
    try:
        offered = base64.b64decode(credentials, validate=True)
    except binascii.Error:
        return Denied("the Basic credentials are not Base64")
    # A username holds no colon, so the whole pair can be compared at once.
    prefix = username.encode() + b":"
    return _check(offered, [prefix + secret for secret in secrets if secret.strip()])

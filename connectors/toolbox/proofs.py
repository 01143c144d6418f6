"""Proofs of a sender's identity that several kinds share, as data: `Connector(…, proof=Bearer())`.

Each is a `connectors.contract.connector.Proof`: `verify` and `sign` over the settings of a source. `verify` accepts
both secrets of a source; `sign` uses the current one. A secret in the URL is removed by `verify`, and the headers that
`credentials` names are removed before the inbound is stored. The checks over bytes are in `signatures`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from connectors.contract.connector import Proof
from connectors.contract.messages import Denied, Inbound, Keys, Verified
from connectors.contract.settings import SourceSettings
from connectors.toolbox.signatures import (
    MAX_HEADER,
    absent,
    authorize,
    authorize_by_url,
    hmac_sha256,
    is_hmac,
    is_one_of,
    mismatch,
    not_latin,
    proof,
    read_hex,
    stale,
    too_long,
)

S = TypeVar("S", bound=SourceSettings)
K = TypeVar("K")

AUTHORIZATION = "Authorization"
LEEWAY_S = 300
"""Seconds by which a signed timestamp may differ from now, in both directions."""


class HasSecrets(Protocol):
    """Settings with the secrets of a sender, the current one first."""

    @property
    def secrets(self) -> tuple[bytes, ...]: ...


class HasUsername(HasSecrets, Protocol):
    """Settings with an optional username for `Basic`."""

    @property
    def username(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Bearer:
    """`Authorization: Bearer SECRET`."""

    in_url: bool = False
    """Also accept `?secret=SECRET` in the URL. The secret is taken out of the query before the delivery is stored."""

    def verify(self, inbound: Inbound, settings: HasSecrets, _now: datetime, _keys: Keys) -> Verified | Denied:
        return _authorized(inbound, settings.secrets, None, in_url=self.in_url)

    def sign(self, _body: bytes, settings: HasSecrets, _now: datetime) -> dict[str, str]:
        return proof(settings.secrets[0], None)

    def credentials(self, _settings: object) -> tuple[str, ...]:
        return (AUTHORIZATION,)


@dataclass(frozen=True, slots=True)
class Basic:
    """`Authorization: Bearer SECRET`; or `Basic` with the secret as the password, if a username is configured."""

    in_url: bool = False
    """Also accept `?secret=SECRET` in the URL. The secret is taken out of the query before the delivery is stored."""

    def verify(self, inbound: Inbound, settings: HasUsername, _now: datetime, _keys: Keys) -> Verified | Denied:
        return _authorized(inbound, settings.secrets, settings.username, in_url=self.in_url)

    def sign(self, _body: bytes, settings: HasUsername, _now: datetime) -> dict[str, str]:
        return proof(settings.secrets[0], settings.username)

    def credentials(self, _settings: object) -> tuple[str, ...]:
        return (AUTHORIZATION,)


@dataclass(frozen=True, slots=True)
class Token:
    """The secret itself in a header of the sender's own. The header is not stored."""

    header: str

    def verify(self, inbound: Inbound, settings: HasSecrets, _now: datetime, _keys: Keys) -> Verified | Denied:
        token = inbound.header(self.header)
        if token is None:
            return absent(self.header)
        if len(token) > MAX_HEADER:
            return too_long(self.header)
        try:
            offered = token.encode("latin-1")
        except UnicodeEncodeError:
            return not_latin(self.header)
        if not is_one_of(offered, settings.secrets):
            return mismatch(f"the header {self.header}")
        kept = tuple(each for each in inbound.headers if each[0] != self.header.lower())
        return Verified(replace(inbound, headers=kept))

    def sign(self, _body: bytes, settings: HasSecrets, _now: datetime) -> dict[str, str]:
        return {self.header: settings.secrets[0].decode("latin-1")}

    def credentials(self, _settings: object) -> tuple[str, ...]:
        return (self.header,)


@dataclass(frozen=True, slots=True)
class Hmac(Generic[S]):
    """HMAC-SHA256 of the raw body in hex; with a signed timestamp, of the timestamp, a colon and the body."""

    header: str | Callable[[S], str]
    prefix: str = ""
    """Text before the digits, such as `sha256=`."""
    prefix_optional: bool = False
    timestamp: Callable[[S], str | None] = lambda _settings: None
    """The header with the time in seconds since 1970, valid for `LEEWAY_S`. None: no signed time."""
    keys: Callable[[S], tuple[bytes, ...]] = lambda settings: settings.secrets
    """The keys for signatures, the current key first."""

    def verify(self, inbound: Inbound, settings: S, now: datetime, _keys: Keys) -> Verified | Denied:
        before, timestamp_header = b"", self.timestamp(settings)
        if timestamp_header is not None:
            timestamp = inbound.header(timestamp_header)
            if timestamp is None:
                return absent(timestamp_header)
            if denied := stale(timestamp, now, LEEWAY_S):
                return denied
            before = f"{timestamp}:".encode()
        header = self._header(settings)
        signature = inbound.header(header)
        if signature is None:
            return absent(header)
        needed = "" if self.prefix_optional else self.prefix
        offered = read_hex(signature.removeprefix(self.prefix)) if signature.startswith(needed) else None
        if offered is None:
            return Denied(f"the header {header} is malformed: expected {needed or self.prefix}HEX, an HMAC-SHA256")
        if not is_hmac(offered, self.keys(settings), before, inbound.body):
            return mismatch(f"the signature in the header {header}")
        return Verified(inbound)

    def sign(self, body: bytes, settings: S, now: datetime) -> dict[str, str]:
        key, header = self.keys(settings)[0], self._header(settings)
        timestamp_header = self.timestamp(settings)
        if timestamp_header is None:
            return {header: self.prefix + hmac_sha256(key, body).hex()}
        timestamp = str(int(now.timestamp()))
        signature = self.prefix + hmac_sha256(key, f"{timestamp}:".encode(), body).hex()
        return {timestamp_header: timestamp, header: signature}

    def credentials(self, settings: S) -> tuple[str, ...]:
        return (self._header(settings),)

    def _header(self, settings: S) -> str:
        return self.header if isinstance(self.header, str) else self.header(settings)


@dataclass(frozen=True, slots=True)
class Chosen(Generic[S, K]):
    """The one proof that a setting selects."""

    by: Callable[[S], K]
    of: Mapping[K, Proof[S]]

    def verify(self, inbound: Inbound, settings: S, now: datetime, keys: Keys) -> Verified | Denied:
        return self.of[self.by(settings)].verify(inbound, settings, now, keys)

    def sign(self, body: bytes, settings: S, now: datetime) -> dict[str, str]:
        return self.of[self.by(settings)].sign(body, settings, now)

    def credentials(self, settings: S) -> tuple[str, ...]:
        return self.of[self.by(settings)].credentials(settings)


def _authorized(
    inbound: Inbound, secrets: tuple[bytes, ...], username: str | None, *, in_url: bool
) -> Verified | Denied:
    if not in_url:
        return authorize(inbound, secrets, username) or Verified(inbound)
    passed = authorize_by_url(inbound, secrets, username)
    return passed if isinstance(passed, Denied) else Verified(passed)

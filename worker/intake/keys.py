"""Calls to senders: fetch the certificates of their signatures, and confirm subscriptions.

The calls use HTTPS only, on hosts of the kind (`Outside.hosts`), without following redirects, and never take more than
256 KiB or a few seconds. Any other URL is refused before a request is made. A certificate is kept for an hour, or as
long as the kind demands; a missing one is remembered for a minute. A key set that lacks a key is fetched again, but not
twice in five minutes: a stranger can name any key.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import structlog

from connectors.contract.connector import Outside
from connectors.contract.messages import Inbound, Keys
from connectors.contract.settings import SourceSettings

log = structlog.get_logger()

AGAIN_S = 300.0
ABSENT_S = 60.0
DEADLINE_S = 5.0  # of one call, including the wait for another one
MAX_BYTES = 256 * 1024
MAX_KEPT = 50


class Refused(Exception):
    """The URL must not be called."""


class Unreachable(Exception):
    """No usable answer came in time; the same call may succeed later."""


@dataclass(slots=True)
class _Kept:
    """A fetched certificate or key set."""

    until: float
    found: bytes | None
    """None: there is none at the URL."""
    again_at: float
    """A key set that lacks a key is not fetched again before this time."""


class Keyring:
    """Fetches and keeps the certificates of senders. One call is under way at a time."""

    def __init__(
        self, transport: httpx.BaseTransport | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._calling = threading.Lock()

    def keys(self, outside: Outside[Any], inbound: Inbound, settings: SourceSettings) -> Keys:
        """Return the certificates for verifying this inbound, by URL; missing ones are left out.

        Raises Unreachable.
        """
        found = {}
        for url in outside.keys(inbound, settings):
            try:
                key = self._key(outside, url, inbound)
            except Refused as error:
                log.warning("keys.refused", source=inbound.source, reason=str(error))
                continue
            if key is not None:
                found[url] = key
        return found

    def confirm(self, outside: Outside[Any], url: str) -> None:
        """Call the URL. Raises Refused, or Unreachable for any answer but 2xx."""
        _allowed(outside, url)
        status, _ = self._call(url)
        if not 200 <= status < 300:
            raise Unreachable(f"the confirmation of the subscription was answered {status}")

    def _key(self, outside: Outside[Any], url: str, inbound: Inbound) -> bytes | None:
        _allowed(outside, url)
        kept, now = self._kept.get(url), self._clock()
        if kept is None or now >= kept.until:
            return self._fetch(outside, url)
        if kept.found is None or now < kept.again_at or not outside.lacks(inbound, kept.found):
            return kept.found
        kept.again_at = now + AGAIN_S  # before the call, so that concurrent callers make none
        try:
            renewed = self._fetch(outside, url)
        except Unreachable as error:
            log.warning("keys.not_renewed", source=inbound.source, reason=str(error))
            renewed = None
        if renewed is None:
            self._kept[url] = kept
        return renewed or kept.found

    def _fetch(self, outside: Outside[Any], url: str) -> bytes | None:
        status, body = self._call(url)
        if status == 200:
            self._keep(url, outside.kept_s, body)
            return body
        if 400 <= status < 500 and status != 429:
            self._keep(url, ABSENT_S, None)
            return None
        raise Unreachable(f"the host of the certificate answered {status}")

    def _keep(self, url: str, seconds: float, found: bytes | None) -> None:
        self._kept.pop(url, None)
        while len(self._kept) >= MAX_KEPT:
            self._kept.pop(next(iter(self._kept)), None)
        now = self._clock()
        self._kept[url] = _Kept(now + seconds, found, now + AGAIN_S)

    def _call(self, url: str) -> tuple[int, bytes]:
        """Return status and body of one GET. Raises Unreachable."""
        if not self._calling.acquire(timeout=DEADLINE_S):
            raise Unreachable("another call of this kind takes too long")
        try:
            return self._get(url)
        except httpx.HTTPError as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from error
        finally:
            self._calling.release()

    def _get(self, url: str) -> tuple[int, bytes]:
        end = self._clock() + DEADLINE_S
        client = httpx.Client(
            transport=self._transport, timeout=DEADLINE_S, follow_redirects=False, trust_env=False, max_redirects=0
        )
        body = bytearray()
        with client, client.stream("GET", url, headers={"Accept-Encoding": "identity"}) as answer:
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise Unreachable("the answer is compressed, although the request forbade that")
            for part in answer.iter_bytes():
                body += part
                if len(body) > MAX_BYTES:
                    raise Unreachable(f"the answer has more than {MAX_BYTES} bytes")
                if self._clock() > end:
                    raise Unreachable(f"the answer took more than {DEADLINE_S:g} s")
            return answer.status_code, bytes(body)


def _allowed(outside: Outside[Any], url: str) -> None:
    """Raise Refused for a URL that is not plain HTTPS on one of the kind's hosts."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        raise Refused("the address is not a URL") from None
    if parsed.scheme != "https" or parsed.port is not None or parsed.userinfo:
        raise Refused("the URL is not https:// without port and user")
    if not outside.hosts.fullmatch(parsed.host):
        raise Refused("the host of the URL does not belong to the sender")

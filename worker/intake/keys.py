"""Calls to senders: fetch the certificates of their signatures, and confirm subscriptions.

The calls use HTTPS only, on hosts of the kind (`Outside.hosts`), without following redirects, and never take more than
256 KiB or a few seconds. Any other URL is refused before a request is made. A certificate is kept for an hour, or as
long as the kind demands; a missing one is remembered for a minute, a failure for some seconds. A key set that lacks a
key is fetched again, but not twice in five minutes: a stranger can name any key.

A stranger can name ever new URLs, too. So few calls are under way at once, fewer on one host, and nobody waits for a
place: one call more fails at once, and its sender comes again. A URL that was good before, and a confirmation, have
places of their own. Each call has a thread of its own, since resolving a name can take longer than any deadline.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import structlog

from connectors.contract.connector import Outside
from connectors.contract.messages import Inbound, Keys
from connectors.contract.settings import SourceSettings
from tickets.http_listener import AtMostOncePer
from tickets.transport import trusted_authorities

log = structlog.get_logger()
T = TypeVar("T")

AGAIN_S = 300.0
ABSENT_S = 60.0
FAILED_S = 5.0
DEADLINE_S = 5.0  # of one call
TOLD_EVERY_S = 60.0
MAX_BYTES = 256 * 1024
MAX_KEPT = 50
MAX_REMEMBERED = 1000  # missing certificates, and failures
NEW, KNOWN, CONFIRMATION = "new", "known", "confirmation"
AT_ONCE = {NEW: 4, KNOWN: 4, CONFIRMATION: 4}
"""Calls under way at once, by what is called."""
AT_ONCE_ON_A_HOST = 2
"""Calls of new URLs."""


class Refused(Exception):
    """The URL must not be called."""


class Unreachable(Exception):
    """No usable answer came in time; the same call may succeed later."""


class Busy(Unreachable):
    """The call was not made, because too many are under way."""


Outcome = tuple[int, bytes] | Unreachable
"""Status and body of an answer, or the reason why there is none."""


@dataclass(slots=True)
class _Kept:
    """A fetched certificate or key set."""

    until: float
    found: bytes
    again_at: float
    """A key set that lacks a key is not fetched again before this time."""


class _Remembered:
    """Names until a time, at most `MAX_REMEMBERED` of them."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def add(self, name: str, seconds: float) -> None:
        self._until.pop(name, None)
        if len(self._until) >= MAX_REMEMBERED:
            del self._until[next(iter(self._until))]
        self._until[name] = self._clock() + seconds

    def __contains__(self, name: str) -> bool:
        return self._clock() < self._until.get(name, 0.0)


class Keyring:
    """Fetches and keeps the certificates of senders. Used on one event loop."""

    def __init__(
        self,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._deadline_s = deadline_s
        self._kept: dict[str, _Kept] = {}
        self._missing = _Remembered(clock)
        self._failed = _Remembered(clock)
        self._under_way: dict[str, asyncio.Task[Outcome]] = {}
        self._calls: Counter[str] = Counter()
        """Calls under way, by what is called, and by the host of new URLs."""
        self._unreachable: dict[str, AtMostOncePer] = {}

    async def keys(self, outside: Outside[Any], inbound: Inbound, settings: SourceSettings) -> Keys:
        """Return the certificates for verifying this inbound, by URL; missing ones are left out.

        Raises Unreachable, and logs it.
        """
        found = {}
        for url in outside.keys(inbound, settings):
            try:
                key = await self._key(outside, url, inbound)
            except Refused as error:
                log.warning("keys.refused", source=inbound.source, reason=str(error))
                continue
            except Unreachable as error:
                self._tell_unreachable(inbound.source, str(error))
                raise
            if key is not None:
                found[url] = key
        return found

    async def confirm(self, outside: Outside[Any], url: str) -> None:
        """Call the URL. Raises Refused, or Unreachable for any answer but 2xx."""
        _host(outside, url)
        status, _ = await self._call(url, CONFIRMATION, "", lambda _: None)
        if not 200 <= status < 300:
            raise Unreachable(f"the confirmation of the subscription was answered {status}")

    async def _key(self, outside: Outside[Any], url: str, inbound: Inbound) -> bytes | None:
        host = _host(outside, url)
        kept, now = self._kept.get(url), self._clock()
        if url in self._missing:
            return None
        if kept is None or now >= kept.until:
            return await self._fetch(outside, url, host)
        if now < kept.again_at or not outside.lacks(inbound, kept.found):
            return kept.found
        kept.again_at = now + AGAIN_S  # before the call, so that concurrent callers make none
        try:
            return await self._fetch(outside, url, host) or kept.found
        except Unreachable as error:
            log.warning("keys.not_renewed", source=inbound.source, reason=str(error))
            return kept.found

    async def _fetch(self, outside: Outside[Any], url: str, host: str) -> bytes | None:
        """Return what is at the URL; None if there is nothing. Raises Unreachable."""
        is_known = url in self._kept
        if url in self._failed or (host in self._failed and not is_known):
            raise Unreachable("the host of the certificate failed a moment ago")

        def remember(outcome: Outcome) -> None:
            self._remember(outside, url, host, outcome)

        try:
            status, body = await self._call(url, *((KNOWN, "") if is_known else (NEW, host)), remember)
        except Busy:
            raise
        except Unreachable:
            self._mark_failed(url, host)  # also where the deadline has passed, and the call goes on
            raise
        if _is_failure(status):
            raise Unreachable(f"the host of the certificate answered {status}")
        return body if status == 200 else None

    def _remember(self, outside: Outside[Any], url: str, host: str, outcome: Outcome) -> None:
        if isinstance(outcome, Unreachable) or _is_failure(outcome[0]):
            self._mark_failed(url, host)
        elif outcome[0] == 200:
            self._keep(url, outside.kept_s, outcome[1])
        elif (kept := self._kept.get(url)) is None or self._clock() >= kept.until:
            self._missing.add(url, ABSENT_S)

    def _mark_failed(self, url: str, host: str) -> None:
        self._failed.add(url, FAILED_S)
        self._failed.add(host, FAILED_S)

    def _keep(self, url: str, seconds: float, found: bytes) -> None:
        self._kept.pop(url, None)
        while len(self._kept) >= MAX_KEPT:
            self._kept.pop(next(iter(self._kept)), None)
        now = self._clock()
        self._kept[url] = _Kept(now + seconds, found, now + AGAIN_S)

    async def _call(self, url: str, kind: str, host: str, remember: Callable[[Outcome], None]) -> tuple[int, bytes]:
        """Return status and body of one GET. A call of the same URL that is under way is shared. Raises Unreachable.

        `remember` is called with the outcome before anybody can make the next call.
        """
        task = self._under_way.get(url)
        if task is None:
            if self._calls[kind] >= AT_ONCE[kind] or (host and self._calls[host] >= AT_ONCE_ON_A_HOST):
                raise Busy("too many calls of this kind are under way")
            self._calls.update((kind, host))
            task = self._under_way[url] = asyncio.create_task(self._called(url, (kind, host), remember))
        try:
            async with asyncio.timeout(self._deadline_s):
                outcome = await asyncio.shield(task)
        except TimeoutError:
            raise Unreachable(f"no answer within {self._deadline_s:g} s") from None
        if isinstance(outcome, Unreachable):
            raise outcome
        return outcome

    async def _called(self, url: str, places: tuple[str, str], remember: Callable[[Outcome], None]) -> Outcome:
        """Make one GET. Its places are taken until its thread has ended, even if nobody waits any more."""
        outcome: Outcome
        try:
            outcome = await _in_thread(lambda: self._get(url))
        except Unreachable as error:
            outcome = error
        except httpx.HTTPError as error:
            outcome = Unreachable(f"{type(error).__name__}: {error}")
        finally:
            self._calls.subtract(places)
            self._calls += Counter()  # drops the hosts without a call
            del self._under_way[url]
        remember(outcome)
        return outcome

    def _get(self, url: str) -> tuple[int, bytes]:
        end = self._clock() + self._deadline_s
        client = httpx.Client(
            transport=self._transport,
            timeout=self._deadline_s,
            follow_redirects=False,
            trust_env=False,
            max_redirects=0,
            verify=trusted_authorities(),
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
                    raise Unreachable(f"the answer took more than {self._deadline_s:g} s")
            return answer.status_code, bytes(body)

    def _tell_unreachable(self, source: str, reason: str) -> None:
        """Log, at most once a minute for each source: a stranger can cause this."""

        def tell(requests: int, reason: str) -> None:
            log.warning("keys.unreachable", source=source, reason=reason, requests=requests)

        if source not in self._unreachable:
            self._unreachable[source] = AtMostOncePer(TOLD_EVERY_S, tell, self._clock)
        self._unreachable[source](reason)


def _host(outside: Outside[Any], url: str) -> str:
    """Return the URL's host. Raises Refused for a URL that is not plain HTTPS on one of the kind's hosts."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        raise Refused("the address is not a URL") from None
    if parsed.scheme != "https" or parsed.port is not None or parsed.userinfo:
        raise Refused("the URL is not https:// without port and user")
    if not outside.hosts.fullmatch(parsed.host):
        raise Refused("the host of the URL does not belong to the sender")
    return parsed.host


def _is_failure(status: int) -> bool:
    """Return True for an answer that does not say what is at the URL, nor that the URL is empty."""
    return status == 429 or not (status == 200 or 400 <= status < 500)


async def _in_thread(work: Callable[[], T]) -> T:
    """Call in a thread of its own, which does not keep the process from ending."""
    done: Future[T] = Future()

    def call() -> None:
        try:
            done.set_result(work())
        except Exception as error:  # noqa: BLE001 — handed on
            done.set_exception(error)

    threading.Thread(target=call, name="keys", daemon=True).start()
    return await asyncio.wrap_future(done)

"""The supervisor of a process's connections: a thread for each source, and one that watches them.

When Slack announces the end of a connection, the next one is opened first. A failure is logged once, and tried again
after a growing pause.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import structlog
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.sync.client import ClientConnection, connect
from websockets.uri import parse_uri

from connectors.contract.calls import CallLater
from tickets.transport import trusted_authorities
from worker.intake.display_names import with_display_names
from worker.intake.intake import Intake
from worker.intake.prompting import ask_meanwhile
from worker.intake.socket_mode.line import CLOSE_S, THREAD, After, Line, Named, Surroundings, protocol_of
from worker.ledger import Ledger
from worker.runtime.health import Parts, threads
from worker.runtime.threads import Loop, backoff_seconds
from worker.runtime.tracebacks import error_location
from worker.runtime.web import NoAnswer, fetch
from worker.settings import Source

log = structlog.get_logger()

LOOK_S = 0.2  # between two checks of settings and connections
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 60.0  # after a connection that could not be opened, or did not last
STEADY_S = 10.0  # from this age on, a connection did last
LEAVING_S = 10.0  # how long a connection that Slack ends is still read
GRACE_S = 5.0  # for deliveries being recorded when this process ends
OPEN_S, ALIVE_S = 10.0, 20.0  # to open; between pings, and for their answers
MAX_ANSWER = 64 * 1024  # bytes, of `apps.connections.open`


def configured(sources: Mapping[str, Source]) -> dict[str, Source]:
    """Return the sources that use connections of ours."""
    return {
        name: each
        for name, each in sources.items()
        if (protocol := each.connector.socket) is not None and protocol.is_on(each.settings)
    }


class Listening:
    """Keeps a connection for one source in a thread. `source` may be replaced when its configuration changes."""

    def __init__(self, source: Source, intake: Intake, max_body: int, after: After, named: Named) -> None:
        self.source = source
        self._around = Surroundings(intake, lambda: self.source, max_body, after, named)
        self._lines: list[Line] = []
        self._failures = 0
        self._not_before = 0.0
        self._trouble: str | None = None
        self._loop = Loop(f"{THREAD}:{source.id}", self._turn, LOOK_S, at_end=self._close)
        self.start, self.ask_to_stop = self._loop.start, self._loop.ask_to_stop

    def stop(self) -> None:
        self._loop.stop(GRACE_S + OPEN_S)

    @property
    def lives(self) -> bool:
        return self._loop.lives

    @property
    def is_connected(self) -> bool:
        return any(each.lives and each.left_at is None for each in self._lines)

    def _turn(self) -> None:
        self._let_go()
        if not self.is_connected and time.monotonic() >= self._not_before:
            self._open()

    def _close(self) -> None:
        for each in self._lines:
            each.close(GRACE_S)

    def _let_go(self) -> None:
        """Close connections that have ended, or that Slack ended long enough ago."""
        now = time.monotonic()
        for each in list(self._lines):
            if each.left_at is None and now - each.opened_at > STEADY_S:
                self._failures = 0
            if not each.lives or (each.left_at is not None and now - each.left_at > LEAVING_S):
                self._lines.remove(each)
                each.close()

    def _open(self) -> None:
        """Open a connection. The pause before the next try grows as long as no connection lasts."""
        pause = backoff_seconds(FIRST_PAUSE_S, self._failures, LONGEST_PAUSE_S)
        self._failures += 1
        try:
            opened = self._opened()
        except Exception as defect:
            log.exception("socket_mode.failed", source=self.source.id)
            opened = f"a defect in Ticketrelay: {error_location(defect)}"
        if isinstance(opened, CallLater):
            pause, opened = opened.seconds or pause, opened.reason
        self._not_before = time.monotonic() + pause
        if isinstance(opened, Line):
            self._lines.append(opened)
            log.info("socket_mode.connected", source=self.source.id)
            self._trouble = None
        elif opened != self._trouble:
            log.warning("socket_mode.not_connected", source=self.source.id, reason=opened)
            self._trouble = opened

    def _opened(self) -> Line | CallLater | str:
        """Return a connection, or why there is none."""
        protocol, settings = protocol_of(self.source), self.source.settings
        call = protocol.opening(settings)
        try:
            answer = fetch(call, max_bytes=MAX_ANSWER)
        except NoAnswer as error:
            return f"{call.url}: {error}"
        url = protocol.address(answer, settings)
        if isinstance(url, CallLater):
            return url
        if not isinstance(url, str):
            return f"{call.url}: {url.reason}"
        try:
            return Line(_connected(url, self._around.max_body), self._around)
        except (OSError, TimeoutError, InvalidHandshake, InvalidURI, ConnectionClosed) as error:
            return f"no connection: {type(error).__name__}"  # the error's text may hold the address, which is a secret


def _connected(url: str, max_body: int) -> ClientConnection:
    """Connect. An envelope is little larger than its body. With a socket of our own, no redirect is followed."""
    uri = parse_uri(url)
    return connect(
        url,
        sock=socket.create_connection((uri.host, uri.port), OPEN_S),
        ssl=trusted_authorities() if uri.secure else None,
        compression=None,
        open_timeout=OPEN_S,
        ping_interval=ALIVE_S,
        ping_timeout=ALIVE_S,
        close_timeout=CLOSE_S,
        max_size=2 * max_body + MAX_ANSWER,
    )


class SocketSupervisor:
    """Keeps the connections for the sources of the present settings, until it is stopped."""

    def __init__(
        self,
        intake: Intake,
        ledger: Ledger,
        sources: Callable[[], Mapping[str, Source]],
        max_body: int,
        after: After = ask_meanwhile,
    ) -> None:
        """`after` is called for each acknowledged delivery, and must not wait."""
        self._intake = intake
        self._sources = sources
        self._max_body = max_body
        self._after = after
        self._named = partial(with_display_names, ledger)
        self._listening: dict[str, Listening] = {}
        self._loop = Loop(THREAD, self._look_after, LOOK_S)
        self.start = self._loop.start

    def parts(self) -> Parts:
        """Return the parts that `/livez` checks. An unreachable Slack does not call for a restart of this process."""
        return threads(THREAD)

    def gauges(self) -> Iterator[tuple[str, dict[str, str], float]]:
        """Yield the gauges for `/metrics`."""
        for name, each in sorted(self._listening.items()):
            yield "socket_connected", {"source": name}, each.is_connected

    def stop(self) -> None:
        """Finish recording the current deliveries. Slack repeats those that are not acknowledged."""
        self._loop.stop(GRACE_S)
        for each in self._listening.values():
            each.ask_to_stop()
        for each in self._listening.values():
            each.stop()

    def _look_after(self) -> None:
        wanted = configured(self._sources())
        for name in [each for each in self._listening if each not in wanted or not self._listening[each].lives]:
            self._listening.pop(name).stop()
        for name, source in wanted.items():
            there = self._listening.get(name)
            if there is not None and _leads_to(there.source) == _leads_to(source):
                there.source = source
                continue
            if there is not None:
                there.stop()
            begun = Listening(source, self._intake, self._max_body, self._after, self._named)
            begun.start()
            self._listening = {**self._listening, name: begun}


def _leads_to(source: Source) -> object:
    """Return the settings whose change makes a connection lead to another place, or to another app."""
    protocol = source.connector.socket
    return None if protocol is None else protocol.leads_to(source.settings)

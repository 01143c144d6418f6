"""Handles the messages of one connection: each is recorded, and then acknowledged on the same connection.

Slack knows an envelope on its own connection only. An envelope that is not acknowledged, because the ledger is away or
behind, is sent again by Slack.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import structlog
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from connectors.contract.messages import Inbound, OverLimit, Verified
from connectors.contract.settings import SourceSettings
from connectors.contract.sockets import Envelope, Leaving, Socket
from worker.intake.credentials import forgotten
from worker.intake.intake import Busy, Intake, Stopped, why_not_taken
from worker.intake.reading import read_verified
from worker.ledger import QUARANTINED, Delivery, Recorded
from worker.settings import Source

log = structlog.get_logger()

CLOSE_S = 1.0  # for the closing handshake
JSON = (("content-type", "application/json"),)
THREAD = "socket_mode"

Named = Callable[[Source, Inbound], Inbound]
"""Adds the known display names of the ids in a delivery."""
After = Callable[[Source, Delivery], None]
"""Called with a delivery after its acknowledgement; must not hold up others."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The parts that a connection works with."""

    intake: Intake
    source: Callable[[], Source]
    """Returns the source as configured at present."""
    max_body: int
    after: After
    named: Named


class Line:
    """One connection: one thread reads and another one writes, because either may have to wait."""

    def __init__(self, opened: AbstractContextManager[ClientConnection], around: Surroundings) -> None:
        self._open = ExitStack()
        self._connection = self._open.enter_context(opened)
        self._around = around
        self._to_say: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._under_way = 0
        self._lock = threading.Lock()
        self._listens = True
        self.opened_at = time.monotonic()
        self.left_at: float | None = None
        """When Slack announced the end of the connection."""
        self._threads = [
            threading.Thread(target=work, name=f"{THREAD}:{around.source().id}", daemon=True)
            for work in (self._listen, self._speak)
        ]
        for each in self._threads:
            each.start()

    @property
    def lives(self) -> bool:
        return self._threads[0].is_alive()

    def close(self, patience_s: float = 0.0) -> None:
        """Take nothing more, and let deliveries under way be acknowledged for at most `patience_s` seconds."""
        self._listens = False
        until = time.monotonic() + patience_s
        while self._under_way and time.monotonic() < until:
            time.sleep(0.01)
        self._to_say.put(None)
        self._threads[1].join(max(until - time.monotonic(), CLOSE_S))
        self._open.close()

    def _listen(self) -> None:
        protocol = protocol_of(self._around.source())
        with suppress(ConnectionClosed):
            while True:
                frame = protocol.read(self._connection.recv())
                if isinstance(frame, Leaving):
                    self.left_at = time.monotonic()
                    log.info("socket_mode.leaves", source=self._around.source().id, reason=frame.reason)
                elif frame is not None and self._listens:
                    self._take(frame)
        self._to_say.put(None)

    def _take(self, envelope: Envelope) -> None:
        source = self._around.source()
        arrived = Inbound(source.id, datetime.now(UTC), envelope.body, JSON)
        try:
            delivery = _read(source, arrived, source.settings.max_body or self._around.max_body, self._around.named)
            recorded = self._around.intake.take(delivery)
        except (OverLimit, Busy, Stopped) as reason:
            log.warning("socket_mode.not_taken", source=source.id, reason=str(reason))
            return
        with self._lock:
            self._under_way += 1
        recorded.add_done_callback(partial(self._taken, envelope, source, delivery))

    def _taken(self, envelope: Envelope, source: Source, delivery: Delivery, recorded: Future[Recorded]) -> None:
        """Acknowledge a delivery that is in the ledger."""
        try:
            if (error := recorded.exception()) is not None:
                log.warning("socket_mode.not_taken", source=source.id, reason=why_not_taken(error))
                return
            is_whole = recorded.result().outcome != QUARANTINED
            reply = delivery.parsed.reply if is_whole else None
            self._to_say.put(protocol_of(source).acknowledgement(envelope, reply))
            self._around.after(source, delivery)
        finally:
            with self._lock:
                self._under_way -= 1

    def _speak(self) -> None:
        with suppress(ConnectionClosed):  # then Slack sends again what was not acknowledged
            while (said := self._to_say.get()) is not None:
                self._connection.send(said)


def protocol_of(source: Source) -> Socket[SourceSettings]:
    """Return the protocol of connections to the source's sender. Raises TypeError for a kind without one."""
    if source.connector.socket is None:
        raise TypeError(f"a source of kind {source.connector.kind!r} has no Socket Mode")
    return source.connector.socket


def _read(source: Source, arrived: Inbound, max_body: int, named: Named) -> Delivery:
    """Read a delivery. Raises OverLimit."""
    if len(arrived.body) > max_body:
        raise OverLimit(f"the body has {len(arrived.body)} bytes, and may have {max_body}")
    return read_verified(source, Verified(named(source, forgotten(source, arrived))))

"""Uvicorn's protocol on httptools, made strict: what a sender may send, how much of it at once, and in what time.

    idle ─ a byte ─▶ head ─▶ body ─▶ idle      what is read
                      └───────┴─▶ refused      the answer is written, nothing is read any more, and the connection ends

One timer watches a connection. It is set only if a sender is waited for at the end of a read, so a request that comes
in one piece costs none. Answers have the order of their requests: a refusal waits for the answers to requests before
it.
"""

from __future__ import annotations

import asyncio
from enum import Enum, auto
from typing import Any

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from tickets.http_listener.connections import Connections
from tickets.http_listener.framing import body_of, refusal_of
from tickets.http_listener.limits import BYTES_PER_SECOND, LINGER_S, MAX_HEAD, MAX_PIPELINED, Limits
from tickets.http_listener.refusals import FULL, LATE_BODY, LATE_HEAD, MALFORMED, STOPPING, TOO_LARGE, Refusal


class _Reading(Enum):
    """The part of a request that is read next."""

    IDLE = auto()
    """The first byte of a request, after an answer."""
    HEAD = auto()
    BODY = auto()
    NOTHING = auto()
    """Bytes that come are dropped."""


class _Refused(Exception):
    """Stops the parser. `_refusal` has the reason; None: the connection ends without one."""


class StrictProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        open_connections: Connections | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._open = open_connections or Connections(Limits())
        self._limits = self._open.limits
        self._reading = _Reading.HEAD
        self._since = 0.0
        """When the present head, body or end began."""
        self._head = 0
        """Bytes of the present head, with its trailers."""
        self._kept = 0
        """Bytes since a head, a part of a body or a message was complete."""
        self._body = 0
        """Bytes of the present body."""
        self._running: RequestResponseCycle | None = None
        """The request that is being answered, or was answered last."""
        self._refusal: Refusal | None = None
        self._farewell: bytes | None = None
        """The bytes that are written after the answers that are due; then the connection ends."""
        self._is_upgrade = False
        self._is_second_parser = False
        self._stalled_since: float | None = None
        """Since when the sender has not taken its answer."""
        self._ends_by: float | None = None
        """The listener is stopping: the latest end of an incomplete request."""
        self._timer: asyncio.TimerHandle | None = None

    # The connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._since = self.loop.time()
        self._open.enter(self)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._open.leave(self)
        self._unset_keepalive_if_required()
        self._reading = _Reading.NOTHING
        if self._running is not None and not self._running.response_complete:
            # Behind a request that waits in the pipeline, uvicorn would not tell the running one.
            self._running.disconnected = True
            self._running.message_event.set()
        self.pipeline.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def data_received(self, data: bytes) -> None:
        if self._reading is _Reading.NOTHING:
            return
        self._unset_keepalive_if_required()
        if self._reading is _Reading.IDLE:
            self._begin(_Reading.HEAD)
            self._open.busy(self)
        self._kept += len(data)
        try:
            self._feed(data)
        except _Refused:
            if self._refusal is not None:
                self._refuse(self._refusal)
            else:
                self._end_after_answers(b"")
        else:
            if self._kept > MAX_HEAD:
                self._refuse(TOO_LARGE)
        self._watch()

    def _feed(self, data: bytes) -> None:
        """Parse. Raises _Refused."""
        rest = data
        while rest:
            try:
                self.parser.feed_data(rest)
            except httptools.HttpParserUpgrade as upgrade:
                rest = rest[upgrade.args[0] :]
                self._ignore_upgrade()
            except httptools.HttpParserError as error:
                if not isinstance(error.__context__, _Refused):
                    self._refusal = MALFORMED
                raise _Refused from error
            else:
                return

    def _ignore_upgrade(self) -> None:
        """Read on after a head that asks for another protocol, with a new parser. The present one has stopped there.

        We know no other protocol, so the request counts as if it did not ask (RFC 9110, 7.8), and has its body.
        """
        self._is_upgrade = False
        self.parser = httptools.HttpRequestParser(self)
        length = body_of(self.headers)
        if length is None:
            self.on_message_complete()
            return
        self._is_second_parser = True
        self.parser.feed_data(b"POST / HTTP/1.1\r\n" + length + b"\r\n\r\n")
        self._is_second_parser = False

    def eof_received(self) -> None:
        if self._reading is _Reading.NOTHING:
            self.transport.abort()

    # What the parser finds

    def on_message_begin(self) -> None:
        if self._is_second_parser:
            return
        if len(self.pipeline) >= MAX_PIPELINED:
            raise _Refused
        self._begin(_Reading.HEAD)
        self._head = 0
        self._unset_keepalive_if_required()
        self._open.busy(self)
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        if not self._is_second_parser:
            self._head += len(url)
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head += len(name) + len(value) + 4
        if self._head > MAX_HEAD:
            self._refusal = TOO_LARGE
            raise _Refused
        if self._reading is _Reading.HEAD:  # a trailer does not count: it could be a forged header
            super().on_header(name, value.rstrip(b" \t"))

    def on_headers_complete(self) -> None:
        if self._is_second_parser:
            return
        self._kept = 0
        version = self.parser.get_http_version()
        refusal = refusal_of(self.parser.get_method(), version, self.headers)
        is_placed = self._open.is_placed(self)
        if self._head > MAX_HEAD:
            refusal = TOO_LARGE
        if refusal is None and not is_placed and not self._asks_for_a_probe():
            refusal = FULL
        if refusal is not None:
            self._refusal = refusal
            raise _Refused
        if version == "1.0":
            self.expect_100_continue = False  # RFC 9110, 10.1.1
        self._is_upgrade = self.parser.should_upgrade()
        super().on_headers_complete()
        if not is_placed:
            self.cycle.keep_alive = False
        self._begin(_Reading.BODY)
        self._body = 0

    def _asks_for_a_probe(self) -> bool:
        return self.url.partition(b"?")[0].decode("latin-1") in self._limits.probes

    def on_body(self, body: bytes) -> None:
        self._kept = 0
        self._body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._is_upgrade:
            return
        self._kept = 0
        self._begin(_Reading.IDLE)
        super().on_message_complete()
        if self.cycle.response_complete:
            self._become_idle()

    def _begin(self, reading: _Reading) -> None:
        self._reading, self._since = reading, self.loop.time()

    # Answers

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        if self._reading is not _Reading.NOTHING:
            self._since = self.loop.time()  # of a body that waited for the answers before it
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._begin(_Reading.NOTHING)
        elif not self._is_answering():
            if self._farewell is not None:
                self._end(self._farewell)
            elif self._reading is not _Reading.IDLE:
                self._unset_keepalive_if_required()
                self._since = self.loop.time()
            else:
                self._become_idle()
        self._watch()

    def _become_idle(self) -> None:
        """Wait for the next request, until uvicorn's timer ends that: started by the answer, or by the body's end."""
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        self._open.idle(self)

    def _is_answering(self) -> bool:
        """Return True while the application works on a request of this connection, or one waits for it."""
        running = self._running
        return bool(self.pipeline) or (
            running is not None and not running.response_complete and not running.disconnected
        )

    def _refuse(self, refusal: Refusal) -> None:
        """Answer in the place of the application, when it is this request's turn, and end the connection."""
        was_in_body, self._refusal = self._reading is _Reading.BODY, refusal
        if was_in_body and self.pipeline:
            self.pipeline.popleft()  # the incomplete one is the newest, and the left one
        elif was_in_body and self._running is not None:
            answered = self._running.response_started
            self._running.disconnected = True
            self._running.message_event.set()
            self._end(b"" if answered else self._bytes_of(refusal))
            return
        self._end_after_answers(self._bytes_of(refusal))

    def _end_after_answers(self, farewell: bytes) -> None:
        if self._is_answering():
            self._begin(_Reading.NOTHING)
            self._farewell = farewell
        else:
            self._end(farewell)

    def _end(self, farewell: bytes) -> None:
        """Write the last bytes, and close as soon as the sender does, or a little later."""
        self._begin(_Reading.NOTHING)
        self._farewell = None
        self._unset_keepalive_if_required()
        self._open.busy(self)
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        self.transport.write(farewell)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()
        self._watch()

    def _bytes_of(self, refusal: Refusal) -> bytes:
        return refusal.as_bytes(self.server_state.default_headers)

    # Deadlines

    def _due(self) -> float | None:
        """Return when the sender's time is over; None while it is not the sender that is waited for."""
        if self._stalled_since is not None:
            return self._soon(self._stalled_since + self._limits.body_s)
        answering = self._is_answering()
        match self._reading:
            case _Reading.NOTHING:
                return None if answering else self._since + LINGER_S
            case _Reading.HEAD:
                return None if answering else self._soon(self._since + self._limits.head_s)
            case _Reading.BODY if self.pipeline:
                return None
            case _Reading.BODY if not answering:  # it was answered before it was complete: a refusal, mostly
                return self._soon(self._since + self._limits.head_s)
            case _Reading.BODY if self.flow.read_paused:
                return self.loop.time() + self._limits.head_s
            case _Reading.BODY:
                return self._soon(self._since + self._limits.body_s + self._body / BYTES_PER_SECOND)
        return None

    def _soon(self, due: float) -> float:
        return due if self._ends_by is None else min(due, self._ends_by)

    def _watch(self) -> None:
        """Set the timer, unless it is set for an earlier time: then it looks again."""
        due = self._due()
        if due is None or (self._timer is not None and self._timer.when() <= due):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_at(due, self._look)

    def _look(self) -> None:
        self._timer = None
        due = self._due()
        if due is None:
            return
        if due > self.loop.time():
            self._watch()
        elif self._reading is _Reading.NOTHING or self._stalled_since is not None:
            self.transport.abort()
        elif self._reading is _Reading.BODY:
            self._refuse(LATE_BODY if self._ends_by is None else STOPPING)
        elif self._kept:
            self._refuse(LATE_HEAD)
        else:
            self.transport.close()  # not a byte has come: nobody waits for an answer

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled_since = self.loop.time()
        self._watch()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stalled_since = None
        self._watch()

    def timeout_keep_alive_handler(self) -> None:
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            super().timeout_keep_alive_handler()

    # The process

    def give_way(self) -> None:
        self.timeout_keep_alive_handler()

    def turn_away(self) -> None:
        self._begin(_Reading.NOTHING)
        self.transport.write(self._bytes_of(FULL))
        self.transport.close()
        self._watch()

    def shutdown(self) -> None:
        """Begin to end: an idle connection at once, a request that is incomplete after a short time."""
        if self._reading is _Reading.NOTHING and not self._is_answering():
            self.transport.abort()
            return
        super().shutdown()
        self._ends_by = self.loop.time() + self._limits.shutdown_s
        self._watch()

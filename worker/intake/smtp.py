"""The SMTP edge: a mail is answered 250 once it is in the ledger, and not before.

    what                                          answer
    in the ledger, quarantine included            250 and its number
    a recipient that is no mailbox of ours        550
    larger than its mailbox takes                 552
    the ledger cannot be used, or is behind       451: the sender comes again
    its disk is full                              452: likewise
    a defect of ours                              451: a later version may take it

Source: RFC 5321, sections 4.2.5 and 4.5.3.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from socket import socket
from typing import Any

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from connectors.base import Inbound, OverLimit, Verified
from worker.intake.intake import Busy, Intake, Stopped
from worker.intake.reading import read_verified
from worker.ledger import Delivery, LedgerAway, says_full
from worker.settings import Source

log = structlog.get_logger()

ENVELOPE_FROM, ENVELOPE_TO = "x-ticketrelay-envelope-from", "x-ticketrelay-envelope-to"
DEFAULT_MAX_BODY = 25 * 1024 * 1024  # bytes
MAX_RECIPIENTS = 100  # RFC 5321, section 4.5.3.1.8
MAX_LINE = 1024 * 1024  # bytes; RFC 5321 allows 1,000, and programs that send mail do not keep to it
IDLE_S = 60.0
TOO_LARGE = "552 5.3.4 the mail is larger than this mailbox takes"
COME_AGAIN = "451 4.3.0 not taken: send it again later"
NO_ROOM = "452 4.3.1 no room for it now: send it again later"
GRACE_S = 5.0  # for mails under way when the process is told to stop


def mailboxes(sources: Mapping[str, Source]) -> dict[str, Source]:
    """The sources that take mail, by their address in lower case."""
    return {
        source.connector.address(source.settings).lower(): source
        for source in sources.values()
        if source.connector.address is not None
    }


def mailbox_of(address: str, boxes: Mapping[str, Source]) -> Source | None:
    """The source that a recipient belongs to: what follows a `+` in the local part is not part of the name."""
    local, _, domain = address.lower().rpartition("@")
    return boxes.get(f"{local.partition('+')[0]}@{domain}")


def max_body_of(source: Source) -> int:
    """How many bytes a mail to the source may have."""
    return source.settings.max_body or DEFAULT_MAX_BODY


def enveloped(source: Source, body: bytes, sender: str | None, recipients: Sequence[str], now: datetime) -> Inbound:
    """A mail with its envelope as a delivery to `source`.

    A sender of "" is the null sender, by which a bounce is known; None is one that was not told.
    """
    headers: tuple[tuple[str, str], ...] = ((ENVELOPE_TO, ", ".join(recipients)),)
    if sender is not None:
        headers = ((ENVELOPE_FROM, sender), *headers)
    return Inbound(source=source.id, received_at=now, body=body, headers=headers)


class _Handler:
    """What aiosmtpd asks; its answers are SMTP replies."""

    def __init__(
        self, intake: Intake, boxes: Mapping[str, Source], clock: Callable[[], datetime], any_recipient: Source | None
    ) -> None:
        self._intake = intake
        self._boxes = boxes
        self._clock = clock
        self._any_recipient = any_recipient

    @property
    def largest(self) -> int:
        """How many bytes a mail may have for the mailbox that takes the most."""
        boxes = [*self._boxes.values(), *([self._any_recipient] if self._any_recipient else [])]
        return max(map(max_body_of, boxes), default=DEFAULT_MAX_BODY)

    async def handle_RCPT(  # noqa: N802 — aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        box = self._box(address)
        if box is None:
            return "550 5.1.1 no such mailbox here"
        if _declared_size(envelope) > max_body_of(box):
            return TOO_LARGE
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return "452 4.5.3 too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 — aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        body = envelope.original_content or b""
        groups = self._by_source(envelope.rcpt_tos)
        if any(len(body) > max_body_of(source) for source, _ in groups):
            return TOO_LARGE
        try:
            # All are read before one is taken: a refusal is of the whole mail.
            deliveries = [await self._read(source, body, envelope, recipients) for source, recipients in groups]
            taken = [await asyncio.wrap_future(self._intake.take(each)) for each in deliveries]
        except OverLimit as error:
            return f"552 5.3.4 {error}"
        except (Busy, Stopped, *LedgerAway) as error:
            return NO_ROOM if says_full(error) else COME_AGAIN
        return f"250 2.0.0 OK {' '.join(f'in-{each.inbound_id}' for each in taken)}"

    async def handle_exception(self, error: Exception) -> str:
        log.error("smtp.failed", exc_info=error)
        return COME_AGAIN  # aiosmtpd would say 500, at which the sender gives the mail up

    async def _read(self, source: Source, body: bytes, envelope: Envelope, recipients: Sequence[str]) -> Delivery:
        arrived = enveloped(source, body, envelope.mail_from or "", recipients, self._clock())
        return await asyncio.to_thread(read_verified, source, Verified(arrived))

    def _box(self, address: str) -> Source | None:
        return mailbox_of(address, self._boxes) or self._any_recipient

    def _by_source(self, recipients: Sequence[str]) -> list[tuple[Source, list[str]]]:
        found: dict[str, tuple[Source, list[str]]] = {}
        for address in recipients:
            if (source := self._box(address)) is not None:
                found.setdefault(source.id, (source, []))[1].append(address)
        return list(found.values())


def _declared_size(envelope: Envelope) -> int:
    """What the sender said in MAIL that the mail has; 0 where it said nothing."""
    sizes = [option.partition("=")[2] for option in envelope.mail_options if option.startswith("SIZE=")]
    return int(sizes[0]) if sizes and sizes[0].isdecimal() else 0


class SmtpThread:
    """Serves SMTP on a listening socket, in a thread with its own event loop, until it is stopped.

    `any_recipient` takes mail to every address: for a listener on loopback that nobody configured.
    """

    def __init__(
        self,
        listener: socket,
        intake: Intake,
        sources: Mapping[str, Source],
        *,
        clock: Callable[[], datetime],
        any_recipient: Source | None = None,
    ) -> None:
        self._listener = listener
        self._handler = _Handler(intake, mailboxes(sources), clock, any_recipient)
        self._sessions: set[Any] = set()
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="smtp", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Take no more mail, and finish what is under way."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(GRACE_S + 5)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await self._loop.create_server(self._session, sock=self._listener)
        await self._stopping.wait()
        server.close()
        deadline = self._loop.time() + GRACE_S
        while any(each.is_busy for each in self._sessions) and self._loop.time() < deadline:  # noqa: ASYNC110 — nobody tells
            await asyncio.sleep(0.02)
        # Connections that were accepted a moment ago become sessions only now.
        while self._sessions or len(asyncio.all_tasks()) > 1:
            for each in list(self._sessions):
                each.hang_up()
            await asyncio.sleep(0.001)

    def _session(self) -> SMTP:
        return _Session(self._handler, self._sessions)


class _Session(SMTP):
    """One connection, which tells whether a mail is being taken."""

    line_length_limit = MAX_LINE

    def __init__(self, handler: _Handler, sessions: set[Any]) -> None:
        super().__init__(
            handler,
            data_size_limit=handler.largest,
            enable_SMTPUTF8=True,
            decode_data=False,
            ident="Ticketrelay",
            hostname="localhost",
            timeout=IDLE_S,
        )
        self._sessions = sessions

    @property
    def is_busy(self) -> bool:
        """True from the sender's MAIL until the answer to its DATA."""
        return self.envelope is not None and self.envelope.mail_from is not None

    def hang_up(self) -> None:
        if self.transport is not None:
            self.transport.close()

    def connection_made(self, transport: Any) -> None:
        self._sessions.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._sessions.discard(self)
        super().connection_lost(error)

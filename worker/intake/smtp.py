"""The SMTP and LMTP edges: a mail is answered 250 after it is in the ledger, and not before.

    mail                                          answer
    in the ledger, quarantine included            250 and its number
    a recipient without a mailbox of ours         550
    larger than its mailbox takes                 552
    the ledger cannot be used, or is behind       451: the sender comes again
    its disk is full                              452: likewise
    all mails under way need too much memory      452: likewise
    a peer that sends too much                    451, or 421 for one connection more
    a peer that does not come to an end           421 (`worker/intake/smtp_session.py`)
    a defect of ours                              451: a later version may take it

SMTP has one answer for the whole mail. LMTP has one for each accepted recipient, in every case. So with LMTP each
source takes the mail separately, and a common answer is repeated for each recipient.

Source: RFC 5321, sections 4.2.5 and 4.5.3; RFC 2033, section 4.2.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from socket import AF_UNIX, socket
from weakref import WeakKeyDictionary

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from connectors.contract.messages import Inbound, OverLimit, Verified
from worker.intake.intake import Busy, Intake, Stopped
from worker.intake.peers import Limits, Peers, Unfinished, has_room
from worker.intake.reading import read_verified
from worker.intake.smtp_content import TOO_LARGE
from worker.intake.smtp_session import STOPPING, LmtpSession, MailSession, declared_size, peer_of
from worker.ledger import Delivery, LedgerAway, says_full
from worker.settings import Settings, Source

log = structlog.get_logger()

ENVELOPE_FROM, ENVELOPE_TO = "x-ticketrelay-envelope-from", "x-ticketrelay-envelope-to"
DEFAULT_MAX_BODY = 25 * 1024 * 1024  # bytes
MAX_RECIPIENTS = 100  # RFC 5321, section 4.5.3.1.8
COME_AGAIN = "451 4.3.0 the mail was not stored: send it again later"
NO_ROOM = "452 4.3.1 the disk is full: send the mail again later"
TOO_OFTEN = "451 4.7.1 too many mails in a minute: send the mail again later"
POSTMASTER = "postmaster"
NO_LIMITS = Limits()
GRACE_S = 5.0  # for mails under way when the process is told to stop


def mailboxes(sources: Mapping[str, Source]) -> dict[str, Source]:
    """Return the sources that take mail, by their address in lower case."""
    return {
        source.connector.address(source.settings).lower(): source
        for source in sources.values()
        if source.connector.address is not None
    }


def mailbox_of(address: str, boxes: Mapping[str, Source]) -> Source | None:
    """Return the source of a recipient. The text after a `+` in the local part does not count."""
    local, _, domain = address.lower().rpartition("@")
    return boxes.get(f"{local.partition('+')[0]}@{domain}")


def postmaster_of(address: str, boxes: Mapping[str, Source], chosen: str | None) -> Source | None:
    """Return the source that takes a mail to the postmaster: of one of our domains, or of none.

    It is the `chosen` one; else the first source of that domain; without a domain, the first source of mail.
    Source: RFC 5321, section 4.5.1.
    """
    local, at, domain = address.lower().partition("@")
    if local != POSTMASTER:
        return None
    of_domain = [source for known, source in boxes.items() if not at or known.rpartition("@")[2] == domain]
    return next((each for each in boxes.values() if each.id == chosen), of_domain[0]) if of_domain else None


def max_body_of(source: Source) -> int:
    """Return how many bytes a mail to the source may have."""
    return source.settings.max_body or DEFAULT_MAX_BODY


def enveloped(source: Source, body: bytes, sender: str | None, recipients: Sequence[str], now: datetime) -> Inbound:
    """Return a mail with its envelope as a delivery to `source`.

    A sender of "" is the null sender, which marks a bounce; None is an unknown sender.
    """
    headers: tuple[tuple[str, str], ...] = ((ENVELOPE_TO, ", ".join(recipients)),)
    if sender is not None:
        headers = ((ENVELOPE_FROM, sender), *headers)
    return Inbound(source=source.id, received_at=now, body=body, headers=headers)


@dataclass(frozen=True, slots=True)
class Boxes:
    """The mailboxes of one moment. `of_anybody` takes mail to every address: for a listener without configuration."""

    by_address: Mapping[str, Source]
    of_anybody: Source | None = None
    postmaster: str | None = None
    """The source that takes mail to the postmaster."""

    def of(self, address: str) -> Source | None:
        """Return the source that takes mail to the address."""
        return (
            mailbox_of(address, self.by_address)
            or postmaster_of(address, self.by_address, self.postmaster)
            or self.of_anybody
        )

    def by_source(self, recipients: Sequence[str]) -> list[tuple[Source, list[str]]]:
        """Return each source with recipients, and its recipients."""
        found: dict[str, tuple[Source, list[str]]] = {}
        for address in recipients:
            if (source := self.of(address)) is not None:
                found.setdefault(source.id, (source, []))[1].append(address)
        return list(found.values())

    @property
    def largest(self) -> int:
        """Return the size limit, in bytes, of the mailbox that takes the largest mails."""
        boxes = [*self.by_address.values(), *([self.of_anybody] if self.of_anybody else [])]
        return max(map(max_body_of, boxes), default=DEFAULT_MAX_BODY)


def boxes_of(settings: Settings) -> Boxes:
    """Return the mailboxes of the settings."""
    return Boxes(mailboxes(settings.sources), postmaster=settings.smtp.postmaster)


class _Handler:
    """Handles aiosmtpd's callbacks, and returns SMTP replies."""

    def __init__(
        self,
        intake: Intake,
        boxes: Callable[[], Boxes],
        clock: Callable[[], datetime],
        limits: Limits,
        ledger: Path | None,
    ) -> None:
        self._intake = intake
        self._limits = limits
        self._ledger = ledger
        self.peers = Peers(limits)
        self.unfinished = Unfinished(limits.unfinished)
        self._boxes = boxes
        self._clock = clock
        self._boxes_of: WeakKeyDictionary[Envelope, Boxes] = WeakKeyDictionary()

    @property
    def largest(self) -> int:
        """Return the size limit, in bytes, of the mailbox that takes the largest mails."""
        return self._boxes().largest

    async def handle_EHLO(  # noqa: N802 — aiosmtpd's name
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, answers: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [each for each in answers if not each.startswith("250-AUTH")]  # aiosmtpd offers it under TLS

    async def handle_MAIL(  # noqa: N802 — aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not isinstance(server, LMTP) and not self.peers.may_send(peer_of(session.peer)):
            return TOO_OFTEN
        if not has_room(self._ledger, self._limits.keep_free, 0):
            return NO_ROOM
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 — aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        box = self._boxes_for(envelope).of(address)
        if box is None:
            return "550 5.1.1 no such mailbox"
        if declared_size(envelope) > max_body_of(box):
            return TOO_LARGE
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return "452 4.5.3 too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 — aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        body = envelope.original_content or b""
        groups = self._boxes_for(envelope).by_source(envelope.rcpt_tos)
        if not has_room(self._ledger, self._limits.keep_free, len(body)):
            return NO_ROOM
        if not isinstance(server, LMTP):
            return await self._take(body, envelope, groups)
        answers: dict[str, str] = {}
        for group in groups:
            answer = await self._take(body, envelope, [group])
            answers |= dict.fromkeys(group[1], answer)
        return "\r\n".join(answers.get(each, COME_AGAIN) for each in envelope.rcpt_tos)

    async def _take(self, body: bytes, envelope: Envelope, groups: Sequence[tuple[Source, list[str]]]) -> str:
        """Take the mail for all of these sources, and return their common answer."""
        if any(len(body) > max_body_of(source) for source, _ in groups):
            return TOO_LARGE
        try:
            # All are read before one is taken, because a refusal holds for the whole mail.
            deliveries = [await self._read(source, body, envelope, recipients) for source, recipients in groups]
            taken = [await asyncio.wrap_future(self._intake.take(each)) for each in deliveries]
        except OverLimit as error:
            return f"552 5.3.4 {' '.join(str(error).split())}"
        except (Busy, Stopped, *LedgerAway) as error:
            return NO_ROOM if says_full(error) else COME_AGAIN
        return f"250 2.0.0 OK {' '.join(f'in-{each.inbound_id}' for each in taken)}"

    async def handle_exception(self, error: Exception) -> str:
        log.error("smtp.failed", exc_info=error)
        return COME_AGAIN  # aiosmtpd would answer 500, at which the sender gives the mail up

    async def _read(self, source: Source, body: bytes, envelope: Envelope, recipients: Sequence[str]) -> Delivery:
        arrived = enveloped(source, body, envelope.mail_from or "", recipients, self._clock())
        return await asyncio.to_thread(read_verified, source, Verified(arrived))

    def _boxes_for(self, envelope: Envelope) -> Boxes:
        """Return the mailboxes as of the mail's first recipient: an accepted recipient stays so after a reload."""
        return self._boxes_of.setdefault(envelope, self._boxes())


class SmtpThread:
    """Serves SMTP on a listening socket, in a thread with its own event loop, until it is stopped.

    `boxes` returns the present mailboxes, and is called once a mail. `lmtp` serves LMTP instead. `ledger` is the file
    whose disk must keep room, when the ledger is a file.
    """

    def __init__(
        self,
        listener: socket,
        intake: Intake,
        boxes: Callable[[], Boxes],
        *,
        clock: Callable[[], datetime],
        limits: Limits = NO_LIMITS,
        ledger: Path | None = None,
        lmtp: bool = False,
    ) -> None:
        self._listener = listener
        self._limits = limits
        self._kind = LmtpSession if lmtp else MailSession
        self._handler = _Handler(intake, boxes, clock, limits, ledger)
        self._sessions: set[MailSession] = set()
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="lmtp" if lmtp else "smtp", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Take no more mail, and finish the mails under way."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(GRACE_S + 5)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        if self._listener.family == AF_UNIX:
            server = await self._loop.create_unix_server(self._session, sock=self._listener)
        else:
            server = await self._loop.create_server(self._session, sock=self._listener)
        await self._stopping.wait()
        server.close()
        deadline = self._loop.time() + GRACE_S
        while any(each.is_busy for each in self._sessions) and self._loop.time() < deadline:  # noqa: ASYNC110 — no event to wait for
            await asyncio.sleep(0.02)
        # Connections that were accepted a moment ago become sessions only now.
        while self._sessions or len(asyncio.all_tasks()) > 1:
            for each in list(self._sessions):
                each.end(STOPPING)
            await asyncio.sleep(0.001)

    def _session(self) -> SMTP:
        return self._kind(self._handler, self._sessions, self._limits)

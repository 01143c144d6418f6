"""One connection of SMTP or LMTP: aiosmtpd's protocol, with an end to everything that a peer could prolong.

the peer                                             what follows
sends no whole command for `idle_timeout`            421, and the connection ends
takes longer than `data_timeout` for one mail        likewise
sends commands without end, and no mail              likewise
sends a mail without an end                          likewise
does not read the answers                            the connection is reset
sends AUTH                                           500: no mail is taken for a password, so none is offered
"""

from __future__ import annotations

from typing import Any, Protocol

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from worker.intake.peers import Limits, Peers, Unfinished
from worker.intake.smtp_content import MAX_PART, NO_MEMORY, Content, Endless

log = structlog.get_logger()

TOO_MANY_CONNECTIONS = b"421 4.7.0 too many connections: try again later\r\n"
STOPPING = "4.3.2 the server stops: send the mail again later"
IDLE = "4.4.2 no command came in time"
TOO_SLOW = "4.4.2 the mail took too long: send it again later"
ENDLESS = "4.3.1 the mail has no end"
TOO_MANY_COMMANDS = "4.7.0 too many commands without a mail"
LINGER_S = 5.0  # for a peer to read the last reply


def peer_of(address: object) -> str:
    """Return the host of a socket's peer; empty for a Unix socket."""
    return str(address[0]) if isinstance(address, tuple) and address else ""


def declared_size(envelope: Envelope) -> int:
    """Return the size that the sender declared in MAIL; 0 without one."""
    sizes = [option.partition("=")[2] for option in envelope.mail_options if option.startswith("SIZE=")]
    return int(sizes[0]) if sizes and sizes[0].isdecimal() else 0


class Handler(Protocol):
    """The parts of a listener that its sessions share, and that answer their commands."""

    peers: Peers
    unfinished: Unfinished

    @property
    def largest(self) -> int:
        """Return the bytes of the largest mail that any mailbox takes."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take the mail in, and return the answer."""


class MailSession(SMTP):
    """One connection, with a flag for a mail under way."""

    line_length_limit = MAX_PART  # the reader holds at most twice as much

    def __init__(self, handler: Handler, sessions: set[Any], limits: Limits) -> None:
        super().__init__(
            handler,
            data_size_limit=handler.largest,
            enable_SMTPUTF8=True,
            decode_data=False,
            ident="Ticketrelay",
            hostname="localhost",
            timeout=limits.idle_timeout,
            tls_context=limits.tls,
        )
        self._smtp_methods.pop("AUTH")
        self._handler = handler
        self._sessions = sessions
        self._limits = limits
        self._peer: str | None = None
        self._is_refused = False
        self._replies = 0
        self._heard_at = 0.0
        self._content_until: float | None = None

    @property
    def is_busy(self) -> bool:
        """Return True from the sender's MAIL until the answer to its DATA."""
        return self.envelope is not None and self.envelope.mail_from is not None

    def end(self, why: str) -> None:
        """Say 421 and hang up; a peer that does not read the reply is reset a moment later."""
        transport: Any = self.transport
        if transport is None or transport.is_closing():
            return
        transport.write(f"421 {why}\r\n".encode())
        transport.close()
        self.loop.call_later(LINGER_S, transport.abort)

    def connection_made(self, transport: Any) -> None:
        if self._peer is None:  # with STARTTLS, this is called a second time
            peer = peer_of(transport.get_extra_info("peername"))
            if not self._handler.peers.admit(peer):
                self._is_refused = True
                transport.write(TOO_MANY_CONNECTIONS)
                transport.close()
                return
            self._peer = peer
        self._sessions.add(self)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if not self._is_refused:
            self._heard_at = self.loop.time()
            super().data_received(data)

    def eof_received(self) -> bool | None:
        return None if self._is_refused else super().eof_received()

    def connection_lost(self, error: Exception | None) -> None:
        if self._is_refused:
            return
        if self._peer is not None:
            self._handler.peers.leave(self._peer)
            self._peer = None
        self._sessions.discard(self)
        super().connection_lost(error)

    async def push(self, status: Any) -> None:
        self._replies += 1
        if self._replies > self._limits.replies:
            self._end_early(TOO_MANY_COMMANDS)
            return
        await super().push(status)

    def _end_early(self, why: str) -> None:
        if self.transport is not None and not self.transport.is_closing():
            log.info("smtp.ended", peer=self._peer, reason=why)
            self.end(why)

    def _timeout_cb(self) -> None:
        """End the session, unless it is in a content that still comes in."""
        if self._content_until is None:
            self._end_early(IDLE)
            return
        now = self.loop.time()
        due = min(self._content_until, self._heard_at + self._limits.idle_timeout)
        if due <= now:
            self._end_early(TOO_SLOW)
        else:
            self._reset_timeout(due - now)

    @syntax("DATA")
    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802 — aiosmtpd's name
        """Take a mail in."""
        refusal = self._refusal_of_data(arg)
        if refusal is not None:
            await self.push(refusal)
            return
        content = Content(self._handler.unfinished, self.data_size_limit or self._handler.largest)
        try:
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            answer = await self._answer_to(content)
        except Endless:
            self._end_early(ENDLESS)
            return
        finally:
            content.release()
            self._content_until = None
            self._set_post_data_state()  # type: ignore[no-untyped-call]
            if self.transport is not None:
                self._reset_timeout()
        if answer.startswith("250"):
            self._replies = 0
        await self.push(answer)

    def _refusal_of_data(self, arg: str | None) -> str | None:
        session, envelope = self._under_way()
        if not session.host_name:
            return "503 Error: send HELO first"
        if not envelope.rcpt_tos:
            return "503 Error: need RCPT command"
        if arg:
            return "501 Syntax: DATA"
        is_full = not self._handler.unfinished.has_room(0, max(declared_size(envelope), 1))
        return NO_MEMORY if is_full else None

    async def _answer_to(self, content: Content) -> str:
        """Read the content, within its time, and have it taken."""
        self._heard_at = self.loop.time()
        self._content_until = self._heard_at + self._limits.data_timeout
        self._reset_timeout(min(self._limits.data_timeout, self._limits.idle_timeout))
        data = await content.read(self._reader)
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()  # from here on the peer waits for us
        if content.refusal is not None:
            return content.refusal
        session, envelope = self._under_way()
        envelope.content = envelope.original_content = data
        return await self._handler.handle_DATA(self, session, envelope)

    def _under_way(self) -> tuple[Session, Envelope]:
        """Return the session and the mail under way; a connection has both from its begin."""
        if self.session is None or self.envelope is None:
            raise ConnectionResetError
        return self.session, self.envelope


class LmtpSession(MailSession, LMTP):
    """One connection of LMTP, which answers a mail once for each of its recipients."""

    _owed = 0

    async def push(self, status: Any) -> None:
        """Send a reply; repeat it for each recipient when it answers a mail and is a single one."""
        if self._owed and isinstance(status, str):
            answers = status.split("\r\n")
            status = "\r\n".join(answers if len(answers) == self._owed else [answers[0]] * self._owed)
            self._owed = 0
        elif isinstance(status, str) and status.startswith("354 ") and self.envelope is not None:
            self._owed = len(self.envelope.rcpt_tos)
        await super().push(status)

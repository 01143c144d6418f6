"""The supervisor of a process's mailboxes: a thread for each mailbox under its lease, and one that watches them.

A thread connects, polls, and waits: in IDLE if server and settings allow it, otherwise without a connection. Failures
are recorded in the ledger, from which the alarms are read, and tried again after a growing pause.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from connectors.contract.mailbox import ImapMailbox
from worker.intake.imap.oauth import TokenSource
from worker.intake.imap.reader import Patience, Reader, Reads
from worker.intake.imap.server import ImapError, ImapServer, LoginRefused, connect
from worker.intake.intake import Busy, Intake, Stopped, why_not_taken
from worker.ledger import Ledger, LedgerAway, Mailbox, Mailboxes, why_away
from worker.runtime.health import Parts, threads
from worker.runtime.threads import Loop, backoff_seconds, owner_name
from worker.runtime.tracebacks import error_location
from worker.settings import Source

log = structlog.get_logger()

LOOK_S = 0.5  # between two look-ups of the settings
IDLE_S = 9 * 60.0  # RFC 2177: at least every 29 minutes; providers end it after 10
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 60.0  # after a poll that failed
FIRST_LOGIN_PAUSE_S, LONGEST_LOGIN_PAUSE_S = 2.0, 900.0  # after a refused login: too many tries lock the account
GRACE_S = 5.0
Wanted = dict[Mailbox, tuple[Source, ImapMailbox]]


class LostLease(Exception):
    """Another process reads the mailbox, or may by now."""


class Stopping(Exception):
    """This process has stopped reading."""


def configured(sources: Mapping[str, Source]) -> Wanted:
    """Return the mailboxes that sources are configured with."""
    found: Wanted = {}
    for source in sources.values():
        mailboxes_of = source.connector.mailboxes
        boxes = {} if mailboxes_of is None else mailboxes_of(source.settings)
        found |= {Mailbox(source.id, name): (source, settings) for name, settings in boxes.items()}
    return found


class ImapSupervisor:
    """Reads the mailboxes of the present settings, until it is stopped."""

    def __init__(
        self,
        ledger: Ledger,
        intake: Intake,
        sources: Callable[[], Mapping[str, Source]],
        lease: timedelta,
        patience: Patience | None = None,
    ) -> None:
        self._mailboxes = ledger.mailboxes
        self._intake = intake
        self._sources = sources
        self._lease = lease
        self._patience = patience or Patience()
        self._owner = owner_name()
        self._loops: dict[Mailbox, MailboxLoop] = {}
        self._watched: dict[Mailbox, float] | None = None
        self._loop = Loop("imap", self._look_after, LOOK_S)
        self.start = self._loop.start

    def parts(self) -> Parts:
        """Return the parts that `/livez` checks. An unreachable server does not call for a restart of this process."""
        return threads("imap")

    def stop(self) -> None:
        """Finish the current mail, and release the mailboxes."""
        self._loop.stop(GRACE_S)
        for each in self._loops.values():
            each.ask_to_stop()
        for each in self._loops.values():
            each.stop()

    def _look_after(self) -> None:
        wanted = configured(self._sources())
        for mailbox in [each for each in self._loops if each not in wanted or not self._loops[each].lives]:
            self._loops.pop(mailbox).stop()
        self._watch(wanted)
        for mailbox, (source, settings) in wanted.items():
            loop = self._loops.get(mailbox)
            if loop is not None and loop.settings != settings:
                loop.stop()
                loop = None
            if loop is None:
                self._loops[mailbox] = self._begun(mailbox, source, settings)
            else:
                loop.source = source

    def _begun(self, mailbox: Mailbox, source: Source, settings: ImapMailbox) -> MailboxLoop:
        reader = partial(
            Reader, self._mailboxes, self._intake, clock=lambda: datetime.now(UTC), patience=self._patience
        )
        loop = MailboxLoop(mailbox, source, settings, self._mailboxes, reader, self._owner, self._lease)
        loop.start()
        return loop

    def _watch(self, wanted: Wanted) -> None:
        watched = {mailbox: settings.silent_after for mailbox, (_, settings) in wanted.items()}
        if watched == self._watched:
            return
        try:
            self._mailboxes.watch(list(watched.items()))
        except LedgerAway as error:
            log.warning("imap.ledger_away", error=why_away(error))
        else:
            self._watched = watched


class MailboxLoop:
    """Reads one mailbox in a thread. `source` may be replaced when its configuration changes."""

    def __init__(
        self,
        mailbox: Mailbox,
        source: Source,
        settings: ImapMailbox,
        mailboxes: Mailboxes,
        reader: Callable[[Callable[[], None]], Reader],
        owner: str,
        lease: timedelta,
    ) -> None:
        self.source = source
        self.settings = settings
        self._mailbox = mailbox
        self._mailboxes = mailboxes
        self._owner = owner
        self._lease = lease
        self._held_at = float("-inf")
        self._reader = reader(self._hold)
        self._tokens = TokenSource(settings, self._tell) if settings.oauth is not None else None
        self._server: ImapServer | None = None
        self._was_refused = False
        self._failures = 0
        self._loop = Loop(f"imap:{mailbox}", self._turn, self._pause, at_end=self._let_go)
        self.start, self.ask_to_stop = self._loop.start, self._loop.ask_to_stop

    @property
    def lives(self) -> bool:
        return self._loop.lives

    def stop(self) -> None:
        """Stop the thread, without waiting for a silent server."""
        self._loop.stop(GRACE_S)
        if self.lives and (server := self._server) is not None:
            server.cut()
            self._loop.join(GRACE_S)

    def _turn(self) -> None:
        self._failures = 0 if self._session() else self._failures + 1

    def _let_go(self) -> None:
        try:
            self._mailboxes.release(self._mailbox, self._owner)
        except LedgerAway:
            log.info("imap.lease_left", mailbox=str(self._mailbox))  # the lease ends by itself

    def _pause(self) -> float:
        if not self._failures:
            return self.settings.poll
        first, longest = FIRST_PAUSE_S, min(max(self.settings.poll, 1.0), LONGEST_PAUSE_S)
        if self._was_refused:
            first, longest = FIRST_LOGIN_PAUSE_S, LONGEST_LOGIN_PAUSE_S
        return backoff_seconds(first, self._failures, longest)

    def _session(self) -> bool:
        """Connect, and poll until that fails or is done. Returns False after a failure."""
        self._was_refused = False
        try:
            self._hold()
            self._read_on()
        except Stopping:
            return True
        except LostLease:
            log.debug("imap.another_owner", mailbox=str(self._mailbox))
            return False
        except LoginRefused as error:
            self._was_refused = True
            self._note(str(error), login=True)
            return False
        except ImapError as error:
            self._note(str(error))
            return False
        except (Busy, Stopped, *LedgerAway) as error:
            log.warning("imap.not_taken", mailbox=str(self._mailbox), error=why_not_taken(error))
            return False
        except Exception as defect:
            log.exception("imap.failed", mailbox=str(self._mailbox))
            self._note(f"a defect in Ticketrelay: {error_location(defect)}")
            return False
        return True

    def _read_on(self) -> None:
        self._server = server = self._connected()
        try:
            while True:
                self._reader.poll(server, Reads(self._mailbox, self.source, self.settings))
                self._mailboxes.polled(self._mailbox)
                if self._reader.complaint is not None:
                    self._mailboxes.failed(self._mailbox, self._reader.complaint)
                if not (self.settings.idle and server.can_idle):
                    return
                server.open(self.settings.folders[0], read_only=True)
                server.wait(min(self.settings.poll, IDLE_S), self._goes_on, min(1.0, self._lease.total_seconds() / 4))
        finally:
            self._server = None
            server.close()

    def _connected(self) -> ImapServer:
        if self._tokens is None:
            return connect(self.settings, None)
        try:
            return connect(self.settings, self._tokens.access)
        except LoginRefused:
            if not self._tokens.was_used:
                raise
            self._tokens.drop()  # the token may have been revoked before its end
            return connect(self.settings, self._tokens.access)

    def _hold(self) -> None:
        """Renew the lease when a third of it has passed. Raises Stopping, LostLease."""
        if self._loop.is_stopping:
            raise Stopping
        if time.monotonic() - self._held_at < self._lease.total_seconds() / 3:
            return
        asked = time.monotonic()
        if not self._mailboxes.lease(self._mailbox, self._owner, self._lease):
            self._held_at = float("-inf")
            raise LostLease
        self._held_at = asked

    def _goes_on(self) -> bool:
        self._hold()
        return True

    def _tell(self, refresh_ends_at: datetime | None) -> None:
        self._mailboxes.token_ends(self._mailbox, refresh_ends_at)

    def _note(self, error: str, *, login: bool = False) -> None:
        log.warning("imap.poll_failed", mailbox=str(self._mailbox), error=error)
        try:
            self._mailboxes.failed(self._mailbox, error, login=login)
        except LedgerAway as away:
            log.warning("imap.ledger_away", error=why_away(away))

"""Polls a mailbox, one mail at a time: check the size, fetch, record; then flag or move; then advance the cursor.

server or mail                                outcome
a mail                                        recorded, with the connector's result
larger than the mailbox takes                 quarantine, with its beginning
refused by the server, three polls long       quarantine, with its headers if there are any
gone between the search and the fetch         none: the person who removed the mail decided
the server, the ledger or intake is away      the poll fails and the cursor stays
flag or move is refused                       the mail is ours all the same; it is tried again at the reconcile
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import quote

import structlog

from connectors.contract.mailbox import ImapMailbox
from connectors.contract.messages import Inbound, OverLimit, Verified
from worker.intake.imap.plan import Folder, older_than_us, reached, reconcile_is_due, start, work
from worker.intake.imap.server import ImapError, ImapServer, Mark, NotNow, Refused, ServerAway
from worker.intake.intake import Intake
from worker.intake.reading import read_verified
from worker.intake.smtp import max_body_of
from worker.ledger import Cursor, Delivery, Mailbox, Mailboxes, UidPlace
from worker.settings import Source

log = structlog.get_logger()

IMAP_URL = "x-ticketrelay-imap-url"
"""Header of a delivery with the place that it was read from (RFC 5092)."""
CHUNK = 20  # mails between two advances of the cursor
BEGINNING = 64 * 1024  # bytes that are kept of a mail that is too large
TRIES = 3  # polls in which the server may refuse a mail
RECORDING_S = 120.0
BEFORE_US = "the mail is older than the first poll of its mailbox"


@dataclass(frozen=True, slots=True)
class Reads:
    """The mailbox that a poll reads."""

    mailbox: Mailbox
    source: Source
    settings: ImapMailbox

    @property
    def max_size(self) -> int:
        """Return the most bytes of a mail that is read."""
        return self.settings.max_size or max_body_of(self.source)


@dataclass(frozen=True, slots=True)
class Patience:
    """The seconds for which a mail is tried again before it goes into quarantine without its text."""

    not_now: float = 3600.0
    """While the server reports that it cannot deliver the mail at the moment."""
    cut: float = 600.0
    """While the connection ends at this mail, for any reason."""


@dataclass(slots=True)
class _Trouble:
    """A mail that could not be fetched."""

    since: float
    times: int = 0


class Reader:
    """Polls one mailbox. `hold` is called before each step, and raises when this process must not go on."""

    def __init__(
        self,
        mailboxes: Mailboxes,
        intake: Intake,
        hold: Callable[[], None],
        clock: Callable[[], datetime],
        patience: Patience,
    ) -> None:
        self._mailboxes = mailboxes
        self._intake = intake
        self._hold = hold
        self._clock = clock
        self._patience = patience
        self._troubles: dict[UidPlace, _Trouble] = {}
        self._compared: set[str] = set()
        """The folders that this process has compared as a whole. The first poll of each does that."""
        self.complaint: str | None = None
        """A refusal of the server in the last poll that did no harm."""

    def poll(self, server: ImapServer, reads: Reads) -> None:
        """Read all folders to their ends. A refused folder does not stop the others from being read.

        Raises ImapError, one of `LedgerAway`, Busy and Stopped.
        """
        self.complaint = None
        refused: Refused | None = None
        for folder in reads.settings.folders:
            self._hold()
            try:
                opened = server.open(folder, read_only=reads.settings.then == "none")
                self._read(server, reads, folder, opened)
            except Refused as error:
                refused = refused or Refused(f"{folder}: {error}")
        if refused is not None:
            raise refused

    def _read(self, server: ImapServer, reads: Reads, folder: str, opened: Folder) -> None:
        now = self._mailboxes.now()
        begun = start(self._mailboxes.cursor(reads.mailbox, folder), opened, reads.settings.begin, now)
        cursor = begun.cursor
        if begun.is_new:
            log.info("imap.folder_begun", mailbox=str(reads.mailbox), folder=folder, anew=begun.is_anew)
            self._mailboxes.begin(reads.mailbox, folder, cursor)
        every = timedelta(seconds=reads.settings.reconcile)
        is_whole = folder not in self._compared or reconcile_is_due(cursor, now, every)
        first = cursor.first_uid if is_whole else cursor.last_uid + 1
        present = server.uids(first, opened.uidnext)
        known = self._mailboxes.known(reads.mailbox, folder, cursor.uidvalidity, first - 1)
        todo = work(cursor, present, known)
        missing = self._take_all(server, reads, folder, cursor, present, todo.take)
        self._pay(server, reads, folder, cursor, todo.pay)
        if missing:
            self._compared.discard(folder)  # so that the next poll compares the folder again
        elif is_whole:
            self._compared.add(folder)
        if missing or is_whole:
            self._mailboxes.compared(reads.mailbox, folder, len(missing))

    def _take_all(
        self, server: ImapServer, reads: Reads, folder: str, cursor: Cursor, present: set[int], uids: Sequence[int]
    ) -> set[int]:
        """Take the mails in chunks. Returns the UIDs that are still not accounted for."""
        waiting, given_up = set(uids), set[int]()
        # Mails that failed before come last, so that they do not hold up others.
        troubled = {each.uid for each in self._troubles if each.folder == folder}
        uids = sorted(uids, key=lambda uid: (uid in troubled, uid))
        for begin in range(0, len(uids), CHUNK):
            self._hold()
            chunk = uids[begin : begin + CHUNK]
            marks = server.marks(chunk)
            before = older_than_us(cursor, {uid: each.arrived_at for uid, each in marks.items()})
            if before:
                self._mailboxes.suppress(reads.mailbox, folder, cursor.uidvalidity, before, BEFORE_US)
            taken = []
            for uid in chunk:
                if uid in marks and uid not in before:
                    self._hold()
                    if not self._take(server, reads, folder, cursor, uid, marks[uid]):
                        given_up.add(uid)
                        continue
                    taken.append(uid)
                waiting.discard(uid)
            self._pay(server, reads, folder, cursor, taken, reached(cursor, present, waiting))
        if not uids and present:
            self._pay(server, reads, folder, cursor, (), reached(cursor, present, ()))
        return given_up

    def _take(self, server: ImapServer, reads: Reads, folder: str, cursor: Cursor, uid: int, mark: Mark) -> bool:
        """Record one mail; return False when the server refuses it and is asked again later."""
        owed = reads.settings.then != "none"
        place = UidPlace(reads.mailbox.name, folder, cursor.uidvalidity, uid, owed=owed)
        is_large = mark.size > reads.max_size
        try:
            body = server.body(uid, first=min(BEGINNING, reads.max_size) if is_large else None)
        except Refused as error:
            if not self._is_hopeless(place, error):
                return False
            self._quarantine(reads, place, _headers_of(server, uid), f"the server did not send the mail: {error}")
        except ServerAway as error:
            if self._is_hopeless(place, error):
                self._quarantine(reads, place, b"", f"the connection ends each time the mail is fetched: {error}")
            raise
        else:
            if body is not None and is_large:
                why = f"the mail has {mark.size} bytes, and may have {reads.max_size}: only the beginning is kept"
                self._quarantine(reads, place, body, why)
            elif body is not None:
                self._record(self._delivery(reads, place, body))
        self._troubles.pop(place, None)
        return True

    def _is_hopeless(self, place: UidPlace, error: ImapError) -> bool:
        """Note that a mail could not be fetched. Returns True after enough tries over enough time."""
        log.warning("imap.mail_refused", folder=place.folder, uid=place.uid, error=str(error))
        self.complaint = f"{place.folder}: mail {place.uid} cannot be fetched: {error}"
        trouble = self._troubles.setdefault(place, _Trouble(time.monotonic()))
        trouble.times += 1
        patience = self._patience.cut if isinstance(error, ServerAway) else 0.0
        if isinstance(error, NotNow):
            patience = self._patience.not_now
        return trouble.times >= TRIES and time.monotonic() - trouble.since >= patience

    def _quarantine(self, reads: Reads, place: UidPlace, kept: bytes, why: str) -> None:
        self._record(Delivery(self._inbound(reads, place, kept), unreadable=why, place=place))

    def _delivery(self, reads: Reads, place: UidPlace, body: bytes) -> Delivery:
        arrived = self._inbound(reads, place, body)
        try:
            read = read_verified(reads.source, Verified(arrived))
        except OverLimit as error:
            read = Delivery(arrived, unreadable=str(error))
        return replace(read, place=place)

    def _inbound(self, reads: Reads, place: UidPlace, body: bytes) -> Inbound:
        url = url_of(reads.settings, place)
        # An empty body would have the digest of all other empty bodies.
        return Inbound(reads.source.id, self._clock(), body or url.encode(), headers=((IMAP_URL, url),))

    def _record(self, delivery: Delivery) -> None:
        try:
            self._intake.take(delivery).result(RECORDING_S)
        except NotInTime:
            raise ServerAway("the ledger did not store a mail in time") from None

    def _pay(
        self,
        server: ImapServer,
        reads: Reads,
        folder: str,
        cursor: Cursor,
        uids: Sequence[int],
        last_uid: int | None = None,
    ) -> None:
        """Flag or move mails that are in the ledger, then record that, and the new cursor."""
        paid: Sequence[int] = ()
        if uids and reads.settings.then != "none":
            try:
                self._act(server, reads.settings, uids)
                paid = uids
            except Refused as error:
                log.warning("imap.action_refused", mailbox=str(reads.mailbox), folder=folder, error=str(error))
                self.complaint = f"{folder}: `then: {reads.settings.then}` is refused: {error}"
        end = cursor.last_uid if last_uid is None else last_uid
        if paid or end > cursor.last_uid:
            self._mailboxes.advance(reads.mailbox, folder, cursor.uidvalidity, end, paid)

    def _act(self, server: ImapServer, settings: ImapMailbox, uids: Sequence[int]) -> None:
        if settings.then == "flag":
            server.flag(uids, settings.flag)
        elif settings.move_to is not None:
            server.move(uids, settings.move_to)


def _headers_of(server: ImapServer, uid: int) -> bytes:
    try:
        return server.headers(uid) or b""
    except Refused:
        return b""


def url_of(settings: ImapMailbox, place: UidPlace) -> str:
    """Return the place of a mail, as a URL without a password (RFC 5092, section 5)."""
    host, _ = settings.address
    where = f"{quote(place.folder, safe='/')};UIDVALIDITY={place.uidvalidity}/;UID={place.uid}"
    return f"imap://{quote(settings.user, safe='')}@{host}/{where}"

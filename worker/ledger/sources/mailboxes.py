"""Mailboxes: which process reads one, how far it is read, and which of its mails are accounted for.

One process at a time reads a mailbox: it holds a lease, by the ledger's clock. Accounting has one row for each UID,
written with the delivery (`worker/ledger/recording/`). The cursor of a folder only spares reading all these rows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Table, func, select, tuple_, update

from worker.ledger.engine.database import Database
from worker.ledger.schema.tables import folders, mailbox_uids, mailboxes

AT_ONCE = 500  # UIDs in one statement
MAX_ERROR = 500  # characters


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The mailbox of a source, by its name there."""

    source: str
    name: str

    def __str__(self) -> str:
        return f"{self.source}/{self.name}"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place in a folder up to which it is read."""

    uidvalidity: int
    first_uid: int
    """Mails with lower UIDs were there before the mailbox was watched, and are ignored."""
    last_uid: int
    since: datetime | None = None
    """Earlier mails predate the watching too, when UIDs begin anew; None: there are none."""
    reconciled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """The UIDs of a folder that are accounted for."""

    uids: frozenset[int]
    owed: frozenset[int]
    """Those of the UIDs that must still be flagged or moved."""


@dataclass(frozen=True, slots=True)
class MailboxState:
    """The state of a watched mailbox; times in UTC."""

    source: str
    mailbox: str
    since: datetime
    """When it was first watched, or watched again."""
    silent_after: float
    """Seconds without a successful poll that raise an alarm."""
    polled_at: datetime | None
    """The last successful poll."""
    error: str | None
    """Why the last poll failed."""
    login_error: str | None
    """Why the server refuses the login."""
    token_ends_at: datetime | None
    """When the refresh token expires, if the provider reports it."""
    unaccounted: int
    """Number of UIDs on the server and not in the ledger, as last compared."""


def watch(db: Database, connection: Connection, wanted: Sequence[tuple[Mailbox, float]]) -> None:
    """Watch these mailboxes and no others, each with the seconds of silence that raise an alarm.

    A mailbox that another process reads comes back by itself, because each successful or failed poll marks it as
    watched.
    """
    now = db.now(connection)
    for each, silent_after in sorted(wanted, key=lambda pair: str(pair[0])):
        row = {"source": each.source, "mailbox": each.name, "watched": True, "silent_after": silent_after}
        connection.execute(db.insert_or_ignore(mailboxes, "source", "mailbox"), [row | {"since": now}])
        again = update(mailboxes).where(_is(mailboxes, each), mailboxes.c.watched.is_(False))
        connection.execute(again.values(watched=True, since=now, error=None, login_error=None))
        connection.execute(update(mailboxes).where(_is(mailboxes, each)).values(silent_after=silent_after))
    others = tuple_(mailboxes.c.source, mailboxes.c.mailbox).not_in([(e.source, e.name) for e, _ in wanted])
    connection.execute(update(mailboxes).where(others, mailboxes.c.watched).values(watched=False))


def lease(connection: Connection, now: datetime, mailbox: Mailbox, owner: str, duration: timedelta) -> bool:
    """Take the lease of the mailbox, or extend it; False while another process has it."""
    is_free = mailboxes.c.owner.is_(None) | (mailboxes.c.owner == owner) | (mailboxes.c.lease_until <= now)
    taken = connection.execute(
        update(mailboxes)
        .where(_is(mailboxes, mailbox), is_free)
        .values(owner=owner, lease_until=now + duration)
        .returning(mailboxes.c.mailbox)
    )
    return taken.first() is not None


def release(connection: Connection, mailbox: Mailbox, owner: str) -> None:
    """Release the lease."""
    own = update(mailboxes).where(_is(mailboxes, mailbox), mailboxes.c.owner == owner)
    connection.execute(own.values(owner=None, lease_until=None))


def forget_owners(connection: Connection) -> None:
    """End all leases, when all processes that read mailboxes are known to be gone."""
    connection.execute(update(mailboxes).values(owner=None, lease_until=None))


def cursor(connection: Connection, mailbox: Mailbox, folder: str) -> Cursor | None:
    """Return how far the folder is read; None if it never was."""
    row = connection.execute(select(folders).where(_is(folders, mailbox, folder))).one_or_none()
    if row is None:
        return None
    return Cursor(row.uidvalidity, row.first_uid, row.last_uid, row.since, row.reconciled_at)


def begin(db: Database, connection: Connection, mailbox: Mailbox, folder: str, cursor: Cursor) -> None:
    """Store where reading of the folder begins, for the first time or with UIDs that begin anew."""
    place = {"source": mailbox.source, "mailbox": mailbox.name, "folder": folder}
    values = {
        "uidvalidity": cursor.uidvalidity,
        "first_uid": cursor.first_uid,
        "last_uid": cursor.last_uid,
        "since": cursor.since,
        "reconciled_at": cursor.reconciled_at,
    }
    new = db.insert_or_ignore(folders, "source", "mailbox", "folder")
    connection.execute(new, [place | values | {"unaccounted": 0}])
    connection.execute(update(folders).where(_is(folders, mailbox, folder)).values(values))


def known(connection: Connection, mailbox: Mailbox, folder: str, uidvalidity: int, above: int) -> Known:
    """Return the UIDs above that one that are accounted for."""
    rows = connection.execute(
        select(mailbox_uids.c.uid, mailbox_uids.c.owed).where(
            _is(mailbox_uids, mailbox, folder),
            mailbox_uids.c.uidvalidity == uidvalidity,
            mailbox_uids.c.uid > above,
        )
    ).all()
    return Known(frozenset(row.uid for row in rows), frozenset(row.uid for row in rows if row.owed))


def suppress(
    db: Database,
    connection: Connection,
    mailbox: Mailbox,
    folder: str,
    uidvalidity: int,
    uids: Sequence[int],
    reason: str,
) -> None:
    """Account for mails that are ignored."""
    place = {"source": mailbox.source, "mailbox": mailbox.name, "folder": folder, "uidvalidity": uidvalidity}
    rows = [place | {"uid": uid, "outcome": "suppressed", "reason": reason, "owed": False} for uid in uids]
    new = db.insert_or_ignore(mailbox_uids, "source", "mailbox", "folder", "uidvalidity", "uid")
    for start in range(0, len(rows), AT_ONCE):
        connection.execute(new, rows[start : start + AT_ONCE])


def advance(
    connection: Connection, mailbox: Mailbox, folder: str, uidvalidity: int, last_uid: int, paid: Collection[int] = ()
) -> None:
    """Record that all mails up to that UID are in the ledger; `paid` were flagged or moved."""
    its = _is(folders, mailbox, folder), folders.c.uidvalidity == uidvalidity
    further = update(folders).where(*its, folders.c.last_uid < last_uid)
    connection.execute(further.values(last_uid=last_uid))
    uids = sorted(paid)
    for start in range(0, len(uids), AT_ONCE):
        these = mailbox_uids.c.uid.in_(uids[start : start + AT_ONCE])
        own = _is(mailbox_uids, mailbox, folder), mailbox_uids.c.uidvalidity == uidvalidity
        connection.execute(update(mailbox_uids).where(*own, these).values(owed=False))


def compared(connection: Connection, now: datetime, mailbox: Mailbox, folder: str, unaccounted: int) -> None:
    """Record how many UIDs of the folder are missing in the ledger; with 0 missing, the folder is reconciled."""
    values: dict[str, object] = {"unaccounted": unaccounted}
    if not unaccounted:
        values["reconciled_at"] = now
    connection.execute(update(folders).where(_is(folders, mailbox, folder)).values(values))


def polled(connection: Connection, now: datetime, mailbox: Mailbox) -> None:
    """Record a poll that read all folders to their end."""
    its = update(mailboxes).where(_is(mailboxes, mailbox))
    connection.execute(its.values(watched=True, polled_at=now, error=None, login_error=None))


def failed(connection: Connection, mailbox: Mailbox, error: str, *, login: bool = False) -> None:
    """Record a failed poll; `login` if the server refused the login."""
    values = {"error": error[:MAX_ERROR]} | ({"login_error": error[:MAX_ERROR]} if login else {})
    connection.execute(update(mailboxes).where(_is(mailboxes, mailbox)).values(watched=True, **values))


def token_ends(connection: Connection, mailbox: Mailbox, at: datetime | None) -> None:
    """Store when the refresh token expires; None: the provider does not report it."""
    connection.execute(update(mailboxes).where(_is(mailboxes, mailbox)).values(token_ends_at=at))


def states(connection: Connection) -> list[MailboxState]:
    """Return the states of the watched mailboxes, by source and name."""
    rows = connection.execute(
        select(mailboxes).where(mailboxes.c.watched).order_by(mailboxes.c.source, mailboxes.c.mailbox)
    ).all()
    if not rows:
        return []
    missing = select(folders.c.source, folders.c.mailbox, func.sum(folders.c.unaccounted).label("uids")).group_by(
        folders.c.source, folders.c.mailbox
    )
    unaccounted = {(row.source, row.mailbox): int(row.uids) for row in connection.execute(missing)}
    return [
        MailboxState(
            source=row.source,
            mailbox=row.mailbox,
            since=row.since,
            silent_after=row.silent_after,
            polled_at=row.polled_at,
            error=row.error,
            login_error=row.login_error,
            token_ends_at=row.token_ends_at,
            unaccounted=unaccounted.get((row.source, row.mailbox), 0),
        )
        for row in rows
    ]


def _is(table: Table, mailbox: Mailbox, folder: str | None = None) -> ColumnElement[bool]:
    """Return the condition for the rows of a mailbox, or of one of its folders."""
    found = (table.c.source == mailbox.source) & (table.c.mailbox == mailbox.name)
    return found if folder is None else found & (table.c.folder == folder)

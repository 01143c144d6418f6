"""Plans which mails of a folder to take: those with UIDs above the cursor, and others that are missing in the ledger.

    never read before            from UIDNEXT on, or everything: as configured
    UIDVALIDITY unchanged        from the cursor on
    UIDVALIDITY changed          everything again: known messages are duplicates, and mails older than our first look
                                 are not ours
    a reconcile                  all mails that are ours are compared, also below the cursor

Pure: values in, values out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from worker.ledger import Cursor, Known

CLOCKS_APART = timedelta(minutes=10)  # the server's and the ledger's


@dataclass(frozen=True, slots=True)
class Folder:
    """The server's answer when a folder is opened (RFC 3501, section 2.3.1.1)."""

    uidvalidity: int
    uidnext: int


@dataclass(frozen=True, slots=True)
class Start:
    """The place in a folder at which reading begins."""

    cursor: Cursor
    is_new: bool
    """The cursor differs from the one in the ledger."""

    @property
    def is_anew(self) -> bool:
        """Return True when UIDs began anew. Then mails older than our first look must be excluded."""
        return self.is_new and self.cursor.since is not None and self.cursor.first_uid == 1


def start(cursor: Cursor | None, folder: Folder, begin: Literal["new", "all"], now: datetime) -> Start:
    """Return where to go on in a folder."""
    if cursor is None and begin == "new":
        return Start(Cursor(folder.uidvalidity, folder.uidnext, folder.uidnext - 1, now), is_new=True)
    if cursor is None:
        return Start(Cursor(folder.uidvalidity, 1, 0), is_new=True)
    if cursor.uidvalidity != folder.uidvalidity:
        return Start(Cursor(folder.uidvalidity, 1, 0, cursor.since), is_new=True)
    return Start(cursor, is_new=False)


def reconcile_is_due(cursor: Cursor, now: datetime, every: timedelta) -> bool:
    """Return True when all UIDs should be compared again."""
    return cursor.reconciled_at is None or now - cursor.reconciled_at >= every


@dataclass(frozen=True, slots=True)
class Work:
    """The work in a folder, each list in the order of UIDs."""

    take: tuple[int, ...]
    """Mails that are not accounted for."""
    pay: tuple[int, ...]
    """Mails accounted for that must still be flagged or moved: an earlier process ended between the two."""


def work(cursor: Cursor, present: Collection[int], known: Known) -> Work:
    """Return the work for the UIDs on the server; whether somebody has read a mail does not matter."""
    ours = {uid for uid in present if uid >= cursor.first_uid}
    return Work(tuple(sorted(ours - known.uids)), tuple(sorted(ours & known.owed)))


def reached(cursor: Cursor, present: Iterable[int], missing: Collection[int]) -> int:
    """Return the UID up to which all is accounted for, given the `missing` ones; the cursor never goes back."""
    end = min(missing) - 1 if missing else max(present, default=0)
    return max(cursor.last_uid, end)


def older_than_us(cursor: Cursor, arrived: Mapping[int, datetime]) -> tuple[int, ...]:
    """Return the UIDs of mails that arrived at the server before our first look."""
    if cursor.since is None:
        return ()
    return tuple(sorted(uid for uid, at in arrived.items() if at < cursor.since - CLOCKS_APART))

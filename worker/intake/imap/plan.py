"""Which mails of a folder are to be taken? Those whose UIDs are above the cursor, and whatever else is in no ledger.

    never read before            from UIDNEXT on, or everything: as is configured
    UIDVALIDITY as it was        from the cursor on
    UIDVALIDITY is another       everything again: known messages are duplicates, and what is older than our first
                                 look is none of ours
    a reconcile                  everything that is ours is compared, also below the cursor

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
    """What the server says when a folder is opened (RFC 3501, section 2.3.1.1)."""

    uidvalidity: int
    uidnext: int


@dataclass(frozen=True, slots=True)
class Start:
    """From where a folder is read."""

    cursor: Cursor
    is_new: bool
    """It is another cursor than the ledger has."""

    @property
    def is_anew(self) -> bool:
        """UIDs began anew: what is older than our first look must be told from what is ours."""
        return self.is_new and self.cursor.since is not None and self.cursor.first_uid == 1


def start(cursor: Cursor | None, folder: Folder, begin: Literal["new", "all"], now: datetime) -> Start:
    """Where to go on."""
    if cursor is None and begin == "new":
        return Start(Cursor(folder.uidvalidity, folder.uidnext, folder.uidnext - 1, now), is_new=True)
    if cursor is None:
        return Start(Cursor(folder.uidvalidity, 1, 0), is_new=True)
    if cursor.uidvalidity != folder.uidvalidity:
        return Start(Cursor(folder.uidvalidity, 1, 0, cursor.since), is_new=True)
    return Start(cursor, is_new=False)


def reconcile_is_due(cursor: Cursor, now: datetime, every: timedelta) -> bool:
    """True when all UIDs should be compared again."""
    return cursor.reconciled_at is None or now - cursor.reconciled_at >= every


@dataclass(frozen=True, slots=True)
class Work:
    """What there is to do in a folder, each in the order of UIDs."""

    take: tuple[int, ...]
    """Not accounted for."""
    pay: tuple[int, ...]
    """Accounted for, and still to be flagged or moved: an earlier process was ended between the two."""


def work(cursor: Cursor, present: Collection[int], known: Known) -> Work:
    """What to do about the UIDs that the server has; whether somebody has read them does not matter."""
    ours = {uid for uid in present if uid >= cursor.first_uid}
    return Work(tuple(sorted(ours - known.uids)), tuple(sorted(ours & known.owed)))


def reached(cursor: Cursor, present: Iterable[int], missing: Collection[int]) -> int:
    """Up to which UID all is accounted for, when these of the present ones are not; it never goes back."""
    end = min(missing) - 1 if missing else max(present, default=0)
    return max(cursor.last_uid, end)


def older_than_us(cursor: Cursor, arrived: Mapping[int, datetime]) -> tuple[int, ...]:
    """The UIDs of mails that were there before our first look, by the time at which each arrived at the server."""
    if cursor.since is None:
        return ()
    return tuple(sorted(uid for uid, at in arrived.items() if at < cursor.since - CLOCKS_APART))

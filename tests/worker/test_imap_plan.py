"""The plan of a poll: which mails of a folder are taken, and how far the cursor moves. Values in, values out."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.intake.imap.plan import CLOCKS_APART, Folder, older_than_us, reached, reconcile_is_due, start, work
from worker.ledger.sources.mailboxes import Cursor, Known

from .builders import NOON

NOTHING = Known(frozenset(), frozenset())


def known(*uids: int, owed: tuple[int, ...] = ()) -> Known:
    return Known(frozenset(uids), frozenset(owed))


def test_a_new_mailbox_is_read_from_the_next_mail_on() -> None:
    begun = start(None, Folder(7, 101), "new", NOON)
    assert begun.cursor == Cursor(7, 101, 100, NOON)
    assert begun.is_new
    assert not begun.is_anew
    assert work(begun.cursor, {99, 100, 101, 102}, NOTHING).take == (101, 102)


def test_a_new_mailbox_is_read_as_a_whole_where_that_is_configured() -> None:
    begun = start(None, Folder(7, 101), "all", NOON)
    assert begun.cursor == Cursor(7, 1, 0)
    assert work(begun.cursor, {3, 1, 100}, NOTHING).take == (1, 3, 100)


def test_a_known_mailbox_goes_on_at_its_cursor() -> None:
    cursor = Cursor(7, 1, 40, NOON)
    assert start(cursor, Folder(7, 50), "new", NOON + timedelta(days=1)).cursor == cursor
    assert not start(cursor, Folder(7, 50), "new", NOON).is_new


def test_another_uidvalidity_means_that_everything_is_read_again() -> None:
    begun = start(Cursor(7, 101, 140, NOON), Folder(8, 50), "new", NOON + timedelta(days=9))
    assert begun.cursor == Cursor(8, 1, 0, NOON)
    assert begun.is_anew


def test_what_is_older_than_our_first_look_is_told_by_its_time_when_uids_begin_anew() -> None:
    arrived = {1: NOON - timedelta(days=3), 2: NOON - CLOCKS_APART, 3: NOON, 4: NOON + timedelta(days=3)}
    assert older_than_us(Cursor(8, 1, 0, NOON), arrived) == (1,)
    assert older_than_us(Cursor(8, 1, 0, None), arrived) == ()


def test_what_is_in_the_ledger_is_not_taken_again_and_what_is_owed_is_paid() -> None:
    todo = work(Cursor(7, 1, 2), {1, 2, 3, 4, 5}, known(1, 2, 4, 5, owed=(5, 9)))
    assert todo.take == (3,)
    assert todo.pay == (5,)


@pytest.mark.parametrize(
    ("present", "missing", "expected"),
    [
        pytest.param({11, 12}, set(), 12, id="all of them"),
        pytest.param({11, 12, 13}, {12}, 11, id="up to the first that is missing"),
        pytest.param({4, 11, 12}, {4}, 10, id="a gap below the cursor does not take it back"),
        pytest.param(set(), set(), 10, id="nothing is there"),
    ],
)
def test_the_cursor_stops_before_what_is_missing(present: set[int], missing: set[int], expected: int) -> None:
    assert reached(Cursor(7, 1, 10), present, missing) == expected


@pytest.mark.parametrize(
    ("compared", "due"), [(None, True), (NOON - timedelta(minutes=59), False), (NOON - timedelta(hours=1), True)]
)
def test_the_reconcile_is_due_after_its_time(compared: datetime | None, due: bool) -> None:
    assert reconcile_is_due(Cursor(7, 1, 0, None, compared), NOON, timedelta(hours=1)) is due


_UIDS = st.frozensets(st.integers(1, 30))


@given(present=_UIDS, recorded=_UIDS, first=st.integers(1, 30), failing=_UIDS)
def test_every_mail_of_ours_is_in_the_ledger_or_is_found_again(
    present: frozenset[int], recorded: frozenset[int], first: int, failing: frozenset[int]
) -> None:
    """However far a poll came, a remaining mail is above the cursor, or known to be missing."""
    cursor = Cursor(7, first, first - 1)
    taken = set(work(cursor, present, known(*recorded)).take)
    missing = taken & failing
    accounted = recorded | (taken - missing)
    ours = {uid for uid in present if uid >= first}
    assert ours - accounted == missing
    assert all(uid > reached(cursor, present, missing) for uid in missing)

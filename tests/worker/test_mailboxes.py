"""Mailboxes in the ledger: owner, cursor, accounted mails and alarms."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.contract.messages import Parsed, Remark
from worker.ledger import Delivery, Ledger, Mailbox, UidPlace
from worker.ledger.reports.alarms import alarms
from worker.ledger.reports.deliveries import Filter
from worker.ledger.schema.tables import inbound as deliveries
from worker.ledger.schema.tables import mailbox_uids
from worker.ledger.sources.mailboxes import Cursor, Known
from worker.settings import TimingSettings

from .builders import NOON, ManualClock, commented, delivery, inbound, opened, rows

BOX = Mailbox("support", "main")
OTHER = Mailbox("support", "sales")
LEASE = timedelta(seconds=60)


def place(uid: int, *, owed: bool = False, mailbox: str = "main") -> UidPlace:
    return UidPlace(mailbox, "INBOX", 7, uid, owed)


def alarm_names(ledger: Ledger) -> list[str]:
    return [each.name for each in alarms(ledger.overview(), TimingSettings()) if each.name.startswith("mailbox")]


@pytest.fixture
def watched(ledger: Ledger) -> Ledger:
    ledger.mailboxes.watch([(BOX, 600.0)])
    return ledger


def test_one_process_at_a_time_has_a_mailbox(watched: Ledger, clock: ManualClock) -> None:
    boxes = watched.mailboxes
    assert boxes.lease(BOX, "one", LEASE)
    assert not boxes.lease(BOX, "two", LEASE)
    clock.advance(seconds=59)
    assert boxes.lease(BOX, "one", LEASE)
    clock.advance(seconds=59)
    assert not boxes.lease(BOX, "two", LEASE)
    clock.advance(seconds=1)
    assert boxes.lease(BOX, "two", LEASE)
    assert not boxes.lease(BOX, "one", LEASE)


def test_a_mailbox_that_was_given_back_can_be_taken(watched: Ledger) -> None:
    boxes = watched.mailboxes
    assert boxes.lease(BOX, "one", LEASE)
    boxes.release(BOX, "two")
    assert not boxes.lease(BOX, "two", LEASE)
    boxes.release(BOX, "one")
    assert boxes.lease(BOX, "two", LEASE)


def test_a_mailbox_that_is_not_watched_has_no_owner(ledger: Ledger) -> None:
    assert not ledger.mailboxes.lease(BOX, "one", LEASE)


def test_a_mail_is_accounted_for_as_it_is_recorded(watched: Ledger) -> None:
    mails = [
        delivery(opened("a"), source="support", place=place(1)),
        delivery(commented("a", unknown="open"), source="support", place=place(2, owed=True)),
        delivery(opened("a"), source="support", place=place(3)),
        Delivery(inbound(source="support"), Parsed(ignored=(Remark("mail", "our own"),)), place=place(4)),
        Delivery(inbound(source="support"), unreadable="no mail", place=place(5)),
    ]
    ids = [watched.record([each])[0][0].inbound_id for each in mails]
    words = ["ticket", "note", "duplicate", "suppressed", "quarantined"]
    assert [(each["uid"], each["outcome"], each["inbound_id"]) for each in rows(watched, mailbox_uids)] == list(
        zip((1, 2, 3, 4, 5), words, ids, strict=True)
    )
    assert [each["duplicate_of"] for each in rows(watched, deliveries)] == [None, None, ids[0], None, None]
    assert watched.mailboxes.known(BOX, "INBOX", 7, 1) == Known(frozenset({2, 3, 4, 5}), frozenset({2}))
    every = {"ticket": 1, "note": 1, "duplicate": 1, "suppressed": 1, "quarantined": 1}
    assert watched.reading.uid_outcomes(BOX, "INBOX", 7) == every
    assert watched.reading.outcomes("support", None) == every


def test_copies_that_come_together_are_one_ticket_and_two_accounts(watched: Ledger) -> None:
    copies = [delivery(opened("a"), source="support", place=place(1)),
              delivery(opened("a"), source="support", place=place(1, mailbox="sales"))]  # fmt: skip
    recorded, _ = watched.record(copies)
    assert [each.became for each in recorded] == ["ticket", "duplicate"]
    assert recorded[1].duplicate_of == recorded[0].inbound_id
    shown, _ = watched.reading.deliveries(Filter(), None)
    assert shown.duplicate_of == f"in-{recorded[0].inbound_id}"
    assert len(rows(watched, mailbox_uids)) == 2


def test_a_mail_that_was_recorded_by_two_processes_is_accounted_for_once(watched: Ledger) -> None:
    again = [delivery(opened("a"), source="support", place=place(1)) for _ in range(2)]
    first, _ = [watched.record([each])[0][0].inbound_id for each in again]
    (only,) = rows(watched, mailbox_uids)
    assert only["inbound_id"] == first


def test_unreadable_bytes_that_come_again_are_accounted_for_each_time(watched: Ledger) -> None:
    for uid in (1, 2):
        watched.record([Delivery(inbound(b"?", source="support"), unreadable="no mail", place=place(uid))])
    (kept,) = rows(watched, deliveries)
    assert [(each["uid"], each["inbound_id"]) for each in rows(watched, mailbox_uids)] == [
        (1, kept["id"]), (2, kept["id"]),
    ]  # fmt: skip
    assert watched.reading.outcomes("support", None)["quarantined"] == 2


def test_what_left_quarantine_counts_as_what_it_became(watched: Ledger) -> None:
    broken = Delivery(inbound(source="support"), unreadable="no mail", place=place(1))
    number = watched.record([broken])[0][0].inbound_id
    read = replace(broken, parsed=Parsed((opened("a"),)), unreadable=None, inbound_id=number, place=None)
    watched.read_again(read, f"in-{number}")
    assert watched.reading.uid_outcomes(BOX, "INBOX", 7)["ticket"] == 1
    assert watched.reading.outcomes("support", None)["quarantined"] == 0


def test_a_transaction_that_fails_accounts_for_nothing(watched: Ledger) -> None:
    good = delivery(opened("a"), source="support", place=place(1))
    with pytest.raises(ValueError, match="argument"):
        watched.record([good, replace(good, treatments=(None,) * 2)])  # type: ignore[arg-type]
    assert rows(watched, mailbox_uids) == rows(watched, deliveries) == []


def test_a_cursor_goes_on_and_never_back(watched: Ledger) -> None:
    boxes = watched.mailboxes
    assert boxes.cursor(BOX, "INBOX") is None
    boxes.begin(BOX, "INBOX", Cursor(7, 101, 100, NOON))
    boxes.advance(BOX, "INBOX", 7, 120)
    boxes.advance(BOX, "INBOX", 7, 110)
    boxes.advance(BOX, "INBOX", 6, 900)
    assert boxes.cursor(BOX, "INBOX") == Cursor(7, 101, 120, NOON)
    boxes.begin(BOX, "INBOX", Cursor(8, 1, 0, NOON))
    assert boxes.cursor(BOX, "INBOX") == Cursor(8, 1, 0, NOON)


def test_what_was_flagged_is_owed_no_more(watched: Ledger) -> None:
    for uid in (1, 2):
        watched.record([delivery(opened(str(uid)), source="support", place=place(uid, owed=True))])
    watched.mailboxes.begin(BOX, "INBOX", Cursor(7, 1, 0))
    watched.mailboxes.advance(BOX, "INBOX", 7, 2, [1])
    assert watched.mailboxes.known(BOX, "INBOX", 7, 0).owed == {2}


def test_mails_from_before_us_are_accounted_for_without_a_delivery(watched: Ledger) -> None:
    watched.mailboxes.suppress(BOX, "INBOX", 7, range(1, 1201), "it was there before")
    assert len(watched.mailboxes.known(BOX, "INBOX", 7, 0).uids) == 1200
    assert watched.reading.uid_outcomes(BOX, "INBOX", 7)["suppressed"] == 1200


def test_a_silent_mailbox_is_an_alarm_until_it_is_read(watched: Ledger, clock: ManualClock) -> None:
    clock.advance(seconds=600)
    assert alarm_names(watched) == []
    clock.advance(seconds=1)
    assert alarm_names(watched) == ["mailbox_silent"]
    watched.mailboxes.polled(BOX)
    assert alarm_names(watched) == []
    clock.advance(seconds=601)
    watched.mailboxes.failed(BOX, "connection refused")
    (alarm,) = [each for each in alarms(watched.overview(), TimingSettings()) if each.name == "mailbox_silent"]
    assert "connection refused" in alarm.text


def test_a_mailbox_that_is_not_configured_any_more_raises_no_alarm(watched: Ledger, clock: ManualClock) -> None:
    clock.advance(hours=1)
    watched.mailboxes.watch([(OTHER, 600.0)])
    assert alarm_names(watched) == []
    watched.mailboxes.watch([(BOX, 600.0), (OTHER, 600.0)])
    assert alarm_names(watched) == []
    assert [each.mailbox for each in watched.overview().mailboxes] == ["main", "sales"]


def test_a_mailbox_that_another_process_reads_is_watched_though_this_one_does_not_know_it(watched: Ledger) -> None:
    watched.mailboxes.watch([(OTHER, 600.0)])
    watched.mailboxes.failed(BOX, "connection refused")
    assert [each.mailbox for each in watched.overview().mailboxes] == ["main", "sales"]


def test_a_refused_login_is_an_alarm_until_a_poll_succeeds(watched: Ledger) -> None:
    watched.mailboxes.failed(BOX, "invalid_grant", login=True)
    assert alarm_names(watched) == ["mailbox_login"]
    watched.mailboxes.polled(BOX)
    assert alarm_names(watched) == []


def test_a_refresh_token_that_ends_soon_is_an_alarm(watched: Ledger) -> None:
    watched.mailboxes.token_ends(BOX, NOON + timedelta(days=8))
    assert alarm_names(watched) == []
    watched.mailboxes.token_ends(BOX, NOON + timedelta(days=6))
    assert alarm_names(watched) == ["mailbox_login"]


def test_mails_that_are_not_in_the_ledger_are_an_alarm(watched: Ledger) -> None:
    watched.mailboxes.begin(BOX, "INBOX", Cursor(7, 1, 0))
    watched.mailboxes.compared(BOX, "INBOX", 3)
    assert alarm_names(watched) == ["mailbox_unaccounted"]
    watched.mailboxes.compared(BOX, "INBOX", 0)
    assert alarm_names(watched) == []

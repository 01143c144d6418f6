"""Every mail of a mailbox is taken once, whatever the server, its users and other processes do; on a real Dovecot."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.acceptance.processes import wait_until
from tests.own_mail import Dovecot, own_dovecot
from worker.ledger import Mailbox
from worker.ledger.reports.alarms import alarms
from worker.settings import TimingSettings

from .mailreading import LEASE, PATIENCE_S, box, mail, reading

pytestmark = pytest.mark.own_dovecot

BOX = Mailbox("support", "main")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    with own_dovecot() as server:
        yield server


def test_mail_that_was_there_before_is_left_and_what_comes_afterwards_is_taken(
    dovecot: Dovecot, tmp_path: Path
) -> None:
    dovecot.deliver(mail(), mail())
    with reading(tmp_path, main=box(dovecot, begin="new")) as found, found.going():
        wait_until(lambda: found.ledger.mailboxes.cursor(BOX, "INBOX") is not None, "a cursor", PATIENCE_S)
        dovecot.deliver(mail("After"))
        found.wait_for(1)
        found.wait_for_polls()
        assert [each["uid"] for each in found.uids()] == [3]
        assert found.tickets() == 1


def test_all_mail_is_taken_where_that_is_configured_and_stays_unread(dovecot: Dovecot, tmp_path: Path) -> None:
    dovecot.deliver(*(mail() for _ in range(45)))
    with reading(tmp_path, main=box(dovecot)) as found, found.going():
        found.wait_for(45)
        found.wait_for_polls()
        assert found.outcomes() == {"ticket": 45}
        assert found.tickets() == 45
    assert dovecot.count(criteria="UNSEEN") == 45


def test_new_mail_is_told_by_idle_long_before_the_next_poll(dovecot: Dovecot, tmp_path: Path) -> None:
    with reading(tmp_path, main=box(dovecot, poll=3600.0)) as found, found.going():
        wait_until(lambda: found.state().polled_at is not None, "a first poll", PATIENCE_S)
        dovecot.deliver(mail())
        found.wait_for(1)


def test_without_idle_new_mail_comes_with_the_next_poll(dovecot: Dovecot, tmp_path: Path) -> None:
    with reading(tmp_path, main=box(dovecot, idle=False)) as found, found.going():
        found.wait_for_polls()
        dovecot.deliver(mail())
        found.wait_for(1)


def test_several_mailboxes_and_folders_are_read_and_a_copy_is_a_duplicate(dovecot: Dovecot, tmp_path: Path) -> None:
    copy = mail("To both")
    dovecot.deliver(copy)
    dovecot.deliver(copy, mail("Sales"), folder="Sales Inbox")
    dovecot.deliver(mail("Räume"), folder="Ämter/Bau")
    boxes = {"main": box(dovecot, folders=["INBOX", "Sales Inbox"]), "town": box(dovecot, folders=["Ämter/Bau"])}
    with reading(tmp_path, **boxes) as found, found.going():
        found.wait_for(4)
        assert found.outcomes() == {"duplicate": 1, "ticket": 3}
        assert {(each["mailbox"], each["folder"]) for each in found.uids()} == {
            ("main", "INBOX"), ("main", "Sales Inbox"), ("town", "Ämter/Bau"),
        }  # fmt: skip
        assert len(found.deliveries()) == 4


def test_a_folder_that_is_not_there_keeps_no_other_from_being_read(dovecot: Dovecot, tmp_path: Path) -> None:
    dovecot.deliver(mail())
    with reading(tmp_path, main=box(dovecot, folders=["Missing", "INBOX"])) as found, found.going():
        found.wait_for(1)
        wait_until(lambda: "Missing" in (found.state().error or ""), "an error that names it", PATIENCE_S)
        assert found.state().polled_at is None


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_it_is_read_over_tls_starttls_and_in_clear_on_this_machine(
    dovecot: Dovecot, tmp_path: Path, security: str
) -> None:
    dovecot.deliver(mail())
    port = dovecot.tls_port if security == "tls" else dovecot.port
    with reading(tmp_path, main=box(dovecot, security=security, port=port)) as found, found.going():
        found.wait_for(1)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_of_another_authority_is_refused(dovecot: Dovecot, tmp_path: Path, security: str) -> None:
    dovecot.deliver(mail())
    port = dovecot.tls_port if security == "tls" else dovecot.port
    with reading(tmp_path, main=box(dovecot, security=security, port=port, tls_ca=None)) as found, found.going():
        wait_until(lambda: "CERTIFICATE_VERIFY_FAILED" in (found.state().error or ""), "a refusal", PATIENCE_S)
        assert found.uids() == []


def test_a_wrong_password_is_an_alarm_and_no_loss(dovecot: Dovecot, tmp_path: Path) -> None:
    dovecot.deliver(mail())
    with reading(tmp_path, main=box(dovecot, password="another")) as found:
        with found.going():
            wait_until(lambda: found.state().login_error is not None, "a login that is refused", PATIENCE_S)
        found.configure(main=box(dovecot))
        with found.going():
            found.wait_for(1)
            wait_until(lambda: found.state().login_error is None, "no complaint any more", PATIENCE_S)


def test_uids_that_begin_anew_make_no_duplicate_and_lose_nothing(dovecot: Dovecot, tmp_path: Path) -> None:
    dovecot.deliver(*(mail() for _ in range(30)))
    with reading(tmp_path, main=box(dovecot)) as found, found.going():
        found.wait_for(30)
        dovecot.server.kill()
        dovecot.forget_uids()
        dovecot.server.start()
        dovecot.deliver(mail("After"))
        found.wait_for(61)
        found.wait_for_polls()
        assert found.outcomes() == {"duplicate": 30, "ticket": 31}
        assert found.tickets() == 31
        assert len({each["uidvalidity"] for each in found.uids()}) == 2


def test_uids_that_begin_anew_open_no_tickets_for_what_was_there_before_us(dovecot: Dovecot, tmp_path: Path) -> None:
    with dovecot.session() as client:
        for _ in range(3):
            client.append("INBOX", mail("Old"), msg_time=LONG_AGO)
    with reading(tmp_path, main=box(dovecot, begin="new")) as found, found.going():
        wait_until(lambda: found.ledger.mailboxes.cursor(BOX, "INBOX") is not None, "a cursor", PATIENCE_S)
        dovecot.deliver(mail("Ours"))
        found.wait_for(1)
        dovecot.server.kill()
        dovecot.forget_uids()
        dovecot.server.start()
        found.wait_for(5)
        found.wait_for_polls()
        assert found.outcomes() == {"duplicate": 1, "suppressed": 3, "ticket": 1}
        assert found.tickets() == 1


def test_a_second_reader_that_marks_mail_as_seen_makes_nothing_be_missed(dovecot: Dovecot, tmp_path: Path) -> None:
    picked = random.Random(8)  # noqa: S311 — which mails a person reads
    with reading(tmp_path, main=box(dovecot)) as found, found.going(), dovecot.session() as person:
        for _ in range(40):
            dovecot.deliver(mail())
            person.noop()
            if uids := person.search("ALL"):
                person.add_flags(picked.sample(uids, min(3, len(uids))), [r"\Seen"])
        person.add_flags(person.search("ALL"), [r"\Seen"])
        found.wait_for(40)
        assert found.outcomes() == {"ticket": 40}
    assert dovecot.count(criteria="UNSEEN") == 0


def test_mail_is_flagged_once_it_is_in_the_ledger_and_not_marked_as_read(dovecot: Dovecot, tmp_path: Path) -> None:
    dovecot.deliver(*(mail() for _ in range(25)))
    with reading(tmp_path, main=box(dovecot, then="flag")) as found, found.going():
        found.wait_for(25)
        wait_until(lambda: dovecot.count(criteria="KEYWORD $Ticketrelay") == 25, "25 flags", PATIENCE_S)
        found.wait_for_polls()
        assert not any(each["owed"] for each in found.uids())
    assert dovecot.count(criteria="UNSEEN") == 25


def test_mail_is_moved_once_it_is_in_the_ledger_to_a_folder_that_is_made(dovecot: Dovecot, tmp_path: Path) -> None:
    dovecot.deliver(*(mail() for _ in range(25)))
    with reading(tmp_path, main=box(dovecot, then="move", move_to="Done")) as found, found.going():
        wait_until(lambda: dovecot.count() == 0, "an empty inbox", PATIENCE_S)
        assert found.outcomes() == {"ticket": 25}
        assert dovecot.count("Done") == 25


def test_without_move_a_mail_is_copied_and_only_that_one_expunged(tmp_path: Path) -> None:
    announced = "imap_capability = IMAP4rev1 SASL-IR IDLE UIDPLUS LITERAL+ AUTH=PLAIN STARTTLS\n"
    with own_dovecot(settings=announced) as dovecot:
        dovecot.deliver(mail("Deleted by a person"))
        with dovecot.session() as person:
            person.add_flags([1], [r"\Deleted"])
        settings = box(dovecot, begin="new", then="move", move_to="Done")
        with reading(tmp_path, main=settings) as found, found.going():
            wait_until(lambda: found.ledger.mailboxes.cursor(BOX, "INBOX") is not None, "a cursor", PATIENCE_S)
            dovecot.deliver(mail("Moved"))
            wait_until(lambda: found.tickets() == 1 and dovecot.count() == 1, "a moved mail", PATIENCE_S)
        assert dovecot.count("Done") == 1
        assert dovecot.count(criteria="DELETED") == 1


def test_a_server_that_cannot_move_safely_is_told_of_and_the_mail_is_taken(tmp_path: Path) -> None:
    announced = "imap_capability = IMAP4rev1 SASL-IR IDLE LITERAL+ AUTH=PLAIN STARTTLS\n"
    with own_dovecot(settings=announced) as dovecot:
        dovecot.deliver(mail())
        with reading(tmp_path, main=box(dovecot, then="move", move_to="Done")) as found, found.going():
            found.wait_for(1)
            wait_until(lambda: "UIDPLUS" in (found.state().error or ""), "a complaint", PATIENCE_S)
            assert found.state().polled_at is not None
            assert [each["owed"] for each in found.uids()] == [True]
        assert (dovecot.count(), dovecot.count("Done"), dovecot.count(criteria="DELETED")) == (1, 0, 0)


def test_what_an_earlier_process_took_and_did_not_flag_is_flagged(dovecot: Dovecot, tmp_path: Path) -> None:
    dovecot.deliver(mail(), mail())
    with reading(tmp_path, main=box(dovecot)) as found:
        with found.going():
            found.wait_for(2)
        with found.ledger.database.write() as connection:  # as if killed between recording and flag
            connection.exec_driver_sql("UPDATE mailbox_uids SET owed = 1")
            connection.exec_driver_sql("UPDATE folders SET last_uid = 0")
        found.configure(main=box(dovecot, then="flag"))
        with found.going():
            wait_until(lambda: dovecot.count(criteria="KEYWORD $Ticketrelay") == 2, "2 flags", PATIENCE_S)
        assert found.tickets() == 2


def test_a_mail_that_is_too_large_waits_in_quarantine_with_its_beginning(dovecot: Dovecot, tmp_path: Path) -> None:
    dovecot.deliver(mail("Large", "x" * 70 + "\n") + b"y" * 50_000, mail("Small"))
    with reading(tmp_path, main=box(dovecot, max_size=20_000)) as found, found.going():
        found.wait_for(2)
        assert found.outcomes() == {"quarantined": 1, "ticket": 1}
        (large,) = [each for each in found.deliveries() if each["outcome"] == "quarantined"]
        assert "may have 20000" in large["reason"]
        (stored,) = found.ledger.reading.stored(f"in-{large['id']}")
        assert stored.body is not None
        assert b"Subject: Large" in stored.body
        assert len(stored.body) == 20_000


def test_what_is_no_mail_waits_in_quarantine_and_the_next_one_is_taken(dovecot: Dovecot, tmp_path: Path) -> None:
    dovecot.deliver(b"\r\nno headers at all\r\n", mail())
    with reading(tmp_path, main=box(dovecot)) as found, found.going():
        found.wait_for(2)
        assert found.outcomes() == {"quarantined": 1, "ticket": 1}


def test_a_server_that_is_away_for_a_while_costs_nothing_but_time(dovecot: Dovecot, tmp_path: Path) -> None:
    dovecot.deliver(mail())
    with reading(tmp_path, main=box(dovecot)) as found, found.going():
        found.wait_for(1)
        dovecot.server.kill()
        wait_until(lambda: found.state().error is not None, "an error", PATIENCE_S)
        dovecot.server.start()
        dovecot.deliver(mail())
        found.wait_for(2)
        wait_until(lambda: found.state().error is None, "no error any more", PATIENCE_S)


def test_a_server_that_stands_still_is_given_up_and_tried_again(dovecot: Dovecot, tmp_path: Path) -> None:
    with reading(tmp_path, main=box(dovecot, idle=False, timeout=0.5)) as found, found.going():
        found.wait_for_polls()
        dovecot.server.freeze()
        wait_until(lambda: found.state().error is not None, "an error", PATIENCE_S)
        dovecot.server.thaw()
        dovecot.deliver(mail())
        found.wait_for(1)


def test_a_ledger_that_is_away_leaves_the_cursor(dovecot: Dovecot, tmp_path: Path) -> None:
    with reading(tmp_path, main=box(dovecot)) as found, found.going():
        found.wait_for_polls()
        with found.ledger.database.write() as connection:
            connection.exec_driver_sql("ALTER TABLE inbound RENAME TO away")
        dovecot.deliver(mail())
        with found.ledger.database.write() as connection:
            connection.exec_driver_sql("ALTER TABLE away RENAME TO inbound")
        found.wait_for(1)
        assert found.outcomes() == {"ticket": 1}


def test_the_reconcile_finds_what_is_below_the_cursor_and_not_in_the_ledger(dovecot: Dovecot, tmp_path: Path) -> None:
    dovecot.deliver(mail(), mail(), mail())
    with reading(tmp_path, main=box(dovecot, reconcile=0.5)) as found, found.going():
        found.wait_for(3)
        found.wait_for_polls()
        with found.ledger.database.write() as connection:
            connection.exec_driver_sql("DELETE FROM mailbox_uids WHERE uid = 2")
        found.wait_for(3)
        assert {each["uid"]: each["outcome"] for each in found.uids()} == {1: "ticket", 2: "duplicate", 3: "ticket"}


def test_two_processes_that_read_a_mailbox_take_turns_and_every_mail_once(dovecot: Dovecot, tmp_path: Path) -> None:
    with reading(tmp_path, main=box(dovecot)) as found:
        with found.going():
            with found.going():
                dovecot.deliver(*(mail() for _ in range(30)))
                found.wait_for(30)
            found.wait_for_polls()
            dovecot.deliver(mail())
            found.wait_for(31)
        assert found.outcomes() == {"ticket": 31}
        assert len(found.deliveries()) == 31


def test_a_mailbox_comes_and_goes_with_the_settings(dovecot: Dovecot, tmp_path: Path) -> None:
    with reading(tmp_path) as found, found.going():
        dovecot.deliver(mail())
        found.configure(main=box(dovecot))
        found.wait_for(1)
        found.configure()
        wait_until(lambda: not found.ledger.overview().mailboxes, "no mailbox that is watched", PATIENCE_S)
        wait_until(lambda: found.ledger.mailboxes.lease(BOX, "another", LEASE), "a mailbox that is free", PATIENCE_S)


def test_a_mailbox_that_is_away_is_an_alarm_after_its_time(dovecot: Dovecot, tmp_path: Path) -> None:
    with reading(tmp_path, main=box(dovecot, silent_alarm=1.0)) as found, found.going():
        found.wait_for_polls()
        dovecot.server.kill()

        def up() -> list[str]:
            return [each.name for each in alarms(found.ledger.overview(), TimingSettings())]

        wait_until(lambda: "mailbox_silent" in up(), "an alarm", PATIENCE_S)
        dovecot.server.start()
        wait_until(lambda: up() == [], "no alarm", PATIENCE_S)

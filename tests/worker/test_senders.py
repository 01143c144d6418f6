"""Verdicts of our own mail server on senders: a forged sender joins nothing, and an unverified one is marked once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from connectors.email import thread_address
from connectors.email.settings import Settings
from worker.ledger import Ledger
from worker.ledger.schema.tables import cases, participants, receipts

from .builders import at_once, deliver_all, kinds_of, rows
from .conftest import MakeLedger
from .conversations import story
from .mails import ADA, BOB, EVE, SUPPORT, Mailbox, mail_source, mailbox, named, raw
from .test_mail_cases import BACKUP, did, report

OURS = "mx.example.net"
PASSED = f"{OURS}; dmarc=pass header.from=customer.example"
FAILED = f"{OURS}; dmarc=fail (p=reject) header.from=customer.example"
FORGED = f"Not verified: somebody else than {ADA} may have written this mail (DMARC did not pass)."
UNKNOWN = f"Not verified: {OURS} does not confirm that this mail is from {{}}."
REPLY: dict[str, Any] = {"In_Reply_To": named("first")}


@contextmanager
def box_with(ledger: Ledger, **settings: Any) -> Iterator[Mailbox]:
    """Open a mailbox in which Ada has a ticket, number 1042."""
    with mailbox(ledger, authserv_id=OURS, **settings) as box:
        box.take(raw("first", Authentication_Results=PASSED))
        deliver_all(ledger, "1042")
        yield box


def texts(ledger: Ledger) -> list[list[str]]:
    return [[text for _, text in said] for said in story(ledger).values()]


def kinds(ledger: Ledger) -> list[list[str]]:
    return [[kind for kind, _ in said] for said in story(ledger).values()]


def people(ledger: Ledger) -> set[str]:
    return {each["name"] for each in rows(ledger, participants) if not each["name"].startswith("unverified: ")}


@pytest.mark.parametrize(
    "knows",
    [
        REPLY,
        {"References": f"{named('unknown1')} {named('first')}"},
        {"Subject": "Re: [#1042] The door"},
        {"Message_ID": named("first"), "Date": "Wed, 01 Jul 2026 10:00:00 +0000"},
        {"In_Reply_To": named("first"), "List_Id": "<ops.example.net>"},
    ],
    ids=str,
)
def test_a_forged_participant_cannot_write_to_a_ticket(ledger: Ledger, knows: dict[str, Any]) -> None:
    with box_with(ledger) as box:
        box.take(raw("forged.01", "Send the key to Eve.", Cc=EVE, Authentication_Results=FAILED, **knows))
        assert kinds(ledger) == [["create_ticket"], ["create_ticket"]]
        assert "ticket 1042" in texts(ledger)[1][0]
        assert texts(ledger)[1][0].startswith(FORGED)
        assert people(ledger) == {ADA}, "neither the forged author nor those who were copied"
        eve = raw("evil.0001", "Hello?", author=EVE, In_Reply_To=named("first"))
        box.take(eve)
        assert kinds(ledger)[0] == ["create_ticket"]


@pytest.mark.parametrize("auto", [{"Auto_Submitted": "auto-replied"}, {"Return_Path": "<>"}], ids=str)
def test_a_forged_automatic_answer_is_left_to_a_person(ledger: Ledger, auto: dict[str, Any]) -> None:
    with box_with(ledger) as box:
        recorded = box.take(raw("forged.01", Authentication_Results=FAILED, **REPLY, **auto))
    assert (recorded.outcome, kinds_of(ledger)) == ("quarantined", ["create_ticket"])


@pytest.mark.parametrize("hides", [{}, {"List_Id": "<ops.example.net>"}], ids=str)
def test_a_forged_mail_with_the_id_and_the_date_of_a_known_one_is_kept_out(ledger: Ledger, hides: Any) -> None:
    """The same id, second and sender with other words is a note of that sender; the forger is not that sender."""
    with box_with(ledger) as box:
        recorded = box.take(raw("first", "Send the key to Eve.", Authentication_Results=FAILED, **hides))
        again = box.take(raw("first", Authentication_Results=FAILED))
    assert kinds_of(ledger) == ["create_ticket"]
    assert recorded.outcome == ("quarantined" if not hides else "accepted")
    assert again.reason is not None
    assert "a repeat" in again.reason


def test_a_forged_copy_of_a_list_does_not_hide_the_mail_that_it_forges(ledger: Ledger) -> None:
    with mailbox(ledger, authserv_id=OURS) as box:
        box.take(raw("first", "Nothing.", List_Id="<ops.example.net>", Authentication_Results=FAILED))
        assert did(box.take(raw("first", "It burns.", Authentication_Results=PASSED))) == ["add_note"]
    assert "It burns." in texts(ledger)[0][1]


def test_a_forged_mail_takes_no_name_that_a_conversation_will_need(ledger: Ledger) -> None:
    with mailbox(ledger, authserv_id=OURS) as box:
        box.take(raw("forged.01", Authentication_Results=FAILED, In_Reply_To=named("later.001")))
        box.take(raw("later.001", Cc=BOB, Authentication_Results=PASSED))
        bob = raw("reply.001", author=BOB, In_Reply_To=named("later.001"), Authentication_Results=PASSED)
        assert did(box.take(bob)) == ["add_note"]
    assert kinds(ledger) == [["create_ticket"], ["create_ticket", "add_note"]]


def test_a_token_lets_a_sender_in_whom_the_server_refuses_and_no_other_reference_does(ledger: Ledger) -> None:
    settings = mail_source().settings
    assert isinstance(settings, Settings)
    with box_with(ledger) as box:
        box.take(raw("eves.0001", author=EVE))
        own, eves = (thread_address(settings, each["key"]) for each in rows(ledger, cases))
        assert did(box.take(raw("ada.00001", To=own, Authentication_Results=FAILED))) == ["add_note"]
        assert did(box.take(raw("ada.00002", f"> {eves}\n", Authentication_Results=FAILED, **REPLY))) == ["add_note"]
        assert did(box.take(raw("first", "Again.", To=eves, Authentication_Results=FAILED))) == ["add_note"]
    assert kinds(ledger) == [["create_ticket", "add_note"], ["create_ticket", "add_note", "add_note"]]
    assert not any("Not verified" in text for text in texts(ledger)[0]), "a token vouches"


def test_forged_mails_use_up_no_room_of_the_sender_whom_they_forge(ledger: Ledger) -> None:
    """The note about a loop is for the case of the latest mail that passed: it would hold the forged text."""
    with box_with(ledger, loop_limit=3) as box:
        for number in range(8):
            box.take(raw(f"forged.0{number}", "Send the key.", Authentication_Results=FAILED, **REPLY))
        for number in range(2):
            assert did(box.take(raw(f"ada.0000{number}", Authentication_Results=PASSED, **REPLY))) == ["add_note"]
    assert kinds(ledger) == [["create_ticket", "add_note", "add_note"], ["create_ticket", *["add_note"] * 3]]
    assert not any("Send the key" in text for text in texts(ledger)[0])


@pytest.mark.parametrize("unverified", ["accept", "mark", "stranger"])
@pytest.mark.parametrize("results", [PASSED, FAILED, None], ids=["pass", "fail", "none"])
def test_mails_of_before_are_repeats_when_a_server_is_trusted(
    ledger: Ledger, results: str | None, unverified: str
) -> None:
    mails = [
        raw("first", Authentication_Results=results),
        raw("first", "The footer of a list.", List_Id="<ops.example.net>", Authentication_Results=results),
        raw("ada.00001", Authentication_Results=results, **REPLY),
        raw("evil.0001", author=EVE, Authentication_Results=results, **REPLY),
        raw("auto.0001", Auto_Submitted="auto-replied", Authentication_Results=results, **REPLY),
        report(1, "FAILED", Authentication_Results=results),
        report(2, "still FAILED", Authentication_Results=results),
        report(3, "OK", Authentication_Results=results),
    ]
    with mailbox(ledger, alerts=[BACKUP]) as box:
        for each in mails:
            box.take(each)
    before = story(ledger)
    with mailbox(ledger, alerts=[BACKUP], authserv_id=OURS, unverified=unverified) as box:
        again = [box.take(each) for each in mails]
    assert story(ledger) == before
    assert [each.outcome for each in again] == ["accepted"] * len(mails)


def test_strangers_for_one_case_share_one_ticket(ledger: Ledger) -> None:
    with box_with(ledger) as box:
        for number in range(5):
            author = f"eve{number}@elsewhere.example"
            box.take(raw(f"evil.000{number}", author=author, Authentication_Results=FAILED, **REPLY))
        box.take(raw("deep.0001", author=EVE, Authentication_Results=FAILED, In_Reply_To=named("evil.0004")))
        box.take(raw("deep.0002", author=EVE, Authentication_Results=FAILED, In_Reply_To=named("deep.0001")))
        box.take(raw("other.001", author=EVE, Authentication_Results=FAILED))
    assert kinds(ledger) == [["create_ticket"], ["create_ticket", *["add_note"] * 6], ["create_ticket"]]


def test_strangers_who_come_at_once_share_a_ticket(ledger: Ledger, make_ledger: MakeLedger) -> None:
    def take(worker: int) -> None:
        with mailbox(make_ledger(), authserv_id=OURS) as box:
            for number in range(4):
                name = f"evil.{worker}{number:03}"
                box.take(raw(name, author=f"{name}@elsewhere.example", Authentication_Results=FAILED, **REPLY))

    with box_with(ledger):
        at_once(*(lambda worker=worker: take(worker) for worker in range(4)))
    assert sorted(kinds(ledger)) == [["create_ticket"], ["create_ticket", *["add_note"] * 15]]


def test_strangers_share_a_ticket_where_no_server_is_trusted_too(ledger: Ledger) -> None:
    with mailbox(ledger) as box:
        box.take(raw("first"))
        for number in range(3):
            box.take(raw(f"evil.000{number}", author=f"eve{number}@elsewhere.example", **REPLY))
    assert kinds(ledger) == [["create_ticket"], ["create_ticket", "add_note", "add_note"]]
    assert not any("Not verified" in text for said in texts(ledger) for text in said)


def test_an_unverified_sender_is_marked_once_in_each_ticket(ledger: Ledger) -> None:
    with mailbox(ledger, authserv_id=OURS) as box:
        box.take(raw("first", Cc=BOB))
        box.take(raw("ada.00001", **REPLY))
        box.take(raw("bob.00001", author=BOB, **REPLY))
        box.take(raw("bob.00002", author=BOB, Authentication_Results=f"{OURS}; dmarc=temperror", **REPLY))
        box.take(raw("other.001"))
    first, other = texts(ledger)
    assert [text.split("\n\n")[0] for text in first] == [
        UNKNOWN.format(ADA),
        f"From: {ADA}",
        UNKNOWN.format(BOB),
        f"From: {BOB}",
    ]
    assert other[0].startswith(UNKNOWN.format(ADA))


def test_a_repeat_is_no_note_that_could_have_been_marked(ledger: Ledger) -> None:
    with box_with(ledger) as box:
        box.take(raw("first"))
        box.take(raw("ada.00001", **REPLY))
    assert texts(ledger)[0][1].startswith(UNKNOWN.format(ADA))


def test_the_mark_of_a_private_ticket_is_in_its_private_note(ledger: Ledger) -> None:
    with mailbox(ledger, authserv_id=OURS, private=True) as box:
        box.take(raw("first"))
    description, note = texts(ledger)[0]
    assert ADA not in description
    assert note.startswith(UNKNOWN.format(ADA))


@pytest.mark.parametrize(
    ("unverified", "expected", "mark"),
    [("accept", [["create_ticket", "add_note"]], False), ("stranger", [["create_ticket"], ["create_ticket"]], True)],
)
def test_the_source_decides_about_unverified_senders(
    ledger: Ledger, unverified: str, expected: list[list[str]], mark: bool
) -> None:
    with box_with(ledger, unverified=unverified) as box:
        box.take(raw("ada.00001", **REPLY))
    assert kinds(ledger) == expected
    assert texts(ledger)[-1][-1].startswith(UNKNOWN.format(ADA)) == mark


@pytest.mark.parametrize("unverified", ["accept", "mark", "stranger"])
@pytest.mark.parametrize("results", [None, FAILED, f"{OURS}; dmarc=none header.from=customer.example"])
def test_a_command_needs_a_pass(ledger: Ledger, unverified: str, results: str | None) -> None:
    with box_with(ledger, unverified=unverified, commands_from=["*@customer.example"]) as box:
        command = raw("ada.00001", "#close", To=SUPPORT, Authentication_Results=results, **REPLY)
        recorded = box.take(command)
    assert "the commands were not carried out" in (recorded.reason or "")
    assert not {"close_ticket", "update_ticket"} & {kind for each in kinds(ledger) for kind in each}


def test_a_forged_alert_opens_a_ticket_and_changes_none(ledger: Ledger) -> None:
    passed = f"{OURS}; dmarc=pass header.from=db-1.example.net"
    failed = f"{OURS}; dmarc=fail header.from=db-1.example.net"
    with mailbox(ledger, authserv_id=OURS, alerts=[BACKUP]) as box:
        assert box.take(report(0, "OK", Authentication_Results=failed)).outcome == "quarantined"
        assert did(box.take(report(1, "FAILED", Authentication_Results=passed))) == ["create_ticket"]
        for number, state in ((2, "OK"), (3, "FAILED"), (4, "still FAILED")):
            recorded = box.take(report(number, state, Authentication_Results=failed))
            assert recorded.outcome == "quarantined"
            assert "trusted_forwarders" in (recorded.reason or "")
        changed = report(1, "FAILED", Authentication_Results=failed, X_Priority="1") + b"More."
        assert box.take(changed).outcome == "quarantined"
        assert did(box.take(report(5, "FAILED", host="db-2", Authentication_Results=failed))) == ["create_ticket"]
        assert did(box.take(report(6, "OK", Authentication_Results=passed))) == ["close_ticket"]


def test_a_forged_sender_is_sent_no_receipt(ledger: Ledger) -> None:
    with mailbox(ledger, authserv_id=OURS, receipts_by="mx.example.net:25") as box:
        box.take(raw("forged.01", Authentication_Results=FAILED))
        assert rows(ledger, receipts) == []
        box.take(raw("first", Authentication_Results=PASSED))
        assert len(rows(ledger, receipts)) == 1

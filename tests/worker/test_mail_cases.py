"""Cases of mail: replies find their case, strangers do not, alerts open and close tickets, loops stop."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.email import own_message_id, thread_address
from connectors.email.settings import Settings
from tests.connectors.email.corpus import LANGUAGES, PAIRS
from worker.ledger import Ledger, Recorded
from worker.ledger.schema.tables import cases, exchanges, inbound, operations
from worker.planning.reused_ids import USED_AGAIN

from .builders import ManualClock, at_once, deliver_all, kinds_of, rows
from .conftest import MakeLedger
from .conversations import story
from .mails import ADA, BOB, EVE, SUPPORT, Mailbox, mail_source, mailbox, named, raw

pytestmark = pytest.mark.one_database


def did(recorded: Recorded) -> list[str]:
    return [kind for effect in recorded.effects for kind in effect.operations]


def stories(ledger: Ledger) -> list[list[str]]:
    """Return the kinds of operation of each case, in the order in which the cases were made."""
    found: dict[int, list[str]] = {}
    for each in sorted(rows(ledger, operations), key=lambda each: (each["case_id"], each["seq"])):
        found.setdefault(each["case_id"], []).append(each["kind"])
    return list(found.values())


def test_replies_of_four_programs_in_eight_languages_are_notes_that_begin_with_their_own_words(ledger: Ledger) -> None:
    with mailbox(ledger, loop_limit=100) as box:
        box.take(raw("first"))
        replies = 0
        for language, said in LANGUAGES.items():
            for program in ("Gmail", "Apple Mail", "Thunderbird", "Outlook"):
                for form, suffix in (("text/plain", ""), ("text/html", ", HTML")):
                    replies += 1
                    ids: dict[str, Any] = {"References" if program == "Outlook" else "In_Reply_To": named("first")}
                    reply = raw(
                        f"reply{replies:03}",
                        PAIRS[f"{program}, {language}{suffix}"].text,
                        Subject=f"{said.reply}: The door",
                        Content_Type=f"{form}; charset=utf-8",
                        **ids,
                    )
                    assert did(box.take(reply)) == ["add_note"], (program, language)
    assert stories(ledger) == [["create_ticket", *["add_note"] * replies]]
    ((_, *notes),) = story(ledger).values()
    first_lines = {said.own.split("\n")[0] for said in LANGUAGES.values()}
    assert {text.split("\n\n")[1].strip() for _, text in notes} == first_lines


@pytest.mark.parametrize("prefix", ["Fwd", "WG", "TR", "RV", "FW", "Doorst", "I", "ENC"])
def test_a_forward_opens_a_ticket_of_its_own(ledger: Ledger, prefix: str) -> None:
    with mailbox(ledger) as box:
        box.take(raw("first"))
        box.take(raw("second", Subject=f"{prefix}: The door", In_Reply_To=named("first"), References=named("first")))
    assert stories(ledger) == [["create_ticket"], ["create_ticket"]]


@pytest.mark.parametrize(
    "knows",
    [
        {"In_Reply_To": named("first")},
        {"References": f"{named('unknown1')} {named('first')}"},
        {"Message_ID": named("first")},
        {"Subject": "Re: [#1042] The door"},
        {"In_Reply_To": named("first"), "Auto_Submitted": "auto-replied"},
        {"In_Reply_To": named("first"), "Return_Path": "<>"},
        {"Subject": "Re: [#1042] The door", "Auto_Submitted": "auto-replied"},
        {"To": "support+t-00000000000000000000.00000000000000000000@example.net", "In_Reply_To": named("first")},
    ],
    ids=str,
)
def test_a_stranger_who_knows_ids_and_numbers_cannot_write_to_a_case(ledger: Ledger, knows: dict[str, Any]) -> None:
    with mailbox(ledger) as box:
        box.take(raw("first"))
        deliver_all(ledger, "1042")
        before = stories(ledger)
        recorded = box.take(raw("evil.0001", author=EVE, **knows))
    assert stories(ledger)[0] == before[0]
    if recorded.outcome == "quarantined":
        assert "Auto_Submitted" in knows or "Return_Path" in knows
    else:
        (said,) = [text for kind, text in list(story(ledger).values())[-1] if kind == "create_ticket"]
        assert "ticket 1042" in said


def test_a_stranger_who_was_given_a_token_gets_in_wherever_the_mail_has_it(ledger: Ledger) -> None:
    settings = mail_source().settings
    assert isinstance(settings, Settings)
    with mailbox(ledger) as box:
        box.take(raw("first"))
        key = rows(ledger, cases)[0]["key"]
        address = thread_address(settings, key)
        given: tuple[dict[str, Any], ...] = (
            {"To": address},
            {"X_Original_To": address},
            {"In_Reply_To": named("first"), "References": own_message_id(settings, key, "1")},
        )
        for number, knows in enumerate(given):
            assert did(box.take(raw(f"guest.000{number}", author=f"guest{number}@x.example", **knows))) == ["add_note"]
        quoted = raw("guest.0009", f"Yes.\n\n> Write to {address}\n", author=EVE, In_Reply_To=named("first"))
        assert did(box.take(quoted)) == ["add_note"]
        assert did(box.take(raw("envelope1", author=BOB), {"to": address})) == ["add_note"]
    assert len(stories(ledger)) == 1


def test_an_automatic_answer_of_somebody_who_takes_part_is_a_private_note_that_reopens_nothing(ledger: Ledger) -> None:
    with mailbox(ledger) as box:
        box.take(raw("first"))
        auto = raw("auto.0001", In_Reply_To=named("first"), Auto_Submitted="auto-replied")
        assert did(box.take(auto)) == ["add_note"]
    assert b'"private":true' in rows(ledger, operations)[-1]["request"]


def test_an_id_that_was_used_again_makes_another_message_and_says_so(ledger: Ledger) -> None:
    with mailbox(ledger) as box:
        box.take(raw("first", "One."))
        again = box.take(raw("first", "Two."))
        assert did(again) == ["add_note"]
        assert again.reason == f"{again.effects[0].event.source_message_id}: {USED_AGAIN}"
        assert did(box.take(raw("first", "Two."))) == []
        assert did(box.take(raw("first", "One."))) == []
        assert did(box.take(raw("first", "Three."))) == ["add_note"]
        assert did(box.take(raw("first", "Three.", minutes=1))) == ["add_note"]
    assert kinds_of(ledger) == ["create_ticket", "add_note", "add_note", "add_note"]


@pytest.mark.parametrize("turned", [False, True], ids=["direct first", "list first"])
def test_a_mail_in_two_mailboxes_and_on_a_list_is_one_ticket_and_three_deliveries(ledger: Ledger, turned: bool) -> None:
    copies = [
        raw("first", "It is stuck.", Delivered_To="support@example.net"),
        raw("first", "It is stuck.", Delivered_To="sales@example.net", Cc="sales@example.net"),
        raw("first", "[ops] It is stuck, said the list.", List_Id="<ops.example.net>"),
    ]
    with mailbox(ledger) as box:
        recorded = [box.take(each) for each in (reversed(copies) if turned else copies)]
    assert kinds_of(ledger) == ["create_ticket"]
    assert len({each.inbound_id for each in recorded}) == 3
    assert [each.effects[0].reason for each in recorded] == [None, *["a repeat: this message is known"] * 2]


def test_with_tickets_per_mailbox_the_same_mail_is_two_and_each_gets_its_own_replies(ledger: Ledger) -> None:
    with mailbox(ledger, per_mailbox=True) as box:
        for name in ("sales", "shop"):
            box.take(raw("first", Delivered_To=f"{name}@example.net"))
            box.take(raw("reply.1", In_Reply_To=named("first"), Delivered_To=f"{name}@example.net"))
    assert stories(ledger) == [["create_ticket", "add_note"]] * 2


BACKUP: dict[str, Any] = {
    "name": "backup",
    "sender": "backup@*.example.net",
    "subject": r"Backup of (?P<host>\S+) (?P<state>.+)$",
    "case": ["host"],
    "firing": "FAILED",
    "repeat": "(?i)still",
    "recovery": "OK",
}


def report(number: int, state: str, host: str = "db-1", **more: Any) -> bytes:
    author = more.pop("author", f"backup@{host}.example.net")
    subject = f"Backup of {host} {state}"
    return raw(f"report{number:03}", author=author, minutes=number * 10 - 100, Subject=subject, **more)


def test_mails_of_a_backup_job_are_one_ticket_with_notes_and_a_closing(ledger: Ledger) -> None:
    with mailbox(ledger, alerts=[BACKUP]) as box:
        done = [
            did(box.take(report(number, state)))
            for number, state in enumerate(["OK", "FAILED", "FAILED", "still FAILED", "OK", "OK", "FAILED"])
        ]
        assert did(box.take(report(1, "FAILED"))) == []
        assert did(box.take(report(8, "FAILED", host="db-2"))) == ["create_ticket"]
        assert did(box.take(raw("human.01", In_Reply_To=named("report001"), author=ADA))) == ["create_ticket"]
    assert done == [
        [],
        ["create_ticket"],
        ["add_note"],
        ["add_note"],
        ["close_ticket"],
        [],
        ["reopen_ticket", "add_note"],
    ]


def test_an_end_that_overtakes_its_beginning_leaves_nothing_open(ledger: Ledger) -> None:
    with mailbox(ledger, alerts=[BACKUP]) as box:
        assert did(box.take(report(2, "OK"))) == []
        assert did(box.take(report(1, "FAILED"))) == []


def test_somebody_who_was_copied_on_an_alert_can_answer_it(ledger: Ledger) -> None:
    with mailbox(ledger, alerts=[BACKUP]) as box:
        box.take(report(1, "FAILED", Cc=ADA))
        box.take(raw("human.01", "I look after it.", In_Reply_To=named("report001"), author=ADA))
    assert stories(ledger) == [["create_ticket", "add_note"]]


def test_alerts_need_not_be_what_somebody_claims(ledger: Ledger) -> None:
    rule = BACKUP | {"authenticated": True}
    passed = "mx.example.net; dmarc=pass header.from=db-1.example.net"
    with mailbox(ledger, alerts=[rule], authserv_id="mx.example.net") as box:
        box.take(report(1, "FAILED", Authentication_Results=passed))
        assert did(box.take(report(2, "OK"))) == ["create_ticket"]
        assert did(box.take(report(3, "OK", author="evil@backup.example.net"))) == ["create_ticket"]
        assert did(box.take(report(4, "OK", Authentication_Results=passed))) == ["close_ticket"]


def test_commands_do_what_they_say_where_the_mail_went(ledger: Ledger) -> None:
    passed = "mx.example.net; dmarc=pass header.from=customer.example"
    allowed: dict[str, Any] = {"authserv_id": "mx.example.net", "commands_from": ["*@customer.example"]}
    with mailbox(ledger, **allowed) as box:
        box.take(raw("first"))
        reply: dict[str, Any] = {"In_Reply_To": named("first")}
        assert did(box.take(raw("no.000001", "#close", **reply))) == ["add_note"]
        done = box.take(raw("yes.00001", "#priority urgent\n#close\n\nThanks.", Authentication_Results=passed, **reply))
        assert did(done) == ["add_note", "update_ticket", "close_ticket"]
        assert did(box.take(raw("yes.00001", "#priority urgent\n#close\n\nThanks.",
                                Authentication_Results=passed, **reply))) == []  # fmt: skip
        stranger = raw("evil.0001", "#close", author="eve@customer.example", Authentication_Results=passed, **reply)
        assert did(box.take(stranger)) == ["create_ticket", "close_ticket"]
    assert len(stories(ledger)) == 2


class Responder:
    """A program that answers every mail, without a header that marks its mails as automatic."""

    def __init__(self, address: str, box: Mailbox) -> None:
        self._address, self._box = address, box
        self.sent = 0

    def answer(self, to: str, *, threads: bool) -> list[str]:
        """Return what the mailbox does about the program's answer."""
        self.sent += 1
        headers: dict[str, Any] = {"In_Reply_To": to} if threads else {}
        mail = raw(f"auto{self.sent:06}", "I am away.", author=self._address, minutes=self.sent / 60,
                   Subject=f"Automatic reply: Re: [Ticket #{self.sent}] The door", **headers)  # fmt: skip
        return did(self._box.take(mail))


@pytest.mark.parametrize("threads", [True, False], ids=["it refers", "it does not refer"])
def test_two_automatic_answers_that_face_each_other_stop(ledger: Ledger, clock: ManualClock, threads: bool) -> None:
    limit = 5
    with mailbox(ledger, loop_limit=limit) as box:
        box.take(raw("first", author=EVE, Subject="Something else"))
        theirs = Responder(EVE, box)
        ours = 0  # mails in which our mailbox confirms a ticket or a public note
        going_on = True
        while going_on and ours < 1_000:
            ours += 1
            clock.advance(seconds=1)
            made = theirs.answer(named("first"), threads=threads)
            private = [b'"private":true' in each["request"] for each in rows(ledger, operations)]
            going_on = bool(made) and not (made == ["add_note"] and private[-1])
        after = len(kinds_of(ledger))
        assert theirs.sent == limit + 1
        for _ in range(20):
            clock.advance(seconds=1)
            assert theirs.answer(named("first"), threads=threads) == []
        assert len(kinds_of(ledger)) == after == 1 + limit + 1
        clock.advance(hours=1.1)
        assert theirs.answer(named("first"), threads=threads) != []
    notes = [text for said in story(ledger).values() for kind, text in said if kind == "add_note"]
    assert sum("are only recorded" in text for text in notes) == 1
    assert len(rows(ledger, exchanges)) == 2


def test_what_a_breaker_stopped_is_known_afterwards(ledger: Ledger) -> None:
    with mailbox(ledger, loop_limit=2) as box:
        mails = [raw(f"mail{number:05}") for number in range(6)]
        recorded = [box.take(each) for each in mails]
        again = [box.take(each) for each in mails]
    assert [did(each) for each in recorded] == [["create_ticket"], ["create_ticket"], ["add_note"], [], [], []]
    assert all("loop breaker" in (each.reason or "") for each in recorded[2:])
    assert [did(each) for each in again] == [[]] * 6
    assert all("a repeat" in (each.reason or "") for each in again)


def test_others_and_other_subjects_are_not_stopped_with_them(ledger: Ledger) -> None:
    with mailbox(ledger, loop_limit=2) as box:
        for number in range(4):
            box.take(raw(f"mail{number:05}"))
        assert did(box.take(raw("other.001", author=BOB))) == ["create_ticket"]
        assert did(box.take(raw("other.002", Subject="The window"))) == ["create_ticket"]


def test_the_mailbox_itself_takes_part_in_nothing(ledger: Ledger) -> None:
    with mailbox(ledger) as box:
        box.take(raw("first"))
        assert did(box.take(raw("forged.01", author=SUPPORT, In_Reply_To=named("first")))) == ["create_ticket"]


def test_a_breaker_holds_whoever_takes_the_mail(ledger: Ledger, make_ledger: MakeLedger) -> None:
    def take(worker: int) -> None:
        own = make_ledger()
        with mailbox(own, loop_limit=5) as box:
            for number in range(8):
                box.take(raw(f"mail{worker}{number:05}", author=EVE))

    at_once(*(lambda worker=worker: take(worker) for worker in range(4)))
    assert sorted(kinds_of(ledger)) == ["add_note", *["create_ticket"] * 5]
    assert len(rows(ledger, inbound)) == 32

"""Tests of the classes of mail: from a person, from a program, automatic reply, bounce; none is dropped."""

from __future__ import annotations

import pytest

from connectors.contract.events import Commented, Event, Reference
from connectors.email import own_message_id, thread_address
from connectors.email.identity import case_ref
from tests.connectors.email.mails import event, multipart, settings

CASE = "mail:0123"
PROVEN = Reference(f"token:{case_ref(CASE)}", proven=True)


def kind(found: Event) -> str:
    return dict(found.attributes)["class"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "auto-replied"},
        {"Auto-Submitted": "Auto-Replied; owner-email=ada@customer.example"},
        {"Auto-Submitted": "auto-replied (vacation)"},
        {"Auto-Submitted": "auto-replied", "Return-Path": "<>"},
        {"X-Autoreply": "yes"},
        {"X-Autorespond": "x"},
        {"X-Autoresponse": "x"},
        {"X-AutoReply-From": "x"},
        {"X-Mail-Autoreply": "x"},
        {"Precedence": "auto_reply"},
    ],
)
def test_an_automatic_answer_is_a_private_note_that_opens_nothing(headers: dict[str, str | None]) -> None:
    found = event(headers={"In-Reply-To": "<parent.1@customer.example>", **headers})
    assert isinstance(found, Commented)
    assert (kind(found), found.private, found.reopens, found.unknown) == ("auto-reply", True, False, "quarantine")
    assert (found.authority, found.joins) == ("participant", False)


def test_who_sends_what_looks_automatic_does_not_become_a_participant_by_it() -> None:
    found = event(headers={"In-Reply-To": "<parent.1@customer.example>", "Auto-Submitted": "auto-replied"})
    assert (found.joins, found.participants) == (False, ())
    assert dict(found.attributes)["from"] == "ada@customer.example"


@pytest.mark.parametrize(
    "headers",
    [
        {"Return-Path": "<>"},
        {"From": "Mail Delivery Subsystem <MAILER-DAEMON@mx.example>"},
        {"From": "postmaster@mx.example"},
        {"From": "<>"},
        {"From": None},
        {"X-Failed-Recipients": "ada@customer.example"},
        {"Content-Type": "multipart/report; boundary=b"},
        {"Content-Type": "message/disposition-notification"},
    ],
)
def test_a_bounce_is_a_private_note_or_goes_to_quarantine(headers: dict[str, str | None]) -> None:
    found = event(headers=headers)
    assert isinstance(found, Commented)
    assert (kind(found), found.private, found.reopens, found.unknown) == ("bounce", True, False, "quarantine")


def test_a_null_sender_is_known_from_the_envelope_too() -> None:
    assert kind(event(envelope={"from": "<>"})) == "bounce"
    assert kind(event(envelope={"from": ""})) == "bounce"
    assert kind(event(envelope={"from": "ada@customer.example"})) == "person"


def bounce(part: str, text: str = "Not delivered.") -> Event:
    content_type, body = multipart("report", f"Content-Type: text/plain\n\n{text}", part)
    return event(body, {"Content-Type": content_type, "From": "mailer-daemon@mx.example"})


@pytest.mark.parametrize(
    "part",
    [
        "Content-Type: message/rfc822\n\n{headers}\nthe mail",
        "Content-Type: text/rfc822-headers\n\n{headers}",
        "Content-Type: message/rfc822-headers\n\n{headers}",
    ],
)
def test_a_bounce_belongs_to_the_case_of_the_mail_that_it_returns(part: str) -> None:
    headers = f"Message-ID: {own_message_id(settings(), CASE, '3')}\nIn-Reply-To: <asked.1@customer.example>\n"
    found = bounce(part.format(headers=headers))
    assert found.references[:2] == (PROVEN, Reference("id:asked.1@customer.example"))
    assert "id:asked.1@customer.example" not in found.aliases


def test_a_bounce_that_returns_only_text_names_its_mail_there() -> None:
    text = f"  > Message-ID: {own_message_id(settings(), CASE, '3')}\n"
    assert bounce("Content-Type: text/plain\n\nx", text).references[0] == PROVEN


def test_a_bounce_of_a_mail_from_a_thread_address_belongs_to_it() -> None:
    headers = f"From: {thread_address(settings(), CASE)}\nSubject: x\n"
    assert bounce(f"Content-Type: message/rfc822\n\n{headers}\n").references[0] == PROVEN


def test_a_bounce_says_what_the_server_said() -> None:
    status = (
        "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@b.example\nStatus: 5.1.1\nDiagnostic-Code: smtp;\n 550 no"
    )
    text = bounce(f"Content-Type: message/delivery-status\n\n{status}").text
    assert "Final-Recipient: rfc822; a@b.example\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no" in text


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "auto-generated"},
        {"Precedence": "bulk"},
        {"Precedence": "junk"},
        {"Precedence": "list"},
        {"List-Id": "Ops <ops.example.net>"},
        {"List-Unsubscribe": "<mailto:x@y.example>"},
        {"X-Loop": "monitor@example.net"},
    ],
)
def test_what_a_program_generated_opens_a_case_as_any_mail_does(headers: dict[str, str | None]) -> None:
    found = event(headers=headers)
    assert (found.kind, kind(found), found.private) == ("Opened", "bulk", False)


@pytest.mark.parametrize("headers", [{}, {"Auto-Submitted": "no"}, {"X-Auto-Response-Suppress": "All"}])
def test_people_are_people_whatever_their_mail_program_asks_for(headers: dict[str, str | None]) -> None:
    assert kind(event(headers=headers)) == "person"


def test_routing_sees_sender_recipients_class_and_list() -> None:
    found = event(headers={"List-Id": "Ops <Ops.Example.net>", "Cc": "grace@x.example"})
    assert found.attributes == (
        ("class", "bulk"),
        ("from", "ada@customer.example"),
        ("list_id", "ops.example.net"),
        ("to", "support@example.net, grace@x.example"),
    )

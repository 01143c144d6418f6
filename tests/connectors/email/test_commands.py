"""Tests of commands in mails: a command needs an allowed sender that our own mail server has authenticated."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.contract.events import Resolved
from connectors.contract.messages import Parsed
from connectors.email.authentication import verdict
from connectors.email.commands import Commands, commands
from connectors.email.mime import read_headers
from tests.connectors.email.mails import mail, parse, settings

OURS = "mx.example.net"
PASSED = f"{OURS}; dmarc=pass (p=reject dis=none) header.from=customer.example"
ALLOWED: dict[str, Any] = {"authserv_id": OURS, "commands_from": ["*@customer.example"]}


def told(body: str, headers: dict[str, str | None] | None = None, **changes: Any) -> Parsed:
    wanted: dict[str, str | None] = {"In-Reply-To": "<parent.1@customer.example>", "Authentication-Results": PASSED}
    return parse(mail(body, {**wanted, **(headers or {})}), settings(**(ALLOWED | changes)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#close", Commands(close=True)),
        ("\n #Close \n\nThanks.", Commands(close=True)),
        ("#priority high\n#close\nDone.", Commands(close=True, priority="high")),
        ("#priority: urgent", Commands(priority="urgent")),
        ("#priority enormous", Commands()),
        ("Please\n#close", Commands()),
        ("> #close", Commands()),
        ("#closed", Commands()),
        ("#close the door", Commands()),
        ("#1042\n#close", Commands()),
        ("", Commands()),
    ],
)
def test_only_first_lines_that_are_nothing_else_are_commands(text: str, expected: Commands) -> None:
    assert commands(text) == expected


def test_the_events_of_commands_look_for_the_same_case_as_the_mail() -> None:
    comment, priority, close = told("#priority high\n#close\n\nDone.\n").events
    assert [each.kind for each in (comment, priority, close)] == ["Commented", "Changed", "Resolved"]
    assert priority.priority == "high"
    assert comment.references == priority.references == close.references
    assert len({each.source_message_id for each in (comment, priority, close)}) == 3
    assert isinstance(close, Resolved)
    assert (close.authority, close.author) == ("participant", "ada@customer.example")
    assert "#priority high" in comment.text


def test_a_new_mail_opens_its_ticket_with_the_priority_that_it_commands() -> None:
    (opened,) = told("#priority urgent\n\nIt burns.\n", {"In-Reply-To": None}).events
    assert (opened.kind, opened.priority) == ("Opened", "urgent")


@pytest.mark.parametrize(
    ("headers", "changes", "why"),
    [
        ({"From": "eve@elsewhere.example"}, {}, "not among commands_from"),
        ({}, {"commands_from": []}, "not among commands_from"),
        ({}, {"authserv_id": None}, "authserv_id is not set"),
        ({"Authentication-Results": None}, {}, "Authentication-Results is missing"),
        ({"Authentication-Results": f"{OURS}; dmarc=fail header.from=customer.example"}, {}, "DMARC did not pass"),
    ],
)
def test_commands_of_others_are_text_and_the_delivery_says_why(
    headers: dict[str, str | None], changes: dict[str, Any], why: str
) -> None:
    parsed = told("#close\n", headers, **changes)
    assert [each.kind for each in parsed.events] == ["Commented"]
    assert why in parsed.ignored[0].reason


def test_a_program_commands_nothing() -> None:
    parsed = told("#close\n", {"Auto-Submitted": "auto-replied"})
    assert ([each.kind for each in parsed.events], parsed.ignored) == (["Commented"], ())


def authentic(*results: str, sender: str = "From: ada@customer.example\n") -> bool:
    written = "".join(f"Authentication-Results: {each}\n" for each in results)
    return verdict(read_headers((written + sender).encode()), settings(authserv_id=OURS)).result == "pass"


@pytest.mark.parametrize(
    "results",
    [
        PASSED,
        f"{OURS} 1; dmarc=pass header.from=customer.example",
        "MX.Example.net; spf=fail smtp.mailfrom=x.example; DMARC=Pass header.from=Customer.Example",
        f"{OURS}; dkim=pass header.d=customer.example header.s=s",
        f'{OURS}; dkim=pass reason="good; dmarc=fail" header.i=@customer.example',
        f"{OURS}; dkim=fail header.d=customer.example; dkim=pass header.d=customer.example",
        f"{OURS} (it is (we)); dmarc=pass (of; x) header.from=customer.example",
    ],
)
def test_a_pass_of_our_own_server_is_one(results: str) -> None:
    assert authentic(results)


@pytest.mark.parametrize(
    "results",
    [
        "",
        OURS,
        f"{OURS}; none",
        "other.example; dmarc=pass header.from=customer.example",
        f"x{OURS}; dmarc=pass header.from=customer.example",
        f"{OURS} 2; dmarc=pass header.from=customer.example",
        f"{OURS} x; dmarc=pass header.from=customer.example",
        f"{OURS}; dmarc=pass header.from=elsewhere.example",
        f"{OURS}; dmarc=pass",
        f"{OURS}; dmarc=pass header.from=customer.example header.from=elsewhere.example",
        f"{OURS}; dmarc=passed header.from=customer.example",
        f"{OURS}; dmarc=fail header.from=customer.example; dmarc=pass header.from=customer.example",
        f"{OURS}; dmarc=none header.from=customer.example; dkim=pass header.d=customer.example",
        f"{OURS}; dkim=pass header.d=example",
        f"{OURS}; dkim=pass header.d=evil-customer.example",
        f"{OURS}; dkim=pass header.i=ada@customer.example.evil.example",
        f"{OURS}; spf=pass smtp.mailfrom=customer.example",
        f"{OURS}; (dmarc=pass header.from=customer.example)",
        f'{OURS}; x="; dmarc=pass header.from=customer.example',
        f'{OURS}; reason="; dmarc=pass header.from=customer.example; "',
        f"{OURS}; (dmarc=pass header.from=customer.example",
        f"{OURS}); dmarc=pass header.from=customer.example",
        f"({OURS}; dmarc=pass header.from=customer.example",
    ],
)
def test_whatever_is_not_plainly_a_pass_is_none(results: str) -> None:
    assert not authentic(results)


def test_only_the_topmost_results_count() -> None:
    assert authentic(PASSED, f"{OURS}; dmarc=fail header.from=customer.example")
    assert not authentic("other.example; dmarc=pass header.from=customer.example", PASSED)
    assert not authentic(f"{OURS}; spf=pass smtp.mailfrom=x.example", PASSED)


@pytest.mark.parametrize(
    "sender",
    [
        "",
        "From: ada@customer.example, eve@elsewhere.example\n",
        "From: ada@customer.example\nFrom: eve@elsewhere.example\n",
        "From: root\n",
    ],
)
def test_a_from_that_names_not_exactly_one_address_is_nobodys(sender: str) -> None:
    assert not authentic(PASSED, sender=sender)

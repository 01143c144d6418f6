"""The reason for which the Tickets API rejected a call is stored, and stands on every screen and in the log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from worker.ledger import Ledger
from worker.ledger.schema.tables import attempts, operations

from .builders import ManualClock, commented, delivery, opened, rows
from .commands import command, said
from .relay import Relay, relaying

WHY = "create_ticket: 422 validation_error: category: is not one of ours"


@pytest.fixture
def relay(sqlite_ledger: Ledger, clock: ManualClock, tmp_path: Path) -> Iterator[Relay]:
    with relaying(sqlite_ledger, clock, tmp_path) as made:
        yield made


@pytest.fixture
def url(relay: Relay) -> str:
    """The URL of a ledger with a create that the Tickets API rejected with a reason."""
    relay.break_once("status", status=422, field="category", message="is not one of ours")
    relay.ledger.record([delivery(opened(), commented())])
    relay.run()
    return str(relay.ledger.database.url)


def request_id(relay: Relay) -> str:
    (tried,) = rows(relay.ledger, attempts)
    found: str = tried["request_id"]
    return found


def test_field_message_and_request_id_are_stored_with_the_attempt(relay: Relay, url: str) -> None:
    (tried,) = rows(relay.ledger, attempts)
    assert (tried["outcome"], tried["status"], tried["error"]) == ("rejected", 422, WHY)
    assert tried["request_id"].startswith("req-")
    assert rows(relay.ledger, operations)[0]["why"] == WHY


@pytest.mark.parametrize(
    "screen",
    [
        ("dead", "list"),
        ("dead", "show", "op-1-1"),
        ("events", "list"),
        ("events", "show", "in-1"),
        ("events", "find", "disk"),
        ("cases", "show", "case-1"),
        ("tail", "--no-follow"),
    ],
    ids=" ".join,
)
def test_a_screen_says_why_and_names_the_request(relay: Relay, url: str, screen: tuple[str, ...]) -> None:
    shown = " ".join(command(url, *screen).stdout.split())
    assert WHY in shown
    assert request_id(relay) in shown


def test_the_list_of_cases_says_why(url: str) -> None:
    assert WHY in command(url, "cases", "list").stdout


def test_a_program_gets_the_same(relay: Relay, url: str) -> None:
    (listed,) = said(command(url, "dead", "list", "-o", "json"))
    assert (listed["reason"], listed["status"], listed["request_id"]) == (WHY, 422, request_id(relay))
    (tried,) = said(command(url, "dead", "show", "op-1-1", "-o", "json"))["tries"]
    assert (tried["error"], tried["request_id"]) == (WHY, request_id(relay))


def test_the_log_says_why_and_names_the_request(relay: Relay) -> None:
    relay.break_once("status", status=422, field="category", message="is not one of ours")
    relay.ledger.record([delivery(opened())])
    with structlog.testing.capture_logs() as log:
        relay.run()
    (settled,) = [each for each in log if each["event"] == "operation.dead"]
    assert (settled["error"], settled["request_id"]) == (WHY, request_id(relay))


def test_a_call_that_is_made_again_says_why_too(relay: Relay) -> None:
    relay.break_once("status", status=500, message="the index is rebuilt")
    relay.ledger.record([delivery(opened())])
    relay.run()
    first, *_ = rows(relay.ledger, attempts)
    assert first["error"] == "create_ticket: 500 internal_error: the index is rebuilt"


def test_dead_letters_that_differ_in_a_quoted_value_are_one_group(relay: Relay) -> None:
    for number in ("one", "two"):
        relay.break_once("status", status=422, field="subject", message=f"'{number}' is known already", body=number)
    relay.ledger.record([delivery(opened("one"), opened("two"))])
    relay.run()
    (group,) = said(command(str(relay.ledger.database.url), "dead", "list", "--by", "reason", "-o", "json"))
    assert (group["letters"], group["group"]) == (2, "create_ticket: 422 validation_error: subject: … is known already")

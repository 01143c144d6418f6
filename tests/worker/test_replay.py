"""A replay plans events that were swallowed, and changes no row otherwise."""

from __future__ import annotations

import json
import re
import signal
from dataclasses import replace
from typing import Any

import pytest

from connectors import connector, fixtures
from connectors.contract.messages import Parsed, Unverified
from tests.acceptance.processes import wait_until
from worker.ledger import Delivery, Ledger
from worker.ledger.schema.tables import inbound as inbounds
from worker.ledger.schema.tables import operations, pending

from .builders import NOON, inbound, kinds_of, rows
from .commands import begun, command, every_row, in_a_process, said
from .conftest import MakeLedger

pytestmark = pytest.mark.one_database

SINCE = ("--since", "2026-02-01")


@pytest.fixture
def ledger(make_ledger: MakeLedger) -> Ledger:
    """A ledger by the real time, as the commands see it."""
    made = make_ledger(clock=None)
    made.upgrade()
    return made


def alert(fingerprint: str, status: str = "firing", **more: Any) -> bytes:
    one = {"status": status, "labels": {"alertname": "Disk"}, "annotations": {"summary": "full"},
           "startsAt": "2026-02-20T11:00:00Z", "fingerprint": fingerprint} | more  # fmt: skip
    return json.dumps({"version": "4", "alerts": [one]}).encode()


def ended(fingerprint: str) -> bytes:
    return alert(fingerprint, "resolved", endsAt="2026-02-20T11:30:00Z")


def received(ledger: Ledger, *bodies: bytes, kind: str = "alertmanager", source: str | None = None) -> list[int]:
    """Record deliveries, parsed as at their arrival; return their ids."""
    code = connector(kind)
    settings = code.settings.model_validate({"secret": "x"})
    numbers = []
    for body in bodies:
        arrived = inbound(body, source=source or kind)
        recorded, _ = ledger.record([Delivery(arrived, code.parse(Unverified(arrived), settings))])
        numbers.append(recorded[0].inbound_id)
    return numbers


def swallowed(ledger: Ledger, *bodies: bytes, source: str = "alertmanager") -> list[int]:
    """Record deliveries that a defect read as empty; return their ids."""
    return [ledger.record([Delivery(inbound(body, source=source), Parsed())])[0][0].inbound_id for body in bodies]


def test_where_nothing_changed_a_replay_changes_no_row(ledger: Ledger, database_url: str) -> None:
    received(ledger, alert("a"), alert("a"), ended("a"), ended("never-opened"), alert("b", generatorURL="http://x"))
    received(
        ledger, *(each.body for name, each in fixtures("email").items() if "events" in each.expected), kind="email"
    )
    received(ledger, *(each.body for each in fixtures("slack").values() if "events" in each.expected), kind="slack")
    settled(ledger)
    before = every_row(ledger)
    told = said(command(database_url, "replay", *SINCE, "-o", "json"))
    assert (told["deliveries"], told["operations"]) == (len(before["inbound"]), {})
    assert every_row(ledger) == before


def settled(ledger: Ledger) -> None:
    """Delete waiting comments and quarantined deliveries, which a replay may treat anew."""
    waiting = [each["inbound_id"] for each in rows(ledger, pending)]
    with ledger.database.write() as connection:
        undecided = inbounds.c.id.in_(waiting) | (inbounds.c.outcome == "quarantined")
        connection.execute(inbounds.delete().where(undecided))


def test_a_mail_that_could_not_be_placed_is_when_its_case_is_known_by_now(ledger: Ledger, database_url: str) -> None:
    mails = fixtures("email")
    answer = re.sub(rb"<t-[^>]+>", b"<b1f0c6d2.4711@mail.customer.example>", mails["auto-reply"].body)
    (automatic,) = received(ledger, answer, kind="email")
    assert [each.id for each in ledger.list_dead()] == [f"in-{automatic}"]
    received(ledger, mails["reply"].body, kind="email")
    told = said(command(database_url, "replay", *SINCE, "-o", "json"))
    assert (told["left_quarantine"], told["operations"], ledger.list_dead()) == (1, {"add_note": 1}, [])


def test_what_was_swallowed_is_planned_once(ledger: Ledger, database_url: str) -> None:
    received(ledger, alert("a"))
    (number,) = swallowed(ledger, alert("b"))
    result = command(database_url, "replay", *SINCE, "--as", "ada", "-o", "json")
    told = said(result)
    assert result.exit_code == 0
    assert (told["events"], told["operations"]) == ({"repeat": 1, "new": 1}, {"create_ticket": 1})
    assert [each["inbound_id"] for each in rows(ledger, operations)][1] == number
    assert [(each.who, each.what, each.subject) for each in ledger.list_interventions()] == [
        ("ada", "replay", f"in-{number}")
    ]
    before = every_row(ledger)
    again = said(command(database_url, "replay", *SINCE, "-o", "json"))
    assert (again["events"], again["operations"]) == ({"repeat": 2}, {})
    assert every_row(ledger) == before


def test_a_dry_run_says_what_would_be_and_changes_nothing(ledger: Ledger, database_url: str) -> None:
    swallowed(ledger, alert("a"), ended("a"))
    before = every_row(ledger)
    told = said(command(database_url, "replay", *SINCE, "--dry-run", "-o", "json"))
    assert (told["dry_run"], told["operations"]) == (True, {"create_ticket": 1, "close_ticket": 1})
    assert every_row(ledger) == before
    assert "not kept: --dry-run" in command(database_url, "replay", *SINCE, "--dry-run").stdout


def test_only_what_came_since_then_and_from_that_source_is_read(ledger: Ledger, database_url: str) -> None:
    swallowed(ledger, alert("a"))
    other = ledger.record([Delivery(inbound(alert("b"), source="other"), Parsed())])[0][0].inbound_id
    old = replace(inbound(alert("c"), source="alertmanager"), received_at=NOON.replace(year=2025))
    ledger.record([Delivery(old, Parsed())])
    result = command(database_url, "replay", *SINCE, "--source", "alertmanager", "-o", "json")
    assert (result.exit_code, said(result)["deliveries"], len(kinds_of(ledger))) == (0, 1, 1)
    missing = command(database_url, "replay", *SINCE)
    assert (missing.exit_code, f"in-{other} cannot be read" in missing.stderr) == (1, True)
    assert len(kinds_of(ledger)) == 1


def test_what_can_be_read_today_leaves_quarantine_and_what_cannot_stays_as_it_was(
    ledger: Ledger, database_url: str
) -> None:
    for body in (alert("a"), b"<xml/>"):
        ledger.record([Delivery(inbound(body, source="alertmanager"), unreadable="for some reason")])
    _, kept = rows(ledger, inbounds)
    result = command(database_url, "replay", *SINCE, "-o", "json")
    told = said(result)
    assert (result.exit_code, told["left_quarantine"], list(told["not_read"])) == (1, 1, [f"in-{kept['id']}"])
    read, still = rows(ledger, inbounds)
    assert (read["outcome"], read["reason"], still) == ("accepted", None, kept)
    assert kinds_of(ledger) == ["create_ticket"]


def test_what_cannot_be_read_any_more_stays_accepted(ledger: Ledger, database_url: str) -> None:
    swallowed(ledger, b"<xml/>")
    before = every_row(ledger)
    assert command(database_url, "replay", *SINCE).exit_code == 1
    assert every_row(ledger) == before


def test_what_cannot_be_read_for_one_reason_is_said_once(ledger: Ledger, database_url: str) -> None:
    first, *_ = [swallowed(ledger, alert(name), source="other")[0] for name in "abc"]
    result = command(database_url, "replay", *SINCE)
    assert result.stderr.splitlines() == [
        f"Error: in-{first} and 2 other deliveries cannot be read: the source 'other' is not configured"
    ]


def test_what_a_person_skipped_is_left_alone(ledger: Ledger, database_url: str) -> None:
    ((kept,), _) = ledger.record([Delivery(inbound(alert("a"), source="alertmanager"), unreadable="x")])
    ledger.skip(f"in-{kept.inbound_id}", "not wanted")
    assert said(command(database_url, "replay", *SINCE, "-o", "json"))["deliveries"] == 0
    assert kinds_of(ledger) == []


def test_more_than_one_step_is_read_in_the_order_of_arrival(ledger: Ledger, database_url: str) -> None:
    openings = [alert(f"case-{number}") for number in range(70)]
    swallowed(ledger, *openings, *(ended(f"case-{number}") for number in range(70)))
    told = said(command(database_url, "replay", *SINCE, "-o", "json"))
    assert (told["deliveries"], told["operations"]) == (140, {"create_ticket": 70, "close_ticket": 70})


def test_a_replay_is_a_process_of_its_own(ledger: Ledger, database_url: str) -> None:
    swallowed(ledger, alert("a"))
    process = in_a_process(database_url, "replay", *SINCE)
    assert (process.returncode, process.stderr) == (0, "")
    assert "1 create_ticket" in process.stdout
    assert kinds_of(ledger) == ["create_ticket"]


def test_a_replay_that_is_stopped_keeps_what_it_did_and_the_next_one_does_the_rest(
    ledger: Ledger, database_url: str
) -> None:
    bodies = [alert(f"case-{number}") for number in range(4000)]
    ledger.record([Delivery(inbound(each, source="alertmanager"), Parsed()) for each in bodies])
    process = begun(database_url, "replay", *SINCE)
    try:
        wait_until(lambda: bool(kinds_of(ledger)), "the first step", patience=60)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=120)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, "Stopped after in-" in errors, "Traceback" in errors) == (1, True, False)
    done = len(kinds_of(ledger))
    assert 0 < done < len(bodies)
    last = errors.partition("Stopped after ")[2].partition(".")[0]
    told = said(command(database_url, "replay", *SINCE, "--after", last, "-o", "json"))
    assert told["events"].keys() <= {"new", "repeat"}  # a step may have been committed, and not yet been counted
    assert told["events"]["new"] == len(bodies) - done
    assert told["deliveries"] == sum(each["id"] > int(last.removeprefix("in-")) for each in rows(ledger, inbounds))
    assert len(kinds_of(ledger)) == len(bodies)
    again = said(command(database_url, "replay", *SINCE, "-o", "json"))
    assert again["events"] == {"repeat": len(bodies)}


def test_where_a_replay_goes_on_is_the_id_of_a_delivery(ledger: Ledger, database_url: str) -> None:
    result = command(database_url, "replay", *SINCE, "--after", "op-1-1")
    assert (result.exit_code, "'op-1-1' is not the id of a delivery, such as in-7" in result.stderr) == (2, True)

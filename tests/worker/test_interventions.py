"""Every act of a person is recorded; an act that was refused is not."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from connectors import fixtures
from tests.acceptance.processes import wait_until
from worker.cli.operate.byhand import operator
from worker.cli.shell.common import lock
from worker.intake import internal
from worker.ledger import CannotBeDone, Delivery, Finding, Ledger, NoSuchDeadLetter
from worker.ledger.schema.tables import cases, facts, interventions, operations, tickets
from worker.ledger.schema.words import INTERNAL

from .builders import (
    ManualClock,
    at_once,
    claim,
    claim_one,
    commented,
    dead,
    deliver_all,
    delivery,
    done,
    inbound,
    kill_create,
    opened,
    resolved,
    rows,
)
from .commands import command, every_row, in_a_process, said
from .conftest import MakeLedger


@pytest.fixture
def now(make_ledger: MakeLedger) -> Ledger:
    """A ledger by the real time, as the commands see it."""
    made = make_ledger(clock=None)
    made.upgrade()
    return made


def recorded(ledger: Ledger) -> list[tuple[str, str, str]]:
    return [(each.who, each.what, each.subject) for each in ledger.list_interventions()]


def detail(ledger: Ledger) -> dict[str, Any]:
    (only,) = ledger.list_interventions()
    return only.detail


def test_a_retry_is_recorded_with_the_reason_that_it_overcame(ledger: Ledger, clock: ManualClock) -> None:
    dead_letter = kill_create(ledger, opened())
    clock.advance(seconds=7)
    ledger.retry_operation(dead_letter, by="ada")
    assert recorded(ledger) == [("ada", "dead retry", dead_letter)]
    assert detail(ledger) == {"reason": "422: the subject is not liked"}
    assert ledger.list_interventions()[0].at == clock.now


def test_an_edit_is_recorded_with_the_digests_of_the_request_before_and_after(ledger: Ledger) -> None:
    dead_letter = kill_create(ledger, opened())
    before = ledger.show_dead(dead_letter).body
    ledger.edit_operation(dead_letter, b'{"description":"full","priority":"low","subject":"it was full"}', by="ada")
    (row,) = rows(ledger, operations)
    assert recorded(ledger) == [("ada", "dead edit", dead_letter)]
    assert detail(ledger)["old"] == hashlib.sha256(before).hexdigest()
    assert detail(ledger)["new"] == hashlib.sha256(row["request"]).hexdigest() != detail(ledger)["old"]


def test_a_bind_and_a_skip_are_recorded_with_ticket_and_reason(ledger: Ledger) -> None:
    first, second = kill_create(ledger, opened()), kill_create(ledger, opened("other"))
    ledger.bind(first, "T-7", "open", by="ada")
    ledger.skip(second, "a test", by="bob")
    assert recorded(ledger) == [("ada", "dead bind", first), ("bob", "dead skip", second)]
    bound, skipped = ledger.list_interventions()
    assert (bound.detail["ticket"], bound.detail["status"], skipped.detail["why"]) == ("T-7", "open", "a test")


def test_what_is_done_to_a_delivery_in_quarantine_is_recorded(ledger: Ledger) -> None:
    for body in (b"<xml/>", b"<html/>"):
        ledger.record([Delivery(inbound(body), unreadable="not JSON")])
    first, second = [each.id for each in ledger.list_dead()]
    ledger.read_again(delivery(opened(), inbound_id=int(first[3:])), first, by="ada")
    ledger.skip(second, "a scanner", by="ada")
    assert recorded(ledger) == [("ada", "dead retry", first), ("ada", "dead skip", second)]
    assert ledger.list_interventions()[0].detail["operations"] == 1


def test_what_was_refused_is_not_recorded(ledger: Ledger) -> None:
    ledger.record([delivery(opened())])
    deliver_all(ledger, "T-1")
    dead_letter = kill_create(ledger, opened("other"))
    with pytest.raises(CannotBeDone):
        ledger.bind(dead_letter, "T-1", "open", by="ada")
    with pytest.raises(NoSuchDeadLetter):
        ledger.retry_operation("op-1-99", by="ada")
    assert recorded(ledger) == []


def test_an_act_that_fails_half_way_leaves_neither_itself_nor_its_record(ledger: Ledger) -> None:
    dead_letter = kill_create(ledger, opened())
    before = every_row(ledger)
    with pytest.raises(Exception, match="description"):
        ledger.edit_operation(dead_letter, b'{"subject": "and no more"}', by="ada")
    assert every_row(ledger) == before


def test_of_two_people_who_decide_at_once_one_does_and_is_recorded(make_ledger: MakeLedger, ledger: Ledger) -> None:
    dead_letter = kill_create(ledger, opened(), resolved())
    others = make_ledger(), make_ledger()

    def retry(number: int) -> str:
        try:
            others[number].retry_operation(dead_letter, by=f"person {number}")
        except NoSuchDeadLetter:
            return "too late"
        return f"person {number}"

    outcome = at_once(lambda: retry(0), lambda: retry(1))
    assert max(outcome) == "too late"
    assert recorded(ledger) == [(min(outcome), "dead retry", dead_letter)]
    assert deliver_all(ledger) == ["create_ticket", "close_ticket"]


def test_who_does_not_say_a_name_is_recorded_all_the_same(ledger: Ledger) -> None:
    ledger.retry_operation(kill_create(ledger, opened()))
    assert [who for who, _, _ in recorded(ledger)] == ["unknown"]


def test_a_pause_and_its_end_are_recorded_once_each(ledger: Ledger) -> None:
    assert [ledger.pause("prom", "work", by="ada") for _ in range(2)] == [True, False]
    assert [ledger.resume("prom", by="ada") for _ in range(2)] == [True, False]
    assert recorded(ledger) == [("ada", "sources pause", "prom"), ("ada", "sources resume", "prom")]


def test_what_an_audit_updates_is_recorded_with_the_state(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened())])
    deliver_all(ledger, "T-1")
    found = Finding("changed", "T-1", "prom", "disk", "op-1-1", "closed by somebody", "nothing", "closed")
    told = internal.ticket_changed("T-1", "closed", clock.advance(seconds=1), "audit")
    assert ledger.update_tickets([(found, delivery(told, source=INTERNAL))], by="ada") == [found]
    assert recorded(ledger) == [("ada", "audit --update", "ticket:T-1")]
    assert rows(ledger, tickets)[0]["status"] == "closed"


def test_the_story_of_a_case_tells_what_was_done_to_it_and_not_to_others(now: Ledger, database_url: str) -> None:
    dead_letter, other = kill_create(now, opened()), kill_create(now, opened("other"))
    now.skip(other, "not this one", by="ada")
    now.bind(dead_letter, "T-7", "open", by="ada")
    story = command(database_url, "events", "find", "disk").stdout
    assert f"ada  dead bind  {dead_letter}  ticket: T-7" in story
    assert "not this one" not in story
    (told,) = said(command(database_url, "events", "find", "disk", "-o", "json"))
    assert [each["what"] for each in told["interventions"]] == ["dead bind"]


def test_interventions_are_listed_by_subject_and_time(now: Ledger, database_url: str) -> None:
    assert "There is no intervention." in command(database_url, "interventions", "list").stderr
    now.pause("prom", "work", by="ada")
    now.pause("*", "more work", by="bob")
    listed = said(command(database_url, "interventions", "list", "-o", "json"))
    assert [(each["who"], each["subject"]) for each in listed] == [("ada", "prom"), ("bob", "*")]
    assert listed[0]["at"].endswith("Z")
    only = said(command(database_url, "interventions", "list", "--subject", "*", "-o", "json"))
    assert [each["who"] for each in only] == ["bob"]
    assert len(said(command(database_url, "interventions", "list", "-n", "1", "-o", "json"))) == 1
    assert said(command(database_url, "interventions", "list", "--since", "1h", "-o", "json")) == listed
    with now.database.write() as connection:
        connection.execute(interventions.update().values(at=ManualClock().now))
    assert said(command(database_url, "interventions", "list", "--since", "1h", "-o", "json")) == []


@pytest.mark.parametrize("since", ["yesterday", "5 hours", "-1h", "2999-01-01", "1y"])
def test_what_is_no_moment_of_the_past_exits_2(now: Ledger, database_url: str, since: str) -> None:
    result = command(database_url, "interventions", "list", "--since", since)
    assert (result.exit_code, "Traceback" in result.stderr) == (2, False)


def test_without_a_name_the_user_and_the_machine_are_recorded(now: Ledger, database_url: str) -> None:
    dead_letter = kill_create(now, opened())
    assert in_a_process(database_url, "dead", "retry", dead_letter).returncode == 0
    assert recorded(now) == [(operator(), "dead retry", dead_letter)]
    assert "@" in operator()


def test_a_paused_source_is_shown_and_sends_nothing_until_it_is_resumed(now: Ledger, database_url: str) -> None:
    now.record([delivery(opened(), source="alertmanager"), delivery(opened(), source="email")])
    paused = command(database_url, "sources", "pause", "alertmanager", "--why", "work on it")
    assert (paused.exit_code, paused.stdout) == (0, "Source alertmanager is paused: work on it\n")
    status = command(database_url, "status")
    assert (status.exit_code, "paused      alertmanager since " in status.stdout) == (0, True)
    listed = {each["source"]: each for each in said(command(database_url, "sources", "list", "-o", "json"))["sources"]}
    assert (listed["alertmanager"]["open_operations"], listed["alertmanager"]["kind"]) == (1, "alertmanager")
    assert (listed["alertmanager"]["pause"]["why"], listed["email"]["pause"]) == ("work on it", None)
    assert listed["alertmanager"]["last_message_at"].startswith("2026-02-20T12:00:00")
    assert [each.source for each in claim(now)] == ["email"]
    again = command(database_url, "sources", "pause", "alertmanager", "--why", "other words")
    assert (again.exit_code, "Source alertmanager is already paused since" in again.stderr) == (0, True)
    assert command(database_url, "sources", "resume", "alertmanager").exit_code == 0
    assert [each.source for each in claim(now)] == ["alertmanager"]
    assert "paused" not in command(database_url, "status").stdout


def test_all_can_be_paused_and_what_stays_paused_afterwards_is_said(now: Ledger, database_url: str) -> None:
    now.record([delivery(opened(), source="email")])
    command(database_url, "sources", "pause", "slack", "--why", "its own")
    assert command(database_url, "sources", "pause", "--all", "--why", "everything").exit_code == 0
    assert claim(now) == []
    assert "Every source is paused since" in command(database_url, "sources", "list").stdout
    resumed = command(database_url, "sources", "resume", "--all")
    assert "Source slack is still paused since" in resumed.stderr
    assert len(claim(now)) == 1


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("pause", "alertmanger", "--why", "x"), "did you mean 'alertmanager'?"),
        (("resume", "alertmanger"), "did you mean 'alertmanager'?"),
        (("pause", "--why", "x"), "name a source, or give --all"),
        (("resume", "slack", "--all"), "name a source, or give --all"),
    ],
)
def test_a_pause_of_what_is_no_source_is_refused(
    now: Ledger, database_url: str, arguments: tuple[str, ...], text: str
) -> None:
    result = command(database_url, "sources", *arguments)
    assert (result.exit_code, text in result.stderr, now.list_pauses()) == (2, True, [])


def test_a_source_that_is_configured_elsewhere_can_be_paused(now: Ledger, database_url: str) -> None:
    now.record([delivery(opened())])  # the source prom is missing in these settings
    assert command(database_url, "sources", "pause", "prom", "--why", "x").exit_code == 0
    assert "not configured here" in command(database_url, "sources", "list").stdout


def test_after_a_restore_what_is_unfinished_is_looked_for_before_it_is_sent(now: Ledger, database_url: str) -> None:
    now.record([delivery(opened(), commented())])
    refused = command(database_url, "db", "restored", typed="n\n")
    assert (refused.exit_code, rows(now, interventions)) == (1, [])
    ended = in_a_process(database_url, "db", "restored", "--yes", "--as", "ada")
    assert (ended.returncode, "with 2 unfinished operations" in ended.stdout) == (0, True)
    assert [(each["ambiguous"], each["unproven"]) for each in rows(now, operations)] == [(True, True)] * 2
    assert "restored_at" in {each["name"] for each in rows(now, facts)}
    assert recorded(now) == [("ada", "db restored", "ledger")]


def test_a_restore_is_refused_while_a_lease_runs(now: Ledger, database_url: str) -> None:
    now.record([delivery(opened())])
    create = claim_one(now)
    before = every_row(now)
    result = command(database_url, "db", "restored", "--yes")
    assert (result.exit_code, "a lease runs until" in result.stderr) == (1, True)
    assert every_row(now) == before
    with now.database.write() as connection:
        connection.execute(cases.update().values(lease_until=ManualClock().now))
    assert command(database_url, "db", "restored", "--yes").exit_code == 0
    assert now.settle([(create, done())])[0] == [create]  # a worker that ran on cannot record an outcome


def test_a_restore_is_refused_while_a_run_uses_the_folder(now: Ledger, database_url: str, tmp_path: Path) -> None:
    command_ = ("db", "restored", "--yes", "--data", str(tmp_path))
    with (tmp_path / "lock").open("w") as file:
        assert lock(file)
        refused = command(database_url, *command_)
    assert (refused.exit_code, "a `ticketrelay run` uses" in refused.stderr, now.list_interventions()) == (1, True, [])
    assert command(database_url, *command_).exit_code == 0


@pytest.mark.postgresql
def test_before_a_restore_it_is_said_who_else_is_connected(postgresql_url: str) -> None:
    other = Ledger(postgresql_url)
    try:
        other.upgrade()
        assert other.database.other_sessions() == 0
        assert "1 other session connected" in command(postgresql_url, "db", "restored", "--yes").stderr
        wait_until(lambda: other.database.other_sessions() == 0, "the command's own session is over", patience=20)
    finally:
        other.close()


def test_a_close_that_was_overtaken_by_an_opening_is_not_sent_again(now: Ledger, database_url: str) -> None:
    now.record([delivery(opened(), resolved())])
    now.settle([(claim_one(now), done())])
    close = claim_one(now, "close_ticket")
    now.settle([(close, dead())])
    now.record([delivery(opened(start=20))])
    result = command(database_url, "dead", "retry", f"op-{close.case_id}-{close.seq}")
    assert (result.exit_code, "stays as it is: the case was opened again" in result.stderr) == (1, True)
    assert rows(now, interventions) == []


def test_a_sample_that_left_quarantine_by_command_tells_who_did_it(now: Ledger, database_url: str) -> None:
    body = fixtures("alertmanager")["firing"].body
    ((kept,), _) = now.record([Delivery(inbound(body, source="alertmanager"), unreadable="a defect of ours")])
    dead_letter = f"in-{kept.inbound_id}"
    assert command(database_url, "dead", "retry", dead_letter, "--as", "ada").exit_code == 0
    assert recorded(now) == [("ada", "dead retry", dead_letter)]
    assert f"ada  dead retry  {dead_letter}" in command(database_url, "events", "find", dead_letter).stdout

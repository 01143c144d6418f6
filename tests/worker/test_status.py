"""The sentence on top of `status`, and what it says of a ledger that takes no writes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from worker.actions.reaching import probe_all
from worker.actions.status import shown, status
from worker.ledger import BrokerSeen, Flow, Ledger, Overview, Pause, Presence
from worker.ledger.queue.undelivered import Oldest
from worker.settings import load

from .builders import NOON, ManualClock, claim, claim_one, deliver_all, delivery, done, kill_create, opened
from .commands import command, said
from .test_locked_sqlite import locked
from .test_missing_processes import process
from .test_overview import QUIET

API = {"TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1", "TICKETRELAY_API__KEY": "ak_test_1"}
SETTINGS = load(API)
RUNS = replace(QUIET, processes=(process("serve"), process("worker")))


def urgent_since(**ago: float) -> Oldest:
    return Oldest(0, NOON - timedelta(**ago))


def sentence(now: Overview) -> str:
    return shown(now, SETTINGS).summary


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (QUIET, "No process has run on this ledger yet."),
        (
            replace(QUIET, processes=(process("run", "stopped"),)),
            "Nothing runs, and nothing waits: run on run-host was stopped at 2026-02-20 10:00 UTC.",
        ),
        (replace(RUNS, flow=Flow(0, None)), "All quiet: no call took effect in the last hour, and nothing waits."),
        (
            replace(RUNS, flow=Flow(0, None), open_operations={"add_note": 1, "close_ticket": 2}),
            "No call took effect in the last hour, and 3 operations wait.",
        ),
        (
            replace(
                RUNS,
                processes=(process("serve"), process("worker", "lost", NOON - timedelta(seconds=50))),
                open_operations={"add_note": 6},
                flow=Flow(4, 0.4),
            ),
            "No worker has been heard of for a while, and 6 operations wait.",
        ),
        (
            replace(RUNS, flow=Flow(412, 1.93)),
            "All flowing: 412 calls in the last hour, slowest urgent ticket 1.9 s.",
        ),
        (replace(RUNS, flow=Flow(1, None)), "All flowing: 1 call in the last hour, no urgent ticket."),
        (
            replace(RUNS, flow=Flow(412, 1.93), oldest=(urgent_since(seconds=12),)),
            "All flowing: 412 calls in the last hour, slowest urgent ticket 1.9 s; one has waited for 12 s.",
        ),
        (
            replace(RUNS, flow=Flow(412, 1.93), oldest=(urgent_since(minutes=40), Oldest(5, NOON - timedelta(days=1)))),
            "An urgent ticket has waited for 40 min."
            " 412 calls took effect in the last hour, slowest urgent ticket 1.9 s.",
        ),
        (
            replace(RUNS, flow=Flow(0, None), oldest=(urgent_since(minutes=40),), open_operations={"create_ticket": 1}),
            "An urgent ticket has waited for 40 min. No call took effect in the last hour, and 1 operation waits.",
        ),
        (
            replace(RUNS, pauses=(Pause("*", NOON, "a migration"),)),
            "Paused: nothing is sent since 2026-02-20 12:00 UTC: a migration",
        ),
    ],
    ids=[
        "never",
        "stopped",
        "quiet",
        "waiting",
        "no worker",
        "flowing",
        "without urgent",
        "urgent waits",
        "urgent is late",
        "urgent is late and no call",
        "paused",
    ],
)
def test_without_an_alarm_the_sentence_says_how_it_goes(now: Overview, expected: str) -> None:
    assert sentence(now) == expected


def test_with_alarms_the_sentence_is_about_the_worst_one_since_when_and_where_to_read() -> None:
    since = {"stalled": NOON - timedelta(minutes=48)}
    now = replace(RUNS, quarantined=1, due_since=NOON - timedelta(hours=1), alarms_since=since)
    assert sentence(now) == (
        "Act: stalled since 2026-02-20 11:12 UTC (48 min): work has been due since 2026-02-20 11:00:00 UTC, and no call"
        " was made: does a worker run? See docs/reference/alarms.md#stalled. 1 more alarm below."
    )


def test_a_missing_process_leads_since_it_explains_work_that_waits() -> None:
    processes = (process("serve"), process("worker", "lost"))
    now = replace(RUNS, processes=processes, due_since=NOON - timedelta(hours=1))
    assert [each.name for each in shown(now, SETTINGS).alarms] == ["process_missing", "stalled"]
    assert sentence(now).startswith("Act: process_missing: no worker is running")


def test_the_last_hour_counts_what_was_done_and_the_slowest_urgent_ticket(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened("old"))])
    deliver_all(ledger, "T-0")
    clock.advance(hours=2)
    ledger.record([delivery(opened("low", priority="low")), delivery(opened("urgent", priority="urgent"))])
    clock.advance(seconds=3)
    claims = claim(ledger)
    ledger.settle([(each, done(f"T-{number}")) for number, each in enumerate(claims, 1)])
    assert ledger.overview(in_full=True).flow == Flow(2, 3.0)


def test_status_shows_the_processes_and_what_they_hold(ledger: Ledger, database_url: str) -> None:
    real = Ledger(database_url)  # by the real clock, as the command
    real.processes.heartbeat(Presence("web:7:aa", "serve", "1.2", "web", 7), BrokerSeen("refused"))
    real.processes.heartbeat(Presence("box:8:bb", "worker", "1.2", "box", 8))
    real.processes.heartbeat(Presence("box:9:cc", "worker", "1.1", "box", 9))
    real.processes.ended("box:9:cc")
    real.record([delivery(opened())])
    claim_one(real, owner="box:8:bb:01")
    result = command(database_url, "status")
    lines = [each.split() for each in result.stdout.splitlines() if each.startswith(("serve ", "worker "))]
    assert [each[:4] for each in lines] == [["serve", "1.2", "web", "7"], ["worker", "1.2", "box", "8"]]
    assert [" ".join(each[9:]) for each in lines] == ["no broker: refused", "1 case"]
    told = said(command(database_url, "status", "-o", "json"))
    assert [(each["role"], each["state"]) for each in told["processes"]] == [
        ("serve", "live"), ("worker", "live"), ("worker", "stopped"),
    ]  # fmt: skip
    real.close()


def test_status_of_a_locked_ledger_says_so(sqlite_ledger: Ledger) -> None:
    assert status(sqlite_ledger, SETTINGS).alarms == ()
    other = Ledger(str(sqlite_ledger.database.url))
    with locked(sqlite_ledger):
        (alarm,) = status(other, SETTINGS).alarms
    assert (alarm.name, alarm.needs) == ("ledger_not_writable", "act")
    assert alarm.text == "the ledger cannot be written: another process, or a long transaction, holds its lock"
    other.close()


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("scope", "names"),
    [("ROLE CURRENT_USER IN DATABASE", []), ("DATABASE", ["ledger_not_writable"])],
    ids=["role", "database"],
)
def test_a_role_that_only_reads_is_no_alarm_and_a_database_that_takes_no_writes_is_one(
    postgresql_url: str, scope: str, names: list[str]
) -> None:
    ledger = Ledger(postgresql_url)
    ledger.upgrade()
    with ledger.database.write() as connection:
        name = ledger.database.url.database
        connection.execute(text(f'ALTER {scope} "{name}" SET default_transaction_read_only = on'))
    ledger.close()
    other = Ledger(postgresql_url)  # as a command opens it
    assert [each.name for each in status(other, SETTINGS).alarms] == names
    assert (other.write_problem() or "").startswith("it takes no writes")  # as a process, it would not do
    other.close()


def test_check_connect_says_that_a_ledger_is_locked(sqlite_ledger: Ledger) -> None:
    url = str(sqlite_ledger.database.url)

    def database() -> tuple[bool, str]:
        (found,) = [each for each in probe_all(load(API | {"TICKETRELAY_LEDGER__URL": url})) if each.what == "database"]
        return found.ok, found.said

    with locked(sqlite_ledger):
        assert database() == (False, f"{url}: cannot be written: database is locked")
    assert database() == (True, f"{url}: the tables exist")


def test_status_shows_the_states_of_cases_in_the_words_of_the_other_screens(sqlite_ledger: Ledger) -> None:
    kill_create(sqlite_ledger, opened("dead"))
    sqlite_ledger.record([delivery(opened("idle"))])
    deliver_all(sqlite_ledger)
    url = str(sqlite_ledger.database.url)
    (line,) = [each for each in command(url, "status").stdout.splitlines() if each.startswith("cases ")]
    assert line == "cases       1 blocked: its create is dead · 1 nothing to send"
    assert said(command(url, "status", "-o", "json"))["cases"] == {"blocked": 1, "idle": 1}


def test_each_alarm_on_the_screen_says_what_it_asks_for(sqlite_ledger: Ledger) -> None:
    kill_create(sqlite_ledger, opened())
    url = str(sqlite_ledger.database.url)
    shown_lines = command(url, "status").stdout.splitlines()
    at = next(number for number, each in enumerate(shown_lines) if each.startswith("ALARM dead_letters"))
    assert shown_lines[at + 1].startswith("      Act: Decide about each")
    assert shown_lines[at + 2] == "      docs/reference/alarms.md#dead_letters"

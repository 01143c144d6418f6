"""No command plans with settings that no live process has: it refuses, or warns, and names what differs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from worker.ledger import Delivery, Ledger, Presence
from worker.ledger.schema.tables import operations, processes
from worker.runtime.heartbeat import Heartbeat
from worker.settings import load
from worker.settings.planning_digest import PlanningDigest

from .builders import inbound, rows
from .commands import command, every_row
from .conftest import MakeLedger
from .test_replay import alert, swallowed

pytestmark = pytest.mark.one_database

ENVIRON = {
    "TICKETRELAY_SOURCES__ALERTMANAGER__SECRET": "correct-horse-battery",
    "TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1",
    "TICKETRELAY_API__KEY": "ak_test_1",
}
ROUTES = "routes:\n  - name: urgent-first\n    category: {category}\n"
REPLAY = ("replay", "--since", "2026-02-01")
ASKED = "Run the command with the configuration file and the variables of the processes, or with --with-these-settings"


class Fleet:
    """A ledger, its configuration file, and a live process that has read the file."""

    def __init__(self, ledger: Ledger, url: str, folder: Path) -> None:
        self.ledger, self.url, self.file = ledger, url, folder / "c.yaml"

    def has(self, category: str) -> None:
        """Write the configuration file."""
        self.file.write_text(ROUTES.format(category=category))

    def lives(self, name: str = "host:1:a") -> None:
        """Let a process read the file, and write its heartbeat."""
        settings = load(ENVIRON, file=self.file)
        Heartbeat(self.ledger, "serve", None, PlanningDigest(lambda: settings), name).once()

    def run(self, *arguments: str, typed: str | None = None, **more: str) -> tuple[int, str]:
        """Run a command with the configuration file; return its exit code, and what it said beside the result."""
        result = command(self.url, *arguments, typed=typed, TICKETRELAY_CONFIG=str(self.file), **ENVIRON, **more)
        return result.exit_code, result.stderr

    def has_planned(self) -> bool:
        return bool(rows(self.ledger, operations))


@pytest.fixture
def fleet(make_ledger: MakeLedger, database_url: str, tmp_path: Path) -> Fleet:
    """A fleet whose configuration has changed since its process read it, and an alert that was not understood."""
    ledger = make_ledger(clock=None)
    ledger.upgrade()
    found = Fleet(ledger, database_url, tmp_path)
    found.has("storage")
    found.lives()
    found.has("network")
    return found


def test_a_replay_with_other_settings_plans_nothing_and_names_what_differs(fleet: Fleet) -> None:
    swallowed(fleet.ledger, alert("a"))
    before = every_row(fleet.ledger)
    code, said = fleet.run(*REPLAY)
    assert (code, said) == (
        2,
        "Error: the live processes have other settings, so nothing was planned; these differ: routes[0] "
        f"(urgent-first). {ASKED}\n",
    )
    assert every_row(fleet.ledger) == before


def test_a_replay_with_the_settings_of_the_processes_plans(fleet: Fleet) -> None:
    swallowed(fleet.ledger, alert("a"))
    fleet.has("storage")
    assert fleet.run(*REPLAY)[0] == 0
    assert fleet.has_planned()


def test_a_replay_that_is_asked_for_with_other_settings_plans_and_records_what_differed(fleet: Fleet) -> None:
    swallowed(fleet.ledger, alert("a"))
    assert fleet.run(*REPLAY, "--with-these-settings")[0] == 0
    assert fleet.has_planned()
    (noted,) = fleet.ledger.list_interventions()
    assert (noted.what, noted.detail["other_settings"]) == ("replay", ["routes[0] (urgent-first)"])


def test_a_dry_run_says_in_a_line_that_the_settings_differ(fleet: Fleet) -> None:
    swallowed(fleet.ledger, alert("a"))
    code, said = fleet.run(*REPLAY, "--dry-run")
    assert (code, said) == (
        0, "Note: the live processes have other settings; these differ: routes[0] (urgent-first).\n"
    )  # fmt: skip


def test_a_command_that_reads_says_so_in_a_line_and_one_with_the_same_settings_says_nothing(fleet: Fleet) -> None:
    assert fleet.run("dead", "list") == (
        0, "Note: the live processes have other settings; these differ: routes[0] (urgent-first).\n"
    )  # fmt: skip
    fleet.has("storage")
    assert fleet.run("dead", "list") == (0, "")


def test_a_shell_that_has_the_url_of_the_ledger_only_reads_without_a_word(fleet: Fleet) -> None:
    result = command(fleet.url, "dead", "list")
    assert (result.exit_code, result.stderr) == (0, "")


def test_a_shell_that_has_the_url_of_the_ledger_only_plans_nothing(fleet: Fleet) -> None:
    swallowed(fleet.ledger, alert("a"))
    result = command(fleet.url, *REPLAY)
    assert result.exit_code == 2
    assert "these differ: routes (urgent-first): missing here, sources: none is configured here." in result.stderr
    assert not fleet.has_planned()


def test_a_delivery_is_not_read_again_with_other_settings(fleet: Fleet) -> None:
    letter = quarantined(fleet.ledger)
    for named in ((letter,), ("--all", "--yes")):
        code, said = fleet.run("dead", "retry", *named)
        assert code == 2
        assert "these differ: routes[0] (urgent-first)" in said
    assert [each.id for each in fleet.ledger.reading.dead()] == [letter]
    assert not fleet.has_planned()


def test_a_delivery_that_is_read_again_with_other_settings_all_the_same_has_a_record_of_them(fleet: Fleet) -> None:
    letter = quarantined(fleet.ledger)
    assert fleet.run("dead", "retry", letter, "--with-these-settings")[0] == 0
    (noted,) = fleet.ledger.list_interventions()
    assert (noted.subject, noted.detail["other_settings"]) == (letter, ["routes[0] (urgent-first)"])


def test_operations_are_retried_with_any_settings(fleet: Fleet) -> None:
    code, said = fleet.run("dead", "retry", "--all", "--yes")
    assert (code, said) == (0, "")


def test_an_audit_with_other_settings_updates_nothing_and_asks_nobody(fleet: Fleet) -> None:
    code, said = fleet.run("audit", "--update")
    assert code == 2
    assert "these differ: routes[0] (urgent-first)" in said
    assert "cannot be asked" not in said


def test_a_mail_is_taken_with_other_settings_and_a_line_says_so(fleet: Fleet) -> None:
    mail = "From: ada@example.org\nSubject: Toner\nMessage-ID: <1@example.org>\n\nThe printer is empty.\n"
    source = {"TICKETRELAY_SOURCES__EMAIL__SECRET": "correct-horse-battery"}
    code, said = fleet.run("pipe", "--source", "email", typed=mail, **source)
    assert (code, said) == (
        0,
        "Warning: the mail was stored with settings that no live process has: routes[0] (urgent-first), "
        "sources.email: only here\n",
    )
    assert fleet.has_planned()


def test_during_a_rollout_the_settings_of_any_live_process_will_do(fleet: Fleet) -> None:
    fleet.lives("host:2:b")
    for category in ("storage", "network"):
        fleet.has(category)
        assert fleet.run(*REPLAY) == (0, "")
    fleet.has("other")
    assert fleet.run(*REPLAY)[0] == 2


def test_processes_that_have_ended_or_died_do_not_count(fleet: Fleet) -> None:
    fleet.ledger.processes.ended("host:1:a")
    assert fleet.run(*REPLAY) == (0, "")
    fleet.has("storage")
    fleet.lives()
    fleet.has("network")
    with fleet.ledger.database.write() as connection:
        connection.execute(processes.update().values(seen_at=fleet.ledger.now() - timedelta(minutes=2)))
    assert fleet.run(*REPLAY) == (0, "")


def test_a_process_of_the_version_before_records_nothing_and_is_not_compared(fleet: Fleet) -> None:
    fleet.ledger.processes.ended("host:1:a")
    fleet.ledger.processes.heartbeat(Presence("host:3:c", "serve", "0.0.9", "host", 3))
    assert fleet.run(*REPLAY) == (0, "")


def test_commands_for_other_settings_say_nothing(fleet: Fleet) -> None:
    code, said = fleet.run("check", str(fleet.file))
    assert (code, said) == (0, "")


def quarantined(ledger: Ledger) -> str:
    """Record an alert that a defect could not read; return its id."""
    ((recorded,), _) = ledger.record([Delivery(inbound(alert("a"), source="alertmanager"), unreadable="a defect")])
    return f"in-{recorded.inbound_id}"

"""Pruning, statistics and backup: pruning deletes only old rows, and a copy of a ledger in use is whole."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from worker.ledger import Delivery, Ledger
from worker.ledger.schema.tables import attempts, inbound, interventions, seen
from worker.ledger.upkeep.pruning import AT_ONCE, Pruned

from .builders import NOON, ManualClock, claim_one, deliver_all, delivery, done, kill_create, opened, rows
from .builders import inbound as arrived
from .commands import command, every_row, said

DAY = timedelta(days=1)


def pruned(
    ledger: Ledger, *, bodies: timedelta = 30 * DAY, tries: timedelta = 90 * DAY, dry_run: bool = False
) -> Pruned:
    spans = ledger.upkeep.prunable(bodies, tries)
    total = Pruned()
    for span in spans:
        for step in ledger.upkeep.prune(span, dry_run=dry_run):
            total = total.plus(step.pruned)
    return total


def test_a_body_goes_after_its_time_and_the_line_about_it_stays(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened())])
    clock.advance(hours=24 * 30)
    assert pruned(ledger).bodies == 0
    clock.advance(seconds=1)
    (before,) = rows(ledger, inbound)
    assert pruned(ledger) == Pruned(1, len(before["body"]), 0)
    gone = {"body": b"", "headers": "[]", "query": "", "subject": None, "sender": None}
    assert rows(ledger, inbound) == [before | gone]
    assert pruned(ledger) == Pruned()


def test_what_is_in_quarantine_is_kept_whole(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([Delivery(arrived(b"<xml/>"), unreadable="not JSON")])
    clock.advance(hours=24 * 365)
    assert pruned(ledger) == Pruned()
    assert ledger.show_dead(f"in-{rows(ledger, inbound)[0]['id']}").body == b"<xml/>"


def test_a_repeat_of_what_was_pruned_is_still_known(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened())])
    deliver_all(ledger)
    known = rows(ledger, seen)
    clock.advance(hours=24 * 365)
    gone = pruned(ledger)
    assert (gone.bodies, gone.attempts) == (1, 1)
    assert rows(ledger, seen) == known
    ((recorded,), due) = ledger.record([delivery(opened())])
    assert (due, recorded.effects[0].operations) == (frozenset(), ())


def test_attempts_go_but_of_what_a_person_must_decide_on(ledger: Ledger, clock: ManualClock) -> None:
    dead_letter = kill_create(ledger, opened("dead"))
    ledger.record([delivery(opened("alive"))])
    ledger.settle([(claim_one(ledger), done())])
    ledger.record([delivery(opened("under way"))])
    claim_one(ledger)
    ledger.take_all_back(timedelta(0))
    clock.advance(hours=24 * 91)
    assert pruned(ledger, bodies=365 * DAY) == Pruned(attempts=1)
    assert len(ledger.show_dead(dead_letter).tries) == 1
    assert len(rows(ledger, attempts)) == 2


def test_interventions_are_kept_for_ever(ledger: Ledger, clock: ManualClock) -> None:
    ledger.skip(kill_create(ledger, opened()), "a test", by="ada")
    kept = rows(ledger, interventions)
    clock.advance(hours=24 * 3650)
    assert pruned(ledger).attempts == 1
    assert rows(ledger, interventions) == kept
    assert kept


def test_a_dry_run_counts_the_same_and_changes_nothing(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened("one")), delivery(opened("two"))])
    deliver_all(ledger)
    clock.advance(hours=24 * 365)
    before = every_row(ledger)
    foreseen = pruned(ledger, dry_run=True)
    assert every_row(ledger) == before
    assert foreseen == pruned(ledger)
    assert foreseen.bodies == 2


def test_pruning_that_is_stopped_goes_on_where_it_was(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened(f"case-{number}")) for number in range(AT_ONCE + 1)])
    clock.advance(hours=24 * 365)
    (bodies, _) = ledger.upkeep.prunable(30 * DAY, 90 * DAY)
    first = next(ledger.upkeep.prune(bodies))
    assert first.pruned.bodies == AT_ONCE
    assert sum(not row["body"] for row in rows(ledger, inbound)) == AT_ONCE
    assert pruned(ledger).bodies == 1
    assert not any(row["body"] for row in rows(ledger, inbound))


def test_the_command_prunes_as_the_settings_say(ledger: Ledger, database_url: str) -> None:
    ledger.record([delivery(opened())])
    kept = command(database_url, "db", "prune", "-o", "json", TICKETRELAY_LEDGER__KEEP_BODIES=str(100 * 365 * 86400))
    assert (said(kept)["bodies"], said(kept)["is_complete"]) == (0, True)
    foreseen = command(database_url, "db", "prune", "--dry-run")
    assert foreseen.stdout.startswith("Would delete 1 body ")
    gone = command(database_url, "db", "prune")
    assert gone.stdout.startswith("Deleted ")
    assert [row["body"] for row in rows(ledger, inbound)] == [b""]


def test_a_pruned_delivery_keeps_its_story_and_cannot_be_replayed(ledger: Ledger, database_url: str) -> None:
    ledger.record([delivery(opened())])
    command(database_url, "db", "prune")
    name = f"in-{rows(ledger, inbound)[0]['id']}"
    assert said(command(database_url, "events", "show", name, "-o", "json"))["outcome"] == "under way"
    replayed = said(command(database_url, "replay", "--since", "2026-01-01", "-o", "json"))
    assert name in replayed["not_read"]


def test_statistics_tell_rows_ends_and_growth(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened("one")), delivery(opened("two"))])
    clock.advance(hours=24 * 20)
    ledger.record([delivery(opened("three"))])  # received at noon, as every delivery of these tests
    found = {each.table: each for each in ledger.upkeep.stats()}
    assert (found["operations"].rows, found["operations"].oldest, found["operations"].newest) == (3, NOON, clock.now)
    assert found["operations"].rows_per_day == pytest.approx(1 / 7)
    assert (found["inbound"].rows_per_day, found["seen"].oldest, found["attempts"].rows) == (0.0, None, 0)
    assert all(each.bytes for each in found.values())
    assert not any(each.is_estimate for each in found.values())


def test_a_copy_holds_one_moment_while_a_writer_writes(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.upgrade()
    ledger.record([delivery(opened(f"before-{number}")) for number in range(50)])
    copied, wrote = threading.Event(), threading.Event()

    def write() -> None:
        number = 0
        while not copied.is_set():
            ledger.record([delivery(opened(f"while-{number}"))])
            number += 1
            wrote.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert wrote.wait(60)
        result = command(str(ledger.database.url), "db", "backup", str(tmp_path / "copy.db"))
    finally:
        copied.set()
        writer.join(60)
    assert result.exit_code == 0, result.stderr
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        (deliveries,) = copy.execute("SELECT count(*) FROM inbound").fetchone()
        (operations,) = copy.execute("SELECT count(*) FROM operations").fetchone()
    assert 51 <= deliveries == operations <= len(rows(ledger, inbound))
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
    assert {each.name for each in tmp_path.glob("copy*")} == {"copy.db"}
    ledger.close()
    restored = Ledger(f"sqlite:///{tmp_path / 'copy.db'}")
    assert restored.is_current()
    restored.close()


def test_a_backup_takes_no_other_files_place(ledger: Ledger, database_url: str, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("precious")
    result = command(database_url, "db", "backup", str(there))
    assert result.exit_code == 2
    assert "exists already" in result.stderr
    assert there.read_text() == "precious"
    result = command(database_url, "db", "backup", str(tmp_path / "no" / "folder"))
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr


@pytest.mark.postgresql
def test_postgresql_is_copied_by_pg_dump_or_its_command_is_said(postgresql_url: str, tmp_path: Path) -> None:
    ledger = Ledger(postgresql_url)
    ledger.upgrade()
    ledger.close()
    without = command(postgresql_url, "db", "backup", str(tmp_path / "dump"), PATH=str(tmp_path))
    assert without.exit_code == 1
    assert f"pg_dump --format=custom --file={tmp_path / 'dump'} --dbname=postgresql://" in without.stderr
    password = ledger.database.url.password
    assert password is None or str(password) not in without.stderr
    assert not list(tmp_path.iterdir())
    if shutil.which("pg_dump") is None:
        pytest.skip("pg_dump is not installed")
    result = command(postgresql_url, "db", "backup", str(tmp_path / "dump"))
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "dump").read_bytes().startswith(b"PGDMP")

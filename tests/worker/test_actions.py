"""Actions return their document or raise a named error, and print nothing, so a web page can do what a command does."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from worker.actions import bulk, dead_letters, history, sources, status, upkeep
from worker.actions.edits import NotARequest
from worker.actions.errors import NotFound, Refused, UnknownSource, WrongInput
from worker.actions.replay import Replay, ReplaySelection
from worker.documents.dead_letters import DeadLetterDone, DeadLetterEdited, DeadLetterRefused
from worker.documents.sources import PauseChanged
from worker.ledger import EVERYTHING, Delivery, Ledger, NoSuchDeadLetter, open_ledger
from worker.settings import Settings, load

from .builders import claim_one, delivery, inbound, kill_create, kinds_of, opened

API = {"TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1", "TICKETRELAY_API__KEY": "ak_test_1"}
EDITED = '{"subject": "another", "description": "3% free", "priority": "high"}'


@pytest.fixture
def settings() -> Settings:
    return load(API, overrides={"sources": {"prom": {"kind": "alertmanager", "secret": "x"}}})


def test_a_pause_of_a_misspelt_source_is_an_error_that_names_the_right_one(ledger: Ledger, settings: Settings) -> None:
    with pytest.raises(UnknownSource, match="did you mean 'prom'"):
        sources.pause(ledger, settings, "porm", "a test", by="ada")
    assert ledger.list_pauses() == []


def test_a_pause_and_its_end_say_what_changed_and_what_still_holds(ledger: Ledger, settings: Settings) -> None:
    assert sources.pause(ledger, settings, EVERYTHING, "a storm", by="ada").document == PauseChanged("*", True, True)
    first = sources.pause(ledger, settings, "prom", "a test", by="ada")
    again = sources.pause(ledger, settings, "prom", "another", by="bob")
    assert (first.document.changed, again.document.changed) == (True, False)
    assert [each.why for each in again.pauses] == ["a test"]
    ended = sources.resume(ledger, settings, "prom", by="ada")
    assert ended.document == PauseChanged("prom", False, True)
    assert [each.scope for each in ended.pauses] == [EVERYTHING]


def test_dead_letters_are_done_one_by_one_and_each_says_what_became_of_it(ledger: Ledger, settings: Settings) -> None:
    dead_letter = kill_create(ledger, opened())

    def skip(each: str) -> bulk.DeadLetterResult:
        return bulk.skip_one(ledger, each, "a test", by="ada")

    going = bulk.act_on([dead_letter, "op-99-1"], skip, named=True)
    first = next(going)
    assert first is not None
    assert first.document == DeadLetterDone(dead_letter, 0)
    assert ledger.list_dead() == []  # before the second one is tried
    (second,) = going
    assert second is not None
    assert isinstance(second.document, DeadLetterRefused)
    assert list(bulk.act_on([dead_letter], skip, named=False)) == [None]  # somebody else decided on it meanwhile


def test_an_edited_dead_letter_is_sent_anew_and_one_that_is_no_request_stays(ledger: Ledger) -> None:
    dead_letter = kill_create(ledger, opened())
    found = dead_letters.to_edit(ledger, dead_letter)
    with pytest.raises(NotARequest, match="priority"):
        dead_letters.edit(ledger, found, '{"subject": "another", "description": "x"}', "A", by="ada")
    assert [each.id for each in ledger.list_dead()] == [dead_letter]
    assert dead_letters.edit(ledger, found, EDITED, "A", by="ada") == DeadLetterEdited(
        dead_letter, edited=True, released=0
    )
    assert b'"another"' in claim_one(ledger).request


def test_a_delivery_in_quarantine_is_neither_edited_nor_bound(ledger: Ledger) -> None:
    (kept,), _ = ledger.record([Delivery(inbound(b"?"), unreadable="not JSON")])
    dead_letter = f"in-{kept.inbound_id}"
    with pytest.raises(Refused, match="whose bytes cannot be edited"):
        dead_letters.to_edit(ledger, dead_letter)
    with pytest.raises(Refused, match="has no ticket"):
        dead_letters.to_bind(ledger, dead_letter)
    with pytest.raises(NoSuchDeadLetter):
        dead_letters.to_bind(ledger, "op-99-1")


def test_a_ticket_that_cannot_be_asked_for_is_bound_to_nothing(ledger: Ledger, settings: Settings) -> None:
    dead_letter = kill_create(ledger, opened())
    with pytest.raises(Refused, match="cannot be asked for ticket"):
        dead_letters.bind(ledger, settings, dead_letter, "1042", by="ada")
    assert [each.id for each in ledger.list_dead()] == [dead_letter]


def test_a_replay_can_be_stopped_between_two_steps_and_says_where_to_go_on(ledger: Ledger, settings: Settings) -> None:
    kept, _ = ledger.record([Delivery(inbound(f"{number}".encode()), unreadable="not JSON") for number in range(70)])
    numbers = sorted(each.inbound_id for each in kept)
    wanted = ReplaySelection(ledger.now() - timedelta(days=9))
    first = Replay(ledger, settings.sources, wanted, "ada", dry_run=False)
    steps = first.steps(first.span())
    assert next(steps) == 64
    assert (first.document().deliveries, first.last) == (64, numbers[63])
    rest = Replay(ledger, settings.sources, ReplaySelection(wanted.since, after=first.last), "ada", dry_run=False)
    assert list(rest.steps(rest.span())) == [6]
    assert rest.document().deliveries == 6


def test_what_is_known_under_no_name_is_not_found(ledger: Ledger, settings: Settings) -> None:
    for ask in (history.case, history.timeline):
        with pytest.raises(NotFound, match="nonsense"):
            ask(ledger, "nonsense")
    with pytest.raises(NotFound, match="there is no delivery"):
        history.export(ledger, settings, "nonsense", redact=False)


def test_a_backup_writes_over_no_file(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    file = tmp_path / "copy.db"
    copied = upkeep.backup(sqlite_ledger, file, lambda _done, _every: None)
    assert (copied.file, copied.bytes) == (str(file), file.stat().st_size)
    with pytest.raises(WrongInput, match="exists already"):
        upkeep.backup(sqlite_ledger, file, lambda _done, _every: None)
    assert sorted(each.name for each in tmp_path.glob("copy*")) == ["copy.db"]


def test_a_ledger_on_which_somebody_works_is_not_told_that_it_was_restored(ledger: Ledger) -> None:
    ledger.record([delivery(opened())])
    upkeep.refuse_while_leased(ledger)
    claim_one(ledger)
    with pytest.raises(Refused, match="a lease runs until"):
        upkeep.refuse_while_leased(ledger)


def test_the_status_names_its_alarms_and_the_budget_its_limit(ledger: Ledger, settings: Settings) -> None:
    kill_create(ledger, opened())
    assert [each.name for each in status.status(ledger, settings).alarms] == ["dead_letters"]
    now = status.budget(ledger, settings)
    assert (now.limits.per_minute, now.used) == (settings.api.per_minute, sum(each.tokens for each in now.spent))
    assert kinds_of(ledger) == ["create_ticket"]


def test_a_ledger_of_a_later_version_is_not_upgraded_and_it_is_said_why(tmp_path: Path) -> None:
    settings = load({**API, "TICKETRELAY_LEDGER__URL": f"sqlite:///{tmp_path / 'ledger.db'}"})
    upkeep.upgrade(settings)
    with closing(open_ledger(settings)) as ledger, ledger.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(
        Refused, match=r"its tables 9999 are of a later version than this one, which has \d{4}: run the later version"
    ):
        upkeep.upgrade(settings)

"""A person's pause: its effect on claims, dispatch and alarms."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from worker.delivery.dispatch import Dispatch
from worker.ledger import EVERYTHING, Ledger, Limits
from worker.ledger.reports.alarms import alarms
from worker.planning.model import Kind
from worker.settings import TimingSettings

from .builders import ManualClock, claim, delivery, done, opened, resolved, rules_of
from .conftest import MakeLedger
from .relay import Relay, relaying


@pytest.fixture
def relay(ledger: Ledger, clock: ManualClock, tmp_path: Path) -> Iterator[Relay]:
    with relaying(ledger, clock, tmp_path) as made:
        yield made


def woken_for(ledger: Ledger) -> list[Kind]:
    """Return the kinds for which dispatch now sends a wake-up."""
    found: list[Kind] = []
    Dispatch(ledger, found.append, lambda _: 0, rules_of()).once()
    return found


def two_sources(ledger: Ledger) -> None:
    ledger.record([delivery(opened("a"), source="loud"), delivery(opened("b"), source="calm")])


def test_a_paused_source_is_neither_claimed_nor_woken_for_and_others_go_on(relay: Relay) -> None:
    two_sources(relay.ledger)
    assert relay.ledger.pause("loud", "a flood", by="anna")
    relay.run()
    assert [each.text for each in relay.effects()] == ["b is full"]
    assert woken_for(relay.ledger) == []
    assert relay.ledger.resume("loud", by="anna")
    assert woken_for(relay.ledger) == ["create_ticket"]
    relay.run()
    assert relay.counts() == {"create_ticket": 2}


def test_a_pause_of_everything_holds_everything(relay: Relay) -> None:
    relay.ledger.pause(EVERYTHING, "an upgrade of the ticket system")
    two_sources(relay.ledger)
    relay.send_what_is_due()
    assert (relay.effects(), woken_for(relay.ledger), claim(relay.ledger)) == ([], [], [])
    relay.ledger.resume(EVERYTHING)
    relay.run()
    assert relay.counts() == {"create_ticket": 2}


def test_a_pause_holds_for_all_processes_and_for_what_comes_later(ledger: Ledger, make_ledger: MakeLedger) -> None:
    ledger.pause("loud", "a flood")
    other = make_ledger()
    two_sources(other)
    assert [each.source for each in claim(other)] == ["calm"]


def test_what_a_pause_holds_takes_no_tokens_from_others(ledger: Ledger) -> None:
    ledger.pause("loud", "a flood")
    ledger.record([delivery(*(opened(f"u-{each}", priority="urgent") for each in range(5)), source="loud")])
    ledger.record([delivery(opened("b", priority="low"), source="calm")])
    assert [each.source for each in claim(ledger, limits=Limits(per_minute=1, per_second=None))] == ["calm"]


def test_work_that_is_paused_is_not_stalled(ledger: Ledger, clock: ManualClock) -> None:
    two_sources(ledger)
    ledger.pause(EVERYTHING, "an upgrade")
    clock.advance(hours=3)
    assert "stalled" not in [each.name for each in alarms(ledger.overview(), TimingSettings())]
    ledger.resume(EVERYTHING)
    assert "stalled" in [each.name for each in alarms(ledger.overview(), TimingSettings())]


def test_to_pause_or_resume_twice_changes_nothing(ledger: Ledger, clock: ManualClock) -> None:
    assert ledger.pause("loud", "first")
    clock.advance(seconds=9)
    assert not ledger.pause("loud", "second")
    (pause,) = ledger.overview().pauses
    assert (pause.scope, pause.why, pause.since) == ("loud", "first", clock.now - timedelta(seconds=9))
    assert ledger.resume("loud")
    assert not ledger.resume("loud")


def test_a_call_under_way_is_settled_while_its_source_is_paused(relay: Relay) -> None:
    relay.ledger.record([delivery(opened(), resolved())])
    (create,) = claim(relay.ledger)
    relay.ledger.pause("prom", "a flood")
    assert relay.ledger.settle([(create, done())])[0] == []
    assert claim(relay.ledger, "close_ticket") == []

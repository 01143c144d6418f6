"""A rehearsal in memory plans the same operations as the ledger."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from connectors.contract.events import Commented, Event, Exchange, Reference, digest
from connectors.contract.messages import Inbound, Parsed
from worker.ledger import Delivery, Ledger
from worker.ledger.schema.tables import operations
from worker.planning.grouping import PREFIX, storm_of
from worker.planning.model import Group, Policy, Treatment
from worker.rehearsal.memory import Memory

from .builders import NOON, ManualClock, changed, commented, deliver_all, opened, resolved, rows
from .conftest import MakeLedger
from .conversations import ADA, BOB, EVE, mail, name_of

POLICIES = (
    Policy(),
    Policy(reopen_window=timedelta(minutes=3), on_resolve="resolve", note_on_repeat=True),
    Policy(damping=timedelta(seconds=90)),
    Policy(on_resolve="nothing", note_on_comment=False, note_on_change=False),
)
DELIVERIES = 60


def an_event(chance: random.Random, now: float) -> Event:
    """Draw an event `now` minutes after noon, about one of a few cases that get mixed up."""
    case, start = chance.choice("abc"), round(now - chance.choice([0, 0, 1, 7]))
    text = chance.choice(["one", "other"])
    refers = tuple(
        Reference(name_of(chance.choice("mnop")), chance.random() < 0.3) for _ in range(chance.randint(0, 2))
    )
    said: dict[str, Any] = {
        "text": text,
        "author": chance.choice([ADA, BOB, EVE]),
        "priority": chance.choice(["low", "urgent"]),
        "private": chance.random() < 0.2,
        "stranger": chance.random() < 0.1,
        "doubt": chance.choice([None, "Not verified."]),
    }
    unknown = chance.choice(["wait", "open", "quarantine"])
    match chance.choice(["opened", "opened", "resolved", "resolved", "commented", "changed", "mail", "mail", "chat"]):
        case "opened":
            return opened(case, start, **said)
        case "resolved":
            end = round(now + chance.choice([-2, 0, 0, 9]))
            return resolved(case, end, **said, authority=chance.choice(["source", "opener"]))
        case "commented":
            return commented(case, f"c{chance.randint(0, 30)}", unknown=unknown, reopens=chance.random() < 0.5, **said)
        case "changed":
            return changed(case, f"f{chance.randint(0, 30)}", **said)
        case "mail":
            answered = [chance.choice("mnop") for _ in range(chance.randint(0, 2))]
            return mail(chance.choice("mnop") + str(chance.randint(0, 3)), to=answered, author=said["author"], at=start,
                        aliases=(name_of(chance.choice("mnop")),), content_digest=digest(text),
                        other_words=chance.choice(["change", "copy", "message", "message"]),
                        joins=chance.random() < 0.8, stranger=chance.random() < 0.3, doubt=said["doubt"],
                        exchange=Exchange(case, 3, 900) if chance.random() < 0.5 else None)  # fmt: skip
        case _:
            return commented(f"chat:{case}", f"t{chance.randint(0, 30)}", unknown=unknown, references=refers, **said)


def planned(ledger: Ledger) -> list[tuple[str, str]]:
    """Return kind and key of the ledger's planned operations, by case and sequence; skipped ones are left out."""
    found = sorted(rows(ledger, operations), key=lambda each: (each["case_id"], each["seq"]))
    return [(each["kind"], each["idempotency_key"]) for each in found if each["state"] != "skipped"]


class Rehearsed:
    """The operations that a memory plans; an operation that was taken back is left out."""

    def __init__(self) -> None:
        self._memory = Memory()
        self._of_case: dict[int, list[tuple[str, str]]] = {}
        self._latest: dict[int, int] = {}

    def take(self, delivery: Delivery, now: datetime) -> None:
        for outcome in self._memory.take(delivery.arrivals(1, delivery.observation), now):
            if outcome.case_id is None:
                continue
            found = self._of_case.setdefault(outcome.case_id, [])
            if outcome.takes_back:
                del found[self._latest[outcome.case_id] :]
            if any(intent.kind == "create_ticket" for intent in outcome.intents):
                self._latest[outcome.case_id] = len(found)
            found += [(intent.kind, outcome.key(intent)) for intent in outcome.intents]

    @property
    def planned(self) -> list[list[tuple[str, str]]]:
        return sorted(each for each in self._of_case.values() if each)


def of_cases(ledger: Ledger) -> list[list[tuple[str, str]]]:
    """Return the planned operations by case, sorted, because the numbers of the cases differ."""
    found: dict[int, list[tuple[str, str]]] = {}
    for each in sorted(rows(ledger, operations), key=lambda each: (each["case_id"], each["seq"])):
        if each["state"] != "skipped":
            found.setdefault(each["case_id"], []).append((each["kind"], each["idempotency_key"]))
    return sorted(found.values())


GROUPS = (None, None, Group(f"{PREFIX}one", "team=one"), Group(f"{PREFIX}two", "team=two"))


def deliveries(chance: random.Random, clock: ManualClock, *, grouped: bool) -> Iterator[Delivery]:
    """Draw deliveries in any order; the routes put an event into a group one time, and not the next."""
    policy = chance.choice(POLICIES)
    for _ in range(DELIVERIES):
        clock.advance(seconds=chance.choice([0, 20, 100, 700]))
        now = (clock.now - NOON).total_seconds() / 60
        events = tuple(an_event(chance, now) for _ in range(chance.choice([1, 1, 1, 2, 4])))
        arrived = Inbound("prom", clock.now, str(chance.random()).encode())
        groups = [
            chance.choice(GROUPS) if grouped and not (each.references or isinstance(each, Commented)) else None
            for each in events
        ]
        storms = [storm_of(each, "prom", 2 if grouped else None, "") for each in events]
        treatments = (Treatment(policy, group=one, storm=other) for one, other in zip(groups, storms, strict=True))
        yield Delivery(arrived, Parsed(events), treatments=tuple(treatments))


@pytest.mark.share(of=3)
@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_a_memory_plans_what_the_ledger_plans_whatever_is_said(
    make_ledger: MakeLedger, clock: ManualClock, seed: int, grouped: bool
) -> None:
    ledger = make_ledger(may_delay=True, may_group=grouped)
    ledger.upgrade()
    rehearsed = Rehearsed()
    for delivery in deliveries(random.Random(seed), clock, grouped=grouped):  # noqa: S311 — the same each time
        settle(ledger)
        ledger.record([delivery])
        rehearsed.take(delivery, clock.now)
        settle(ledger)
        assert rehearsed.planned == of_cases(ledger)
    assert sum(map(len, rehearsed.planned)) > 20


def settle(ledger: Ledger) -> None:
    """Pair comments and deliver all, as dispatch and delivery always do; here before and after each delivery."""
    ledger.pair_waiting()
    deliver_all(ledger)

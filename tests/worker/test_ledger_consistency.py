"""The row of a case agrees with its operations, whatever happens to the case.

Random lives of one case: its source sends events; calls succeed, fail, die or get lost; people repair; the ledger is
restored. After every step the whole case is read back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import sqlalchemy
from hypothesis import strategies as st

from connectors.contract.events import Event
from worker.delivery.outcomes import before_send
from worker.ledger import CannotBeDone, Claim, Ledger, NoSuchDeadLetter, Settlement
from worker.ledger.schema.tables import cases, metadata, operations, tickets
from worker.planning.model import KINDS

from .builders import (
    NOON,
    ManualClock,
    again,
    case_row,
    changed,
    claim,
    commented,
    dead,
    delivery,
    done,
    opened,
    resolved,
    rows,
    take_back,
)

GHOST = timedelta(seconds=60)
HOUR = 60.0
KEPT = {"facts", "gate"}
BODIES = {
    "create_ticket": b'{"subject":"edited","description":"by a person"}',
    "add_note": b'{"body":"edited","private":false}',
}

SAID = ["opened", "opened late", "resolved", "commented", "comment reopens", "changed", "opened privately"]
HAPPENED = ["done", "done", "done", "rejected", "unknown", "not executed", "conflict", "lease ends", "claimed only"]
REPAIRED = ["retry", "edit", "skip", "bind"]

steps = st.lists(
    st.tuples(
        st.sampled_from(SAID * 2 + HAPPENED * 2 + REPAIRED * 2 + ["a day passes", "restored"]),
        st.sampled_from([1.0, 5.0, 2 * HOUR]),
        st.integers(0, 5),
    ),
    max_size=24,
)


@dataclass
class Life:
    """One case, and the steps that change it."""

    ledger: Ledger
    clock: ManualClock
    minute: float = 0
    claimed: Claim | None = None
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def step(self, what: str, pause: float, which: int) -> None:
        self.minute += pause
        if what in SAID:
            self.ledger.record([delivery(self._said(what))])
        elif what in HAPPENED:
            self._happened(what)
        elif what in REPAIRED:
            self._repaired(what, which)
        elif what == "restored":
            self.ledger.mark_restored()
        else:
            self.clock.advance(hours=25)

    def _said(self, what: str) -> Event:
        now, number = self.minute, next(self.numbers)
        match what:
            case "opened":
                return opened(start=now, message=f"m{number}")
            case "opened privately":
                return opened(start=now, message=f"m{number}", private=True)
            case "opened late":
                return opened(start=now - 3 * HOUR, message=f"m{number}")
            case "resolved":
                return resolved(end=now, message=f"m{number}")
            case "changed":
                priority = ["low", "urgent"][number % 2]
                return changed(message=f"m{number}", priority=priority, occurred_at=NOON + timedelta(minutes=now))
        at = NOON + timedelta(minutes=now)
        moment: dict[str, Any] = {"occurred_at": at, "started_at": at}
        return commented(message=f"m{number}", unknown="open", reopens=what == "comment reopens", **moment)

    def _happened(self, what: str) -> None:
        if what == "lease ends":
            self.clock.advance(hours=1)
            take_back(self.ledger, GHOST)
            self.claimed = None
            return
        self._claim()
        if self.claimed is None or what == "claimed only":
            return
        self.ledger.settle([(self.claimed, self.outcome(self.claimed, what))])
        self.claimed = None

    def _claim(self) -> None:
        """Claim the next operation when its time has come."""
        if self.claimed is None:
            self.clock.advance(hours=1)
            found = [each for kind in KINDS for each in claim(self.ledger, kind)]
            assert len(found) <= 1
            self.claimed = found[0] if found else None

    def outcome(self, each: Claim, what: str) -> Settlement:
        if (decided := before_send(each)) is not None:
            return decided
        soon, looks_up = self.clock.now, each.mode == "look_up"
        ticket = f"T-{next(self.numbers)}" if each.kind == "create_ticket" else each.ticket_id
        match what:
            case "done" if looks_up and each.kind == "create_ticket":
                return Settlement("done", "adopted", ticket_id=ticket, ticket_status="open", reads=True)
            case "done" | "conflict" if looks_up:
                return Settlement("again", "absent", again_at=soon, absent=True, reads=True)
            case "done":
                return done(ticket, "closed" if each.kind == "close_ticket" else "open")
            case "rejected":
                return dead()
            case "conflict":
                return Settlement("dead", "unknown", again_at=soon + GHOST, unknown=True, error="409")
            case "unknown" if not looks_up:
                return again(soon + GHOST, unknown=True)
        return again(soon, reads=looks_up)

    def _repaired(self, what: str, which: int) -> None:
        dead_letters = self.ledger.list_dead()
        if not dead_letters:
            return
        dead_letter = dead_letters[which % len(dead_letters)]
        try:
            match what:
                case "retry":
                    self.ledger.retry_operation(dead_letter.id)
                case "edit":
                    self.ledger.edit_operation(
                        dead_letter.id, BODIES.get(dead_letter.what, b'{"resolution_notes":"edited"}')
                    )
                case "skip":
                    self.ledger.skip(dead_letter.id, "a person says so")
                case "bind":
                    self.ledger.bind(dead_letter.id, f"T-{next(self.numbers)}", "open")
        except CannotBeDone:
            pass

    def is_consistent(self) -> None:
        if not rows(self.ledger, cases):
            return
        case, planned = case_row(self.ledger), {each["seq"]: each for each in rows(self.ledger, operations)}
        bound = {each["create_seq"] for each in rows(self.ledger, tickets)}
        the_row_agrees(case, planned)
        the_targets_agree(planned, bound)
        what_is_planned_next_agrees(case, planned)


def the_row_agrees(case: dict[str, Any], planned: dict[int, dict[str, Any]]) -> None:
    """Check that every open operation can be reached from the row, and that the row reaches only open operations."""
    assert sorted(planned) == list(range(1, case["next_seq"]))
    unsent = [each for each in planned.values() if each["state"] == "open"]
    if case["state"] == "leased":
        assert case["owner"] is not None
        assert case["lease_until"] is not None
        assert planned[case["head_seq"]]["state"] == "open"
        return
    assert (case["owner"], case["lease_until"]) == (None, None)
    if unsent:
        head = min(unsent, key=lambda each: each["seq"])
        assert (case["state"], case["head_seq"], case["kind"]) == ("ready", head["seq"], head["kind"])
        assert case["rank"] == min(each["rank"] for each in unsent)
    else:
        assert case["state"] == ("blocked" if case["lost"] else "idle")
        assert case["head_seq"] == case["next_seq"]


def the_targets_agree(planned: dict[int, dict[str, Any]], bound: set[int]) -> None:
    """Check that every operation targets an earlier create, and that operations behind a dead create are held."""
    for seq, each in planned.items():
        assert (each["ended_at"] is None) == (each["state"] in ("open", "held")), each
        assert (each["why"] is not None) == (each["state"] in ("dead", "skipped")), each
        assert each["instead"] is None or each["kind"] == "reopen_ticket"
        if each["state"] not in ("open", "held"):
            continue
        target = planned[each["target"]]
        assert (target["kind"], target["seq"] <= seq) == ("create_ticket", True)
        if each["kind"] == "create_ticket":
            assert (target["seq"], each["state"]) == (seq, "open")
        else:
            assert (each["state"] == "held") == (target["state"] == "dead"), (each, target)
            assert target["state"] in ("open", "done", "dead")
            assert target["state"] != "done" or target["seq"] in bound


def what_is_planned_next_agrees(case: dict[str, Any], planned: dict[int, dict[str, Any]]) -> None:
    """Check that planning sees the ticket as it will be after all earlier operations."""
    seq = case["create_seq"]
    if seq is None:
        assert (case["phase"], case["lost"]) == ("new", False)
        return
    create = planned[seq]
    assert (create["kind"], create["state"] != "skipped") == ("create_ticket", True)
    assert case["lost"] == (create["state"] == "dead")
    sets_state = [each for each in planned.values() if each["kind"] in ("close_ticket", "reopen_ticket")]
    if any(each["state"] == "dead" and each["ambiguous"] for each in sets_state):
        return  # the state of the ticket is unknown, and a person decides
    will_be = [
        each["kind"]
        for each in planned.values()
        if each["target"] == seq and each["state"] in ("open", "held", "done") and each["seq"] >= seq
    ]
    states = [kind for kind in will_be if kind in ("close_ticket", "reopen_ticket")]
    assert case["phase"] == ("closed" if states and states[-1] == "close_ticket" else "open")


@pytest.fixture
def quick_ledger(tmp_path: Path, clock: ManualClock) -> Iterator[Ledger]:
    """A ledger that does not wait for the disk: the test takes thousands of steps, and no power fails."""
    made = Ledger(f"sqlite:///{tmp_path / 'quick.db'}", clock=clock)
    sqlalchemy.event.listen(made.database.engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))
    made.upgrade()
    yield made
    made.close()


@hypothesis.settings(
    max_examples=60, deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@hypothesis.given(steps)
def test_whatever_happens_to_a_case_its_row_says_what_its_operations_say(
    quick_ledger: Ledger, clock: ManualClock, steps: list[tuple[str, float, int]]
) -> None:
    with quick_ledger.database.write() as connection:
        for table in reversed(metadata.sorted_tables):
            if table.name not in KEPT:
                connection.execute(table.delete())
    life = Life(quick_ledger, clock)
    for what, pause, which in steps:
        hypothesis.note(f"{what} {pause} {which}")
        life.step(what, pause, which)
        life.is_consistent()
    life.step("lease ends", 1, 0)
    for _ in range(200):
        life.step("done", 1, 0)
        life.is_consistent()
        if is_at_rest(quick_ledger):
            break
    assert is_at_rest(quick_ledger), "everything open came to its end"


def is_at_rest(ledger: Ledger) -> bool:
    return all(each["state"] in ("idle", "blocked") for each in rows(ledger, cases))


def test_a_dead_letter_that_was_repaired_is_none_any_more(sqlite_ledger: Ledger) -> None:
    sqlite_ledger.record([delivery(opened())])
    (create,) = claim(sqlite_ledger)
    sqlite_ledger.settle([(create, dead())])
    sqlite_ledger.retry_operation("op-1-1")
    with pytest.raises(NoSuchDeadLetter):
        sqlite_ledger.edit_operation("op-1-1", b"{}")

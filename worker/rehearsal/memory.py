"""A store in memory over the ledger's planner: plans as the ledger would if every call were made at once.

`worker.planning.decide` decides here as it does in the ledger. Some facts exist only in a real ledger: here no create
is rejected, no ticket has an id, and a comment that waits is paired as soon as its case is known.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from connectors.contract.events import Event
from worker.planning.arrival import PATIENCE, Arrival, Effect, Rules, name_of
from worker.planning.batch import NO_RANK, Batch, Case, Knowledge, Version
from worker.planning.correlation import (
    Destination,
    Key,
    KnownCase,
    Name,
    aliases_in,
    called,
    gathering,
    keys_in,
    led_to_its_group,
    placed,
    storms_of,
)
from worker.planning.decide import decide, decide_waiting, taken
from worker.planning.model import Policy

POLICY = Policy()


class Memory:
    """The knowledge of planning, growing delivery by delivery."""

    def __init__(self) -> None:
        self._known = Knowledge()
        self._names: dict[Name, int] = {}
        self._people: dict[int, set[str]] = {}
        self._ready: dict[int, Case] = {}
        """The cases with a call to make."""
        self._patience: deque[tuple[datetime, Name, Version]] = deque()

    @property
    def cases(self) -> int:
        """The number of known cases, which is also the id of the next case."""
        return len(self._known.cases)

    def take(self, arrivals: Sequence[Arrival], now: datetime) -> list[Effect]:
        """Return the effects of one delivery's events, in order; effects of waiting comments follow their opening."""
        self._drop_expired(now)
        self._deliver(now)
        rules = Rules(POLICY, "A", b"", now)
        pairs = [(each.source, each.event) for each in arrivals]
        destinations = [led_to_its_group(each, where) for each, where in zip(arrivals, self._place(pairs), strict=True)]
        for key in storms_of(arrivals):
            self._keyed(key, now)
        batch = Batch(self._known)
        for (source, _), where in zip(pairs, destinations, strict=True):
            case = self._keyed(where.case, now) if isinstance(where.case, tuple) else self._known.case(where)
            if case is not None:
                for alias in where.new_aliases:
                    batch.names[source, alias] = self._names.setdefault((source, alias), case.id)
                batch.names[case.source, case.key] = case.id
        effects = decide(batch, zip(arrivals, destinations, strict=True), rules)
        self._keep(batch, now)
        return effects + self._pair(batch.names, rules)

    def _place(self, pairs: Sequence[tuple[str, Event]]) -> list[Destination]:
        known = {name: self._names[name] for name in aliases_in(pairs) if name in self._names}
        there = self._known_cases(known)
        asked: set[Name] = set()
        while wanted := gathering(pairs, known, there) - asked:
            asked |= wanted
            known |= {name: self._names[name] for name in wanted if name in self._names}
            there = self._known_cases(known)
        return placed(pairs, known, there, {key for key in keys_in(pairs) if key in self._known.by_key})

    def _known_cases(self, known: Mapping[Name, int]) -> dict[int, KnownCase]:
        cases = (self._known.cases[number] for number in set(known.values()))
        return {
            case.id: KnownCase((case.source, case.key), called(None), set(self._people.get(case.id, ())))
            for case in cases
        }

    def _keyed(self, key: Key, now: datetime) -> Case:
        if (case := self._known.by_key.get(key)) is None:
            case = Case(len(self._known.cases), *key, run_at=now)
            self._known.cases[case.id] = self._known.by_key[key] = case
        return case

    def _keep(self, batch: Batch, now: datetime) -> None:
        """Store the changes that the ledger would write, besides those that planning made in place."""
        for name, case_id in batch.later_aliases.items():
            self._names.setdefault(name, case_id)
        for case_id, person in batch.participants:
            self._people.setdefault(case_id, set()).add(person)
        for comment in batch.waiting.values():
            version = (comment.event.source_message_id, comment.event.content_digest)
            self._patience.append((now + PATIENCE, (comment.source, name_of(comment.event)), version))
        self._ready |= {each.case.id: each.case for each in batch.operations}

    def _deliver(self, now: datetime) -> None:
        """Make every call that is due: only delayed openings stay."""
        for case in list(self._ready.values()):
            if case.delivery == "ready" and case.run_at > now and case.head_seq == case.create_seq:
                continue
            case.delivery, case.kind, case.rank, case.head_seq = "idle", None, NO_RANK, case.next_seq
            if case.state.delayed:
                case.state = replace(case.state, delayed=False)
            del self._ready[case.id]

    def _pair(self, names: Iterable[Name], rules: Rules) -> list[Effect]:
        """Plan the comments that wait for one of these names, if its case is or was open."""
        if not self._known.waiting:
            return []
        waiting = [name for name in names if name in self._known.waiting]
        found = {
            name: case for name in waiting if (case := self._named(name)) is not None and case.state.phase != "new"
        }
        if not found:
            return []
        batch = Batch(self._known)
        effects = decide_waiting(batch, taken(batch, found), rules)
        self._keep(batch, rules.now)
        return effects

    def _named(self, name: Name) -> Case | None:
        number = self._names.get(name, self._known.open_in.get(name))
        return self._known.by_key.get(name) if number is None else self._known.cases[number]

    def _drop_expired(self, now: datetime) -> None:
        while self._patience and self._patience[0][0] <= now:
            _, wanted, version = self._patience.popleft()
            waiting = self._known.waiting.get(wanted, {})
            waiting.pop(version, None)
            if not waiting:
                self._known.waiting.pop(wanted, None)

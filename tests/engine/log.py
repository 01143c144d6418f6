"""Assigns each effect to its operation: the simulation records the claim behind each request, whatever its key.

An operation keeps its identity when its request changes (a note marked as a possible repeat, an edited create, a create
instead of a reopening): its *root* is the key of its planning.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from tickets.server.store import Effect
from worker.ledger import Claim, Ledger
from worker.ledger.schema.tables import cases, operations, tickets

MAY_BE_REPEAT = "This note may be a repeat"


@dataclass(frozen=True, slots=True)
class Origin:
    """The operation of a request, as it was when the request left."""

    root: str
    case_id: int
    seq: int
    kind: str
    episode: int
    life: int
    """Number of restores of the ledger so far."""

    def __str__(self) -> str:
        return f"{self.kind} op-{self.case_id}-{self.seq}"


@dataclass(frozen=True, slots=True)
class Caused:
    """One effect, and the operation whose request caused it."""

    effect: Effect
    origin: Origin

    @property
    def says_repeat(self) -> bool:
        return MAY_BE_REPEAT in self.effect.body


@dataclass(frozen=True, slots=True)
class Seen:
    """Operations, cases and tickets of the ledger at one moment."""

    operations: dict[tuple[int, int], Any]
    cases: dict[int, Any]
    tickets: dict[tuple[int, int], Any]
    """By case and the seq of the create."""


def look_at(ledger: Ledger) -> Seen:
    with ledger.database.read() as connection:
        found = connection.execute(select(operations).order_by(operations.c.case_id, operations.c.seq))
        return Seen(
            {(row.case_id, row.seq): row for row in found},
            {row.id: row for row in connection.execute(select(cases))},
            {(row.case_id, row.create_seq): row for row in connection.execute(select(tickets))},
        )


@dataclass
class Log:
    """History of every operation, as far as the promises need it."""

    caused: list[Caused] = field(default_factory=list)
    roots: dict[str, str] = field(default_factory=dict)
    """Every idempotency key of an operation → the operation's first key."""
    rejected: set[str] = field(default_factory=set)
    """Roots of operations that the service rejected."""
    by_person: set[str] = field(default_factory=set)
    """Roots of operations that were dead or held: a person decides when, and whether, they go on."""
    clock_was_set: bool = False
    life: int = 0
    _keys: dict[tuple[int, int], str] = field(default_factory=dict)

    def learn(self, seen: Seen) -> None:
        """Follow the operations through their changes of key."""
        for place, row in seen.operations.items():
            before = self._keys.get(place)
            if before != row.idempotency_key:
                root = row.idempotency_key if before is None else self.roots[before]
                self.roots.setdefault(row.idempotency_key, root)
                self._keys[place] = row.idempotency_key
            if row.state in ("dead", "held"):
                self.by_person.add(self.roots[row.idempotency_key])

    def forgotten(self, seen: Seen) -> list[tuple[int, int]]:
        """Return the operations that existed and are missing now."""
        return sorted(self._keys.keys() - seen.operations.keys())

    def begin_new_life(self) -> None:
        """Start a new life after a restore: the same places may hold other operations now."""
        self.life += 1
        self._keys.clear()

    def root_of(self, row: Any) -> str:
        return self.roots[row.idempotency_key]

    def origin(self, claim: Claim, seen: Seen) -> Origin:
        row = seen.operations[claim.case_id, claim.seq]
        root = self.roots[claim.idempotency_key]
        return Origin(root, claim.case_id, claim.seq, claim.kind, row.episode, self.life)

    def of(self, root: str) -> list[Caused]:
        return [each for each in self.caused if each.origin.root == root]

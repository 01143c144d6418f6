"""Under which names is a case known, and who takes part in it?

A reply names what it answers: a Message-ID, a thread token, a chat timestamp. The first case that a name is given to
keeps it. Who only knows a name, but takes no part in the case, does not get in: names can be guessed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection

from connectors.contract.events import Commented, Event, Opened
from worker.ledger.engine import bulk
from worker.ledger.engine.database import Database
from worker.ledger.schema.tables import aliases, cases, participants

Name = tuple[str, str]
"""A source id and an alias."""
Key = tuple[str, str]
"""A source id and a case key."""


@dataclass(frozen=True, slots=True)
class KnownCase:
    """A case that is there."""

    key: Key
    called: str
    """What it is called in a text for people."""
    people: set[str]
    """Who takes part."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an event goes."""

    case: int | Key | None
    """A case that is there, one that its key names, or none: then the event waits, or is kept for a person."""
    new_names: frozenset[str] = frozenset()
    authorized: bool = True
    turned_away_from: str | None = None
    """What names the case that its author has no part in."""
    read_as: Event | None = None
    """What it turns out to be: an opening that refers to another case is a comment on that, or wants to be."""


def resolve(connection: Connection, pairs: list[tuple[str, Event]]) -> list[Destination]:
    """Where each event goes, by what is known now and by what earlier events of the list make known."""
    known = read(connection, names_in(pairs))
    there = _known_cases(connection, set(known.values()))
    return placed(pairs, known, there, _known_keys(connection, keys_in(pairs)))


def names_in(pairs: Iterable[tuple[str, Event]]) -> set[Name]:
    """The names by which these events look for their cases, or which they make known."""
    return {
        (source, name)
        for source, event in pairs
        for name in (*event.aliases, *(each.alias for each in event.references))
    }


def keys_in(pairs: Iterable[tuple[str, Event]]) -> set[Key]:
    """The case keys of which it matters whether they are there: of events that may have to wait."""
    return {(source, event.case_key) for source, event in pairs if may_wait(event)}


def placed(
    pairs: Sequence[tuple[str, Event]], known: Mapping[Name, int], there: dict[int, KnownCase], keys: set[Key]
) -> list[Destination]:
    """Where each event goes; nothing is looked up.

    `known` has those of `names_in` that are known, `there` their cases, `keys` those of `keys_in` that are there.
    """
    view = _View(known, there, keys)
    return [view.place(source, event) for source, event in pairs]


def read(connection: Connection, names: Collection[Name]) -> dict[Name, int]:
    """The ids of the cases that have these names."""
    if not names:
        return {}
    wanted = ({"source": source, "alias": alias} for source, alias in names)
    rows = bulk.find(connection, (aliases.c.source, aliases.c.alias), wanted)
    return {(row.source, row.alias): row.case_id for row in rows}


def register(db: Database, connection: Connection, names: Mapping[Name, int]) -> dict[Name, int]:
    """Give names to cases; gives the case that each name has now."""
    if not names:
        return {}
    rows = [
        {"source": source, "alias": alias, "case_id": case_id} for (source, alias), case_id in sorted(names.items())
    ]
    connection.execute(db.insert_or_ignore(aliases, "source", "alias"), rows)
    return read(connection, names.keys())


def let_in(db: Database, connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Make people participants of cases: rows of `case_id` and `name`."""
    ordered = sorted({(each["case_id"], each["name"]) for each in rows})
    statement = db.insert_or_ignore(participants, "case_id", "name")
    connection.execute(statement, [{"case_id": case_id, "name": name} for case_id, name in ordered])


def joining(event: Event) -> set[str]:
    """Who takes part in the event's case from now on."""
    return {*event.participants, *([event.author] if event.author else [])} if event.joins else set()


def may_wait(event: Event) -> bool:
    return isinstance(event, Commented) and event.unknown != "open"


def _known_cases(connection: Connection, case_ids: set[int]) -> dict[int, KnownCase]:
    if not case_ids:
        return {}
    rows = bulk.find(connection, (cases.c.id,), ({"id": each} for each in case_ids))
    found = {row.id: KnownCase((row.source, row.key), _called(row.ticket_id), set()) for row in rows}
    for row in bulk.find(connection, (participants.c.case_id,), ({"case_id": each} for each in case_ids)):
        found[row.case_id].people.add(row.name)
    return found


def _called(ticket_id: str | None) -> str:
    return f"ticket {ticket_id}" if ticket_id else "an earlier message"


def _known_keys(connection: Connection, keys: set[Key]) -> set[Key]:
    if not keys:
        return set()
    own = (cases.c.source, cases.c.key)
    wanted = ({"source": source, "key": key} for source, key in keys)
    return {(row.source, row.key) for row in bulk.find(connection, own, wanted, *own)}


class _View:
    """What is known of names, growing event by event."""

    def __init__(self, known: Mapping[Name, int], cases: dict[int, KnownCase], keys: set[Key]) -> None:
        self._known: dict[Name, int | Key] = dict(known)
        self.cases = cases
        self.keys = keys
        self._new_people: dict[Key, set[str]] = {}

    def place(self, source: str, event: Event) -> Destination:
        own: Key = (source, event.case_key)
        hit, stranger_to = self._hit(source, event)
        turned_away_from = None
        if hit is None and stranger_to is not None:
            turned_away_from = self.cases[stranger_to].called if isinstance(stranger_to, int) else _called(None)
        if hit is None and may_wait(event) and own not in self.keys:
            return Destination(None)
        where = own if hit is None else hit
        self.keys.add(own)
        new_names = frozenset(name for name in event.aliases if (source, name) not in self._known)
        self._known.update({(source, name): where for name in new_names})
        self._let_in(where, event)
        anothers = hit is not None and own != (self.cases[hit].key if isinstance(hit, int) else hit)
        refers = anothers or turned_away_from is not None
        read_as = _as_comment(event) if refers and isinstance(event, Opened) else None
        return Destination(where, new_names, turned_away_from=turned_away_from, read_as=read_as)

    def _hit(self, source: str, event: Event) -> tuple[int | Key | None, int | Key | None]:
        """The first case that a reference lets the event into; and the first that it names, into which none does."""
        first: int | Key | None = None
        for each in event.references:
            if (case := self._known.get((source, each.alias))) is None:
                continue
            if each.proven or self._takes_part(case, event):
                return case, None
            first = case if first is None else first
        return None, first

    def _takes_part(self, case: int | Key, event: Event) -> bool:
        if event.authority != "participant":
            return True  # of the opener, who is not known here, the plan makes sure
        people = self.cases[case].people if isinstance(case, int) else self._new_people.get(case, set())
        return event.author in people

    def _let_in(self, case: int | Key, event: Event) -> None:
        people = joining(event)
        if isinstance(case, int):
            self.cases[case].people.update(people)
        else:
            self._new_people.setdefault(case, set()).update(people)


def _as_comment(event: Event) -> Commented:
    return Commented(**{each.name: getattr(event, each.name) for each in fields(Event)})

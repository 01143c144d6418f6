"""Under which names is a case known, and who takes part in it?

A reply names what it answers: a Message-ID, a thread token, a chat timestamp. The first case that a name is given to
keeps it. Who only knows a name, but takes no part in the case, does not get in: names can be guessed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, select, tuple_

from connectors.events import Commented, Event, Opened
from worker.ledger.database import Database
from worker.ledger.tables import aliases, cases, participants

Name = tuple[str, str]
"""A source id and an alias."""
Key = tuple[str, str]
"""A source id and a case key."""

AT_ONCE = 5000  # names in one statement; SQLite takes 32,766 parameters


@dataclass(frozen=True, slots=True)
class _Known:
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
    """What it turns out to be: an opening that refers to another case is a comment on that."""


def resolve(connection: Connection, pairs: list[tuple[str, Event]]) -> list[Destination]:
    """Where each event goes, by what is known now and by what earlier events of the list make known."""
    names = {
        (source, name)
        for source, event in pairs
        for name in (*event.aliases, *(each.alias for each in event.references))
    }
    view = _View(read(connection, names))
    view.cases = _known_cases(connection, set(view.ids()))
    view.keys = _known_keys(connection, {(source, event.case_key) for source, event in pairs if _may_wait(event)})
    return [view.place(source, event) for source, event in pairs]


def read(connection: Connection, names: Collection[Name]) -> dict[Name, int]:
    """The ids of the cases that have these names."""
    found: dict[Name, int] = {}
    ordered = sorted(names)
    for start in range(0, len(ordered), AT_ONCE):
        wanted = tuple_(aliases.c.source, aliases.c.alias).in_(ordered[start : start + AT_ONCE])
        found |= {(row.source, row.alias): row.case_id for row in connection.execute(select(aliases).where(wanted))}
    return found


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


def _may_wait(event: Event) -> bool:
    return isinstance(event, Commented) and event.unknown != "open"


def _known_cases(connection: Connection, case_ids: set[int]) -> dict[int, _Known]:
    if not case_ids:
        return {}
    wanted = cases.c.id.in_(sorted(case_ids))
    rows = connection.execute(select(cases.c.id, cases.c.source, cases.c.key, cases.c.ticket_id).where(wanted))
    found = {row.id: _Known((row.source, row.key), _called(row.ticket_id), set()) for row in rows}
    for row in connection.execute(select(participants).where(participants.c.case_id.in_(sorted(case_ids)))):
        found[row.case_id].people.add(row.name)
    return found


def _called(ticket_id: str | None) -> str:
    return f"ticket {ticket_id}" if ticket_id else "an earlier message"


def _known_keys(connection: Connection, keys: set[Key]) -> set[Key]:
    if not keys:
        return set()
    wanted = tuple_(cases.c.source, cases.c.key).in_(sorted(keys))
    return {(row.source, row.key) for row in connection.execute(select(cases.c.source, cases.c.key).where(wanted))}


class _View:
    """What is known of names, growing event by event."""

    def __init__(self, known: dict[Name, int]) -> None:
        self._known: dict[Name, int | Key] = dict(known)
        self.cases: dict[int, _Known] = {}
        self.keys: set[Key] = set()
        self._new_people: dict[Key, set[str]] = {}

    def ids(self) -> Iterable[int]:
        return (case for case in self._known.values() if isinstance(case, int))

    def place(self, source: str, event: Event) -> Destination:
        own: Key = (source, event.case_key)
        hit, proven = self._hit(source, event)
        turned_away_from = None
        if hit is not None and not (proven or self._takes_part(hit, event)):
            turned_away_from = self.cases[hit].called if isinstance(hit, int) else _called(None)
            hit = None
        if hit is None and _may_wait(event) and own not in self.keys:
            return Destination(None)
        where = own if hit is None else hit
        self.keys.add(own)
        new_names = frozenset(name for name in event.aliases if (source, name) not in self._known)
        self._known.update({(source, name): where for name in new_names})
        self._let_in(where, event)
        anothers = hit is not None and own != (self.cases[hit].key if isinstance(hit, int) else hit)
        read_as = _as_comment(event) if anothers and isinstance(event, Opened) else None
        return Destination(where, new_names, turned_away_from=turned_away_from, read_as=read_as)

    def _hit(self, source: str, event: Event) -> tuple[int | Key | None, bool]:
        for each in event.references:
            if (case := self._known.get((source, each.alias))) is not None:
                return case, each.proven
        return None, False

    def _takes_part(self, case: int | Key, event: Event) -> bool:
        if event.authority != "participant":
            return True  # of the opener, who is not known here, the plan makes sure
        people = self.cases[case].people if isinstance(case, int) else self._new_people.get(case, set())
        return event.author in people

    def _let_in(self, case: int | Key, event: Event) -> None:
        people = {*event.participants, *([event.author] if event.author else [])}
        if isinstance(case, int):
            self.cases[case].people.update(people)
        else:
            self._new_people.setdefault(case, set()).update(people)


def _as_comment(event: Event) -> Commented:
    return Commented(**{each.name: getattr(event, each.name) for each in fields(event)})

"""Aliases of cases and names of participants in the database: reads known ones, and registers new ones.

`worker.planning.correlation` decides where the names lead.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection

from connectors.contract.events import Event
from worker.ledger.engine import bulk
from worker.ledger.engine.database import Database
from worker.ledger.schema.tables import aliases, cases, participants
from worker.planning.correlation import (
    Destination,
    Key,
    KnownCase,
    Name,
    aliases_in,
    called,
    gathering,
    keys_in,
    placed,
)
from worker.planning.senders import marked_as


def resolve(connection: Connection, pairs: list[tuple[str, Event]]) -> list[Destination]:
    """Return where each event goes, by the names known now and by the names that earlier events of the list add."""
    known = read(connection, aliases_in(pairs))
    there = _known_cases(connection, set(known.values()))
    asked: set[Name] = set()
    while wanted := gathering(pairs, known, there) - asked:
        asked |= wanted
        known |= read(connection, wanted)
        there |= _known_cases(connection, set(known.values()) - there.keys())
    return placed(pairs, known, there, _known_keys(connection, keys_in(pairs)))


def read_marks(connection: Connection, wanted: Iterable[tuple[int, str | None]]) -> set[tuple[int, str | None]]:
    """Return those cases, each with an author, whose ticket says that the author is not verified."""
    names = {(case_id, marked_as(author)): (case_id, author) for case_id, author in wanted}
    if not names:
        return set()
    rows = ({"case_id": case_id, "name": name} for case_id, name in sorted(names))
    found = bulk.find(connection, (participants.c.case_id, participants.c.name), rows)
    return {names[row.case_id, row.name] for row in found}


def read(connection: Connection, names: Collection[Name]) -> dict[Name, int]:
    """Return the ids of the cases that have these names."""
    if not names:
        return {}
    wanted = ({"source": source, "alias": alias} for source, alias in names)
    rows = bulk.find(connection, (aliases.c.source, aliases.c.alias), wanted)
    return {(row.source, row.alias): row.case_id for row in rows}


def register(db: Database, connection: Connection, names: Mapping[Name, int]) -> dict[Name, int]:
    """Give names to cases; returns the case that each name has now."""
    if not names:
        return {}
    rows = [
        {"source": source, "alias": alias, "case_id": case_id} for (source, alias), case_id in sorted(names.items())
    ]
    connection.execute(db.insert_or_ignore(aliases, "source", "alias"), rows)
    return read(connection, names.keys())


def let_in(db: Database, connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Make people participants of cases; each row has `case_id` and `name`."""
    ordered = sorted({(each["case_id"], each["name"]) for each in rows})
    statement = db.insert_or_ignore(participants, "case_id", "name")
    connection.execute(statement, [{"case_id": case_id, "name": name} for case_id, name in ordered])


def _known_cases(connection: Connection, case_ids: set[int]) -> dict[int, KnownCase]:
    if not case_ids:
        return {}
    rows = bulk.find(connection, (cases.c.id,), ({"id": each} for each in case_ids))
    found = {row.id: KnownCase((row.source, row.key), called(row.ticket_id), set()) for row in rows}
    for row in bulk.find(connection, (participants.c.case_id,), ({"case_id": each} for each in case_ids)):
        found[row.case_id].people.add(row.name)
    return found


def _known_keys(connection: Connection, keys: set[Key]) -> set[Key]:
    if not keys:
        return set()
    own = (cases.c.source, cases.c.key)
    wanted = ({"source": source, "key": key} for source, key in keys)
    return {(row.source, row.key) for row in bulk.find(connection, own, wanted, *own)}

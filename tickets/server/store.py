"""The server's database: one transaction for each request; writers take turns, so numbers follow the commit order.

SQLite: WAL and BEGIN IMMEDIATE; with `synchronous=NORMAL`, only a crash of the machine loses commits, not a killed
process. PostgreSQL: one advisory lock for writers, and commits that do not wait for the disk, for the same reason.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, event

from tickets.assumptions import FIRST_TICKET_ID
from tickets.private_files import make_file
from tickets.server.lifecycle import EffectKind, Ticket
from tickets.server.tables import EFFECT, IDEMPOTENCY, NOTE, OUTBOX, SCHEMA, TICKET, WEBHOOK

_WRITERS = 0x7469636B  # the advisory lock's number on PostgreSQL
_MAX_SEQ = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Effect:
    """One change that the service made; tests of a client compare against these."""

    seq: int
    at: int
    """Microseconds since 1970, by the server's clock."""
    kind: str
    ticket_id: str | None
    idempotency_key: str | None
    body: str
    """The request body as received."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Restrictions of a list; None does not restrict."""

    status: str | None = None
    priority: str | None = None
    category: str | None = None
    words: tuple[str, ...] = ()
    limit: int = 25
    offset: int = 0
    search_sees_before: int | None = None
    """Microseconds: a search does not yet find tickets created after this time."""


def fold(text: str) -> str:
    """Return the form of a text that search compares."""
    return text.casefold()


def _on_sqlite(engine: Engine, begin: str) -> None:
    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        # The driver's own transaction control would begin too late; the statement below begins instead.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


def _writers_take_turns(engine: Engine) -> None:
    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS})")


def open_engines(url: str) -> tuple[Engine, Engine]:
    """Return the engine for writing, which has one connection, and the engine for reading."""
    if url.startswith("sqlite"):
        make_file(Path(url.removeprefix("sqlite:///")))
        writer = sa.create_engine(url, pool_size=1, max_overflow=0, connect_args={"timeout": 30})
        reader = sa.create_engine(url, pool_size=4, connect_args={"timeout": 30})
        _on_sqlite(writer, "BEGIN IMMEDIATE")
        _on_sqlite(reader, "BEGIN")
        return writer, reader
    settings = {"options": "-c synchronous_commit=off", "connect_timeout": 5}
    writer = sa.create_engine(url, pool_size=1, max_overflow=0, pool_pre_ping=True, connect_args=settings)
    reader = sa.create_engine(url, pool_size=4, pool_pre_ping=True, connect_args=settings)
    _writers_take_turns(writer)
    return writer, reader


class Store:
    """The database of one server; makes missing tables."""

    def __init__(self, url: str) -> None:
        self._writer, self._reader = open_engines(url)
        self.inline = self._writer.dialect.name == "sqlite"
        """True if a call takes fractions of a millisecond, and is made on the event loop."""
        with self._writer.begin() as connection:
            SCHEMA.create_all(connection)
            if self.inline:
                connection.exec_driver_sql(
                    "INSERT INTO sqlite_sequence (name, seq) SELECT 'ticket', ?"
                    " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'ticket')",
                    (FIRST_TICKET_ID - 1,),
                )

    def close(self) -> None:
        self._writer.dispose()
        self._reader.dispose()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that commits at the end of the block; an exception rolls it back."""
        with self._writer.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self._reader.begin() as connection:
            yield connection

    def effects(self, after: int, limit: int) -> list[Effect]:
        query = sa.select(EFFECT).where(EFFECT.c.seq > after).order_by(EFFECT.c.seq).limit(limit)
        with self.reading() as connection:
            return [Effect(*row) for row in connection.execute(query)]

    def reset(self) -> None:
        """Empty every table; ids go on."""
        with self.writing() as connection:
            for table in (TICKET, NOTE, EFFECT, IDEMPOTENCY, WEBHOOK, OUTBOX):
                connection.execute(sa.delete(table))


_FIELDS = tuple(field.name for field in fields(Ticket))


def _columns(ticket: Ticket) -> dict[str, Any]:
    row = {name: getattr(ticket, name) for name in _FIELDS if name != "seq"}
    words = fold(f"{ticket.subject}\n{ticket.description}")
    return row | {"metadata": json.dumps(ticket.metadata), "words": words}


def _ticket(row: Any) -> Ticket:
    values = {name: getattr(row, name) for name in _FIELDS}
    return Ticket(**values | {"metadata": json.loads(row.metadata)})


_INSERT_TICKET = sa.insert(TICKET).returning(TICKET.c.seq)
_BY_ID = {name: sa.select(TICKET).where(TICKET.c[name] == sa.bindparam("id")) for name in ("seq", "uuid")}
_INSERT_NOTE = sa.insert(NOTE).returning(NOTE.c.id)
_INSERT_EFFECT = sa.insert(EFFECT)


def add_ticket(connection: Connection, values: Mapping[str, Any], now: int) -> Ticket:
    """Insert a ticket with these attributes of `Ticket`; the service adds ids and times."""
    new = Ticket(seq=0, uuid=str(uuid.uuid4()), created_at=now, updated_at=now, **values)
    seq = connection.execute(_INSERT_TICKET, _columns(new)).scalar_one()
    return replace(new, seq=seq)


def get_ticket(connection: Connection, public_id: str, by: Literal["seq", "uuid"]) -> Ticket | None:
    """Return the ticket with this id; None if it is missing or the id has another form."""
    if by == "uuid":
        value: int | str | None = public_id if "\0" not in public_id else None
    else:
        is_number = public_id.isascii() and public_id.isdecimal() and len(public_id) < 20 and public_id[0] != "0"
        value = int(public_id) if is_number and int(public_id) <= _MAX_SEQ else None
    row = None if value is None else connection.execute(_BY_ID[by], {"id": value}).first()
    return None if row is None else _ticket(row)


def save_ticket(connection: Connection, ticket: Ticket) -> None:
    connection.execute(sa.update(TICKET).where(TICKET.c.seq == ticket.seq), _columns(ticket))


def add_note(connection: Connection, ticket: Ticket, body: str, private: bool, now: int) -> int:
    """Insert a note and return its id."""
    row = {"ticket": ticket.seq, "body": body, "private": int(private), "created_at": now}
    number: int = connection.execute(_INSERT_NOTE, row).scalar_one()
    return number


def list_tickets(connection: Connection, filter_: Filter) -> tuple[list[Ticket], int]:
    """Return the page, newest first, and the number of tickets on all pages."""
    where: list[sa.ColumnElement[bool]] = [
        TICKET.c[name] == value
        for name in ("status", "priority", "category")
        if (value := getattr(filter_, name)) is not None
    ]
    where += [TICKET.c.words.contains(word, autoescape=True) for word in filter_.words]
    if filter_.words and filter_.search_sees_before is not None:
        where.append(TICKET.c.created_at <= filter_.search_sees_before)
    total = connection.execute(sa.select(sa.func.count()).select_from(TICKET).where(*where)).scalar_one()
    page = sa.select(TICKET).where(*where).order_by(TICKET.c.seq.desc()).limit(filter_.limit).offset(filter_.offset)
    return [_ticket(row) for row in connection.execute(page)], total


def remove_tickets(connection: Connection) -> int:
    """Remove tickets, notes and remembered keys for a sandbox reset; return the number of tickets."""
    connection.execute(sa.delete(NOTE))
    connection.execute(sa.delete(IDEMPOTENCY))
    return connection.execute(sa.delete(TICKET)).rowcount


def log_effect(
    connection: Connection, now: int, kind: EffectKind, ticket_id: object, key: str | None, body: bytes
) -> None:
    row = {
        "at": now,
        "kind": kind,
        "ticket_id": None if ticket_id is None else str(ticket_id),
        "idempotency_key": key,
        "body": body.decode("utf-8", "replace"),
    }
    connection.execute(_INSERT_EFFECT, row)

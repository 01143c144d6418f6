"""Gives a verb its transaction.

A verb is a method that is decorated, or a function of a room of the ledger that is taken over:

    @writes
    def pause(self, connection: Connection, scope: str) -> bool: ...

    due_kinds = reads(at_now(claims.due_kinds))

To its callers each of them has the parameters that follow the connection (and the database, and the time).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from worker.ledger.engine.database import Database

P = ParamSpec("P")
T = TypeVar("T")
V = TypeVar("V", bound="Verbs")


class Verbs:
    """Verbs over one database. Raises one of `LedgerAway` when the database cannot be used."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def now(self) -> datetime:
        """The time of the ledger, in UTC."""
        with self.database.read() as connection:
            return self.database.now(connection)


def reads(verb: Callable[Concatenate[V, Connection, P], T]) -> Callable[Concatenate[V, P], T]:
    """Call it in a transaction that only reads. Not for generators: they would outlive it."""

    @wraps(verb)
    def read(self: V, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self.database.read() as connection:
            return verb(self, connection, *args, **kwargs)

    return read


def writes(verb: Callable[Concatenate[V, Connection, P], T]) -> Callable[Concatenate[V, P], T]:
    """Call it in a transaction that is committed when it returns, and rolled back when it raises."""

    @wraps(verb)
    def write(self: V, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self.database.write() as connection:
            return verb(self, connection, *args, **kwargs)

    return write


def plain(act: Callable[Concatenate[Connection, P], T]) -> Callable[Concatenate[Verbs, Connection, P], T]:
    """A function that needs the connection only, as a method."""

    @wraps(act)
    def method(_: Verbs, connection: Connection, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return act(connection, *args, **kwargs)

    return method


def at_now(act: Callable[Concatenate[Connection, datetime, P], T]) -> Callable[Concatenate[Verbs, Connection, P], T]:
    """A function that needs the connection and the time of the ledger, as a method."""

    @wraps(act)
    def method(self: Verbs, connection: Connection, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return act(connection, self.database.now(connection), *args, **kwargs)

    return method


def with_database(
    act: Callable[Concatenate[Database, Connection, P], T],
) -> Callable[Concatenate[Verbs, Connection, P], T]:
    """A function that needs the database and the connection, as a method."""

    @wraps(act)
    def method(self: Verbs, connection: Connection, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return act(self.database, connection, *args, **kwargs)

    return method

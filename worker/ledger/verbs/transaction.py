"""Decorators that give a verb its transaction.

A verb is a decorated method, or a wrapped function from another folder of the ledger:

    @writes
    def pause(self, connection: Connection, scope: str) -> bool: ...

    due_kinds = reads(at_now(claims.due_kinds))

Its callers pass the parameters after the connection (and after the database, and the time).
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
        """Return the time of the ledger, in UTC."""
        with self.database.read() as connection:
            return self.database.now(connection)


def reads(verb: Callable[Concatenate[V, Connection, P], T]) -> Callable[Concatenate[V, P], T]:
    """Run the verb in a transaction that only reads. Not for generators: they would outlive it."""

    @wraps(verb)
    def read(self: V, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self.database.read() as connection:
            return verb(self, connection, *args, **kwargs)

    return read


def writes(verb: Callable[Concatenate[V, Connection, P], T]) -> Callable[Concatenate[V, P], T]:
    """Run the verb in a transaction that is committed when it returns, and rolled back when it raises."""

    @wraps(verb)
    def write(self: V, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self.database.write() as connection:
            return verb(self, connection, *args, **kwargs)

    return write


def plain(act: Callable[Concatenate[Connection, P], T]) -> Callable[Concatenate[Verbs, Connection, P], T]:
    """Turn a function of the connection into a method."""

    @wraps(act)
    def method(_: Verbs, connection: Connection, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return act(connection, *args, **kwargs)

    return method


def at_now(act: Callable[Concatenate[Connection, datetime, P], T]) -> Callable[Concatenate[Verbs, Connection, P], T]:
    """Turn a function of the connection and the ledger's time into a method."""

    @wraps(act)
    def method(self: Verbs, connection: Connection, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return act(connection, self.database.now(connection), *args, **kwargs)

    return method


def with_database(
    act: Callable[Concatenate[Database, Connection, P], T],
) -> Callable[Concatenate[Verbs, Connection, P], T]:
    """Turn a function of the database and the connection into a method."""

    @wraps(act)
    def method(self: Verbs, connection: Connection, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return act(self.database, connection, *args, **kwargs)

    return method

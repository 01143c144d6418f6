"""Tests whether the services in the settings can be reached, and accept us. Only reads, and within 5 s for each."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import sqlalchemy
from kombu import Connection
from kombu.exceptions import KombuError

from tickets.client import TicketsClient
from tickets.errors import TicketsError
from worker.broker.reach import reach
from worker.jobs.asking import NoAnswer, asked, listed
from worker.ledger import LedgerAway, open_ledger
from worker.settings import Settings, Source
from worker.settings.problems import without_password

TIMEOUT_S = 5.0
LOCK_S = 0.5  # for SQLite's lock, which a running process holds for milliseconds
UNAUTHORIZED, FORBIDDEN = 401, 403


@dataclass(frozen=True, slots=True)
class Probed:
    """The result of one test."""

    what: str
    ok: bool
    said: str


def probe_all(settings: Settings) -> list[Probed]:
    """Test the Tickets API, the broker, the database, and the products that are asked for open alerts, in turn."""
    probes: dict[str, Callable[[Settings], Probed]] = {
        "Tickets API": _api,
        "broker": _broker,
        "database": _database,
        **{f"source {each.id}": partial(_product, each) for each in settings.sources.values() if asked(each)},
    }
    return [_within(name, lambda probe=probe: probe(settings)) for name, probe in probes.items()]  # type: ignore[misc]


def _within(what: str, probe: Callable[[], Probed]) -> Probed:
    """Run the probe, or report a time-out: the look-up of a host name has no time-out of its own.

    Raises what the probe raises. That would be a defect, because a probe reports failures in its result.
    """
    answers: Future[Probed] = Future()

    def ask() -> None:
        try:
            answers.set_result(probe())
        except BaseException as error:  # noqa: BLE001 — handed on to the thread that waits for the answer
            answers.set_exception(error)

    threading.Thread(target=ask, name=f"probe {what}", daemon=True).start()
    try:
        return answers.result(timeout=TIMEOUT_S + 1)
    except FutureTimeout:
        return Probed(what, False, f"no answer within {TIMEOUT_S:g} s")


def _api(settings: Settings) -> Probed:
    """Make one GET with the key. Only a write could show whether the key may write."""
    at = without_password(str(settings.api.url))

    async def ask() -> None:
        key = settings.api.key.get_secret_value()
        url = str(settings.api.url)
        async with TicketsClient(url, key, total_timeout=TIMEOUT_S, revision=settings.api.revision) as client:
            await client.list_tickets(limit=1)

    try:
        asyncio.run(ask())
    except TicketsError as error:
        return Probed("Tickets API", False, f"{at}: {_REFUSED.get(error.status or 0, str(error))}")
    return Probed(
        "Tickets API", True, f"{at}: the key may read (tickets:read); only the first ticket shows whether it may write"
    )


_REFUSED = {
    UNAUTHORIZED: "401: the key is missing or not valid there: check api.key, and whether it belongs to this API",
    FORBIDDEN: "403: the key lacks the scope tickets:read: give it tickets:read and tickets:write",
}


def _broker(settings: Settings) -> Probed:
    if settings.broker.scheme == "memory":
        return Probed("broker", True, "memory://: inside the process")
    to = reach(settings.broker, TIMEOUT_S)
    hosts = ", ".join(each.rpartition("@")[2].rpartition("://")[2] for each in to.url.split(";"))
    at = f"{settings.broker.scheme}://{hosts}"
    connection = Connection(to.url, ssl=to.tls or False, connect_timeout=TIMEOUT_S, transport_options=dict(to.options))
    away: tuple[type[BaseException], ...] = (KombuError, OSError)
    try:
        away = (*away, *connection.connection_errors, *connection.channel_errors)
        connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
        _ = connection.default_channel  # for Redis, the first access that contacts the server
    except away as error:
        why = f"{type(error).__name__}: {error}".strip().splitlines()[0]
        return Probed("broker", False, f"{at}: cannot be used: {without_password(why)}")
    finally:
        connection.release()
    return Probed("broker", True, f"{at}: connected")


def _product(source: Source, _settings: Settings) -> Probed:
    question = asked(source)
    at = question.url if question is not None else ""
    try:
        listed(source, TIMEOUT_S)
    except NoAnswer as error:
        return Probed(f"source {source.id}", False, f"{at}: {error}")
    return Probed(f"source {source.id}", True, f"{at}: lists its open alerts")


_MISSING = "the tables are missing, or of another version: run `ticketrelay db upgrade`"


def _database(settings: Settings) -> Probed:
    url = sqlalchemy.make_url(settings.ledger.url)
    at = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite":
        return _sqlite(Path(url.database or ""), at)
    with closing(open_ledger(settings)) as ledger:
        try:
            is_current = ledger.is_current()
            problem = ledger.write_problem()
        except LedgerAway as error:
            why = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            return Probed("database", False, f"{at}: cannot be used: {without_password(why)}")
    if problem is not None:
        return Probed("database", False, f"{at}: cannot be written: {problem}")
    return Probed("database", is_current, f"{at}: {'the tables exist' if is_current else _MISSING}")


def _sqlite(path: Path, at: str) -> Probed:
    """Test SQLite without a change: opening the file as the ledger does would create it."""
    if not path.exists():
        return Probed("database", True, f"{at}: the file is missing; `run` and `db upgrade` create it")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=TIMEOUT_S)) as connection:
            connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        said = _MISSING if "no such table" in str(error) else f"cannot be used: {error}"
        return Probed("database", False, f"{at}: {said}")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=LOCK_S)) as connection:
            connection.execute("BEGIN IMMEDIATE").close()
            connection.rollback()
    except sqlite3.Error as error:
        return Probed("database", False, f"{at}: cannot be written: {error}")
    return Probed("database", True, f"{at}: the tables exist")

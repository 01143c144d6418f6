"""The processes of a deployment: one row for each, which the process renews every few seconds.

A process is live while its last heartbeat is at most `ALIVE` away from the ledger's time, in either direction: after
the clock was set back, a row may lie ahead, and a live process corrects it with its next heartbeat. A process that ends
as it should says so. A row without either is that of a process that died.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, delete, exists, func, literal, select, update

from connectors.toolbox.text import cut
from worker.ledger.engine.database import Database
from worker.ledger.schema.columns import Instant
from worker.ledger.schema.tables import cases, jobs, mailboxes, processes
from worker.ledger.schema.words import DeliveryState

Role = Literal["serve", "worker", "mail", "run"]
ROLES: tuple[Role, ...] = ("serve", "mail", "worker", "run")
State = Literal["live", "stopped", "lost"]

DELIVERING = frozenset({"worker", "run"})
"""The roles that make calls to the Tickets API."""
ALIVE = timedelta(seconds=45)  # a heartbeat comes every ten seconds, and may fail three times in a row
KEPT = timedelta(days=1)
LAST_KEPT = timedelta(days=7)  # for the last process of a role
MAX_ERROR = 300  # characters
_ONCE = frozenset({"id", "started_at"})  # written with the first heartbeat only


@dataclass(frozen=True, slots=True)
class BrokerSeen:
    """The result of a process's latest attempt to reach its broker."""

    error: str | None
    """The last error; None: the broker took the last wake-up."""


@dataclass(frozen=True, slots=True)
class Presence:
    """The identity of a process, which it writes with every heartbeat."""

    id: str
    role: Role
    version: str
    host: str
    pid: int
    settings_digest: str | None = None
    settings_parts: Mapping[str, str] | None = None
    """Key path to short hash."""


@dataclass(frozen=True, slots=True)
class Holds:
    """The leases that a process holds."""

    cases: int = 0
    mailboxes: int = 0
    jobs: tuple[str, ...] = ()
    """By name."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process of the deployment; times in UTC."""

    id: str
    role: str
    version: str
    host: str
    pid: int
    started_at: datetime
    seen_at: datetime
    """The last heartbeat."""
    stopped_at: datetime | None
    state: State
    """live; stopped: it ended as it should; lost: it has not been heard of, and did not say that it ends."""
    settings_digest: str | None = None
    settings_parts: Mapping[str, str] | None = None
    broker_ok_at: datetime | None = None
    broker_failing_since: datetime | None = None
    """None while it reaches its broker, and where it has none."""
    broker_error: str | None = None
    holds: Holds = Holds()


def heartbeat(
    db: Database, connection: Connection, now: datetime, presence: Presence, broker: BrokerSeen | None = None
) -> None:
    """Write that this process lives, and how it reaches its broker; None: it has no broker, or has not tried yet."""
    parts = presence.settings_parts
    row: dict[str, Any] = {
        "id": presence.id, "role": presence.role, "version": presence.version, "host": presence.host,
        "pid": presence.pid, "started_at": now, "seen_at": now, "stopped_at": None,
        "settings_digest": presence.settings_digest,
        "settings_parts": None if parts is None else json.dumps(dict(parts), sort_keys=True),
    }  # fmt: skip
    statement = db.insert_or_update(processes, "id", [name for name in row if name not in _ONCE])
    connection.execute(statement, [row])
    if broker is not None:
        connection.execute(update(processes).where(processes.c.id == presence.id).values(**_of(broker, now)))


def _of(broker: BrokerSeen, now: datetime) -> dict[str, Any]:
    if broker.error is None:
        return {"broker_ok_at": now, "broker_failing_since": None, "broker_error": None}
    since = func.coalesce(processes.c.broker_failing_since, literal(now, Instant()))
    return {"broker_failing_since": since, "broker_error": cut(broker.error, MAX_ERROR)}


def ended(connection: Connection, now: datetime, name: str) -> None:
    """Write that the process of this name ends as it should."""
    connection.execute(update(processes).where(processes.c.id == name).values(stopped_at=now, seen_at=now))


def read(connection: Connection, now: datetime, *, in_full: bool = True, parts: bool = True) -> list[Process]:
    """Return all processes on record: the live ones first, then by role and start.

    `in_full`: with what they hold. `parts`: with the hashes of their settings.
    """
    held = _held(connection) if in_full else {}
    found = [
        _process(row, now, held.get(row.id, Holds()), parts=parts) for row in connection.execute(select(processes))
    ]
    return sorted(found, key=lambda each: (each.state != "live", each.role, each.started_at, each.id))


def live(connection: Connection, now: datetime) -> list[Process]:
    """Return the live processes, by role and start."""
    return [each for each in read(connection, now) if each.state == "live"]


def planning_parts(connection: Connection, now: datetime) -> list[dict[str, str]]:
    """Return the parts of the settings that the live processes recorded, each set of them once."""
    statement = select(processes.c.seen_at, processes.c.settings_parts).where(
        processes.c.stopped_at.is_(None), processes.c.settings_parts.is_not(None)
    )
    live = {row.settings_parts for row in connection.execute(statement) if abs(now - row.seen_at) <= ALIVE}
    return [json.loads(each) for each in sorted(live)]


def forget(connection: Connection, now: datetime) -> int:
    """Delete the rows of processes that ended long ago. Returns their number.

    The last process of a role is kept for longer: its row shows that the role is missing.
    """
    of_role = processes.alias()
    newer = exists().where(of_role.c.role == processes.c.role, of_role.c.seen_at > processes.c.seen_at)
    silent = _silent_for(now, KEPT) & newer | _silent_for(now, LAST_KEPT)
    return connection.execute(delete(processes).where(silent)).rowcount


def _silent_for(now: datetime, time: timedelta) -> ColumnElement[bool]:
    return (processes.c.seen_at < now - time) | (processes.c.seen_at > now + time)


def _process(row: Row[Any], now: datetime, holds: Holds, *, parts: bool) -> Process:
    is_live = abs(now - row.seen_at) <= ALIVE
    state: State = "stopped" if row.stopped_at is not None else "live" if is_live else "lost"
    values = row._asdict()
    stored = values.pop("settings_parts")
    of_settings = json.loads(stored) if parts and stored is not None else None
    return Process(**values, state=state, settings_parts=of_settings, holds=holds)


def _held(connection: Connection) -> dict[str, Holds]:
    """Return what each process holds, by its id."""
    number = func.count().label("number")
    leased = select(cases.c.owner, number).where(cases.c.state == DeliveryState.LEASED).group_by(cases.c.owner)
    read_by = select(mailboxes.c.owner, number).where(mailboxes.c.watched).group_by(mailboxes.c.owner)
    of_cases, of_mailboxes = (_by_process(connection.execute(each).all()) for each in (leased, read_by))
    of_jobs: dict[str, list[str]] = {}
    for row in connection.execute(select(jobs.c.name, jobs.c.owner).where(jobs.c.owner.is_not(None))):
        of_jobs.setdefault(_of_owner(row.owner), []).append(row.name)
    return {
        each: Holds(of_cases.get(each, 0), of_mailboxes.get(each, 0), tuple(sorted(of_jobs.get(each, ()))))
        for each in {*of_cases, *of_mailboxes, *of_jobs}
    }


def _by_process(rows: Iterable[Row[Any]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        if row.owner is not None:
            found[_of_owner(row.owner)] = found.get(_of_owner(row.owner), 0) + int(row.number)
    return found


def _of_owner(owner: str) -> str:
    """Return the process of an owner name: each part of a process adds a random part of its own."""
    return owner.rpartition(":")[0]

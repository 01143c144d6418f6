"""The alarms on record: since when each is up. Every process that looks at the alarms writes those that it finds up.

No process writes that an alarm is over: one may see a problem that another does not see, such as a full disk. An alarm
is over when no process has found it up for `HOLD`. One that comes back sooner was never over, so an alarm that flaps is
told once. Neither was one that a process finds up that has looked for less than `HOLD`: nobody may have looked before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, case, delete, literal, select, update

from worker.ledger.engine.database import Database
from worker.ledger.schema.columns import Instant
from worker.ledger.schema.tables import alarms

HOLD = timedelta(minutes=2)
KEPT = timedelta(days=1)  # the row of an alarm that is over, in which the next look finds when it ended


@dataclass(frozen=True, slots=True)
class StandingAlarm:
    """An alarm on record; times in UTC."""

    name: str
    since: datetime
    seen_at: datetime
    """When a process last found it up."""
    text: str
    is_over: bool


def note(db: Database, connection: Connection, up: Mapping[str, str], watched: timedelta) -> None:
    """Write the alarms that are up now, each with its text. `watched`: for how long the process has looked."""
    now = db.now(connection)
    at = literal(now, Instant())
    begins_anew = alarms.c.since > now
    if watched >= HOLD:
        begins_anew |= alarms.c.seen_at < now - HOLD
    since = case((begins_anew, at), else_=alarms.c.since)
    for name in sorted(up):
        again = update(alarms).where(alarms.c.name == name).values(since=since, seen_at=now, text=up[name])
        if connection.execute(again).rowcount == 0:
            row = {"name": name, "since": now, "seen_at": now, "text": up[name]}
            connection.execute(db.insert_or_ignore(alarms, "name"), [row])


def read(connection: Connection, now: datetime) -> list[StandingAlarm]:
    """Return the alarms on record, those that are over too; by name."""
    rows = connection.execute(select(alarms).order_by(alarms.c.name))
    return [StandingAlarm(**row._asdict(), is_over=abs(now - row.seen_at) > HOLD) for row in rows]


def forget(connection: Connection, now: datetime) -> int:
    """Delete the rows of alarms that have been over for long. Returns their number."""
    old = (alarms.c.seen_at < now - KEPT) | (alarms.c.seen_at > now + KEPT)
    return connection.execute(delete(alarms).where(old)).rowcount

"""The members of groups: one row for each alert that ever was in a group, with its planning state.

The case of a group is an ordinary case; its row is the lock under which its members are read and written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, select

from connectors.toolbox.text import cut
from tickets.assumptions import MAX_SUBJECT
from worker.ledger.engine import bulk
from worker.ledger.schema.tables import cases, members, storms
from worker.planning.correlation import Key
from worker.planning.grouping import Rate
from worker.planning.model import CaseState, Member, Phase, Place


@dataclass(frozen=True, slots=True)
class MemberLine:
    """A member, for display. Times in UTC."""

    key: str
    phase: Phase
    subject: str
    started_at: datetime | None
    ended_at: datetime | None


def of_group(connection: Connection, case_id: int) -> tuple[MemberLine, ...]:
    """Return all present and former members of a group."""
    rows = connection.execute(select(members).where(members.c.case_id == case_id).order_by(members.c.key))
    return tuple(
        MemberLine(each.key, cast(Phase, each.phase), each.subject, each.started_at, each.ended_at) for each in rows
    )


def is_any(connection: Connection) -> bool:
    """Return True if there is or ever was a member of a group."""
    return connection.execute(select(members.c.case_id).limit(1)).first() is not None


def read(connection: Connection, keys: Collection[Key]) -> dict[Key, dict[int, Member]]:
    """Return the members with these keys in all groups, by the id of the group's case."""
    if not keys:
        return {}
    found: dict[Key, dict[int, Member]] = {}
    for row in bulk.find(connection, (members.c.source, members.c.key), _rows(keys)):
        state = CaseState(row.episode, cast(Phase, row.phase), row.started_at, row.ended_at, row.priority)
        of_key = found.setdefault((row.source, row.key), {})
        of_key[row.case_id] = Member(row.source, state, row.subject, row.heard_at)
    return found


def own_cases(connection: Connection, keys: Collection[Key]) -> set[int]:
    """Return the ids of the cases with these keys."""
    if not keys:
        return set()
    return set(bulk.find(connection, (cases.c.source, cases.c.key), _rows(keys), cases.c.id).scalars())


def write(connection: Connection, changed: Mapping[Place, Member]) -> None:
    """Store members of locked groups."""
    rows = [
        {
            "case_id": group,
            "key": key,
            "source": each.source,
            "episode": each.state.episode,
            "phase": each.state.phase,
            "started_at": each.state.started_at,
            "ended_at": each.state.ended_at,
            "priority": each.state.priority,
            "subject": cut(each.subject, MAX_SUBJECT),
            "heard_at": each.heard_at,
        }
        for (group, key), each in sorted(changed.items())
    ]
    bulk.insert_or_update(connection, members, rows)


def rates(connection: Connection, case_ids: Collection[int]) -> dict[int, Rate]:
    """Return the rates of new incidents for these locked cases, which would gather the incidents in a storm."""
    if not case_ids:
        return {}
    rows = bulk.find(connection, (storms.c.case_id,), ({"case_id": each} for each in case_ids))
    return {row.case_id: Rate(row.since, row.number, row.before) for row in rows}


def write_rates(connection: Connection, changed: Mapping[int, Rate]) -> None:
    rows = [
        {"case_id": case_id, "since": each.since, "number": each.number, "before": each.before}
        for case_id, each in sorted(changed.items())
    ]
    bulk.insert_or_update(connection, storms, rows)


def _rows(keys: Iterable[Key]) -> list[dict[str, str]]:
    return [{"source": source, "key": key} for source, key in keys]

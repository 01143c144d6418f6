"""Takes a token from the budget for work that can wait, such as an audit or a poll."""

from __future__ import annotations

from sqlalchemy import Connection

from worker.ledger.engine.database import Database
from worker.ledger.queue import gates
from worker.ledger.queue.budget import Limits, allowance
from worker.ledger.queue.gates import Token

LAST = 9  # the rank under which these tokens are counted; no operation has it


SPARE = 4  # one part in so many of the budget is left to delivery


def take_spare_token(db: Database, connection: Connection, limits: Limits) -> bool:
    """Take a token for an audit or a poll; False while at most a quarter is free, or the gate is closed."""
    passage, now = gates.passage(db, connection, limits)
    if passage.closed_until is not None or passage.probes is not None:
        return False
    if limits.are_none:
        return True
    spare = Limits(_part(limits.per_minute), _part(limits.per_second)).part(passage.share)
    if allowance(gates.spent(connection, now), spare, now, waiting=0, late=passage.late).urgent <= 0:
        return False
    gates.take_tokens(connection, [Token(LAST, "audit")], now, passage.late)
    return True


def _part(limit: int | None) -> int | None:
    return None if limit is None else max(1, limit - limit // SPARE)

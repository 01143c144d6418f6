"""Plans the events of a batch in one transaction: load and lock, decide, write.

1  load     the destination of each event, by the known names; the rows that planning needs, locked (`load`)
2  decide   the operations of each event (`worker.planning.decide`)
3  write    the records of messages, the operations, the cases (`write`)
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from worker.ledger.engine.database import Database
from worker.ledger.recording import waiting
from worker.ledger.recording.load import case_of, find_delayed, find_waiting, load
from worker.ledger.recording.write import write
from worker.ledger.schema.tables import cases
from worker.planning.arrival import Arrival, Effect, Rules
from worker.planning.batch import Batch, Knowledge
from worker.planning.decide import decide, decide_waiting, taken
from worker.planning.model import Kind


def plan_arrivals(
    db: Database, connection: Connection, arrivals: Sequence[Arrival], rules: Rules, also_lock: frozenset[int]
) -> tuple[list[Effect], frozenset[Kind]]:
    """Plan these events, and write the result to the ledger.

    Returns the effect of each event, in order, and the kinds of operation that became due. Raises BeginAgain.
    """
    if not arrivals:
        return [], frozenset()
    batch, destinations = load(db, connection, arrivals, rules, also_lock)
    effects = decide(batch, zip(arrivals, destinations, strict=True), rules)
    due = write(db, connection, batch, rules)
    return [each for each in effects if not each.waited], due


def pair_known(db: Database, connection: Connection, rules: Rules) -> frozenset[Kind]:
    """Plan comments that were recorded at the same moment as their case, so that neither transaction saw the other.

    Returns the kinds of operation that became due. Raises BeginAgain.
    """
    cases_of_names = waiting.cases_of_known(connection)
    if not cases_of_names:
        return frozenset()
    ids = sorted(set(cases_of_names.values()))
    rows = connection.execute(select(cases).where(cases.c.id.in_(ids)).order_by(cases.c.id).with_for_update())
    known = Knowledge({row.id: case_of(row) for row in rows})
    find_delayed(connection, known, rules)
    find_waiting(known, connection, waiting.lock(connection, cases_of_names))
    batch = Batch(known)
    found = taken(batch, {name: known.cases[case_id] for name, case_id in cases_of_names.items()})
    decide_waiting(batch, found, rules)
    return write(db, connection, batch, rules)

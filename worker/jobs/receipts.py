"""Who tells what became of a message? A job for each source that answers; it tells what is due, one after the other."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import structlog

from connectors.answering import Answered, Answering, Outcome, Told, Unclear
from worker.jobs.job import Job, State, Surroundings
from worker.ledger.receipts import Receipt
from worker.receipts.sending import send
from worker.settings import Source

log = structlog.get_logger()

EVERY = timedelta(seconds=1)
AT_ONCE = 10  # in one run; the job's own lease is longer than they may take together
LEASE = timedelta(minutes=2)


def job_of(source: Source, link: str | None) -> Job | None:
    """None where a source does not answer. `link` is where a ticket is found, `{id}` in it stands for its number."""
    answering = source.connector.answering
    if answering is None or not answering.is_on(source.settings):
        return None
    return Job(f"receipts:{source.id}", EVERY, partial(_run, source, answering, link))


def _run(source: Source, answering: Answering[Any], link: str | None, state: State, around: Surroundings) -> State:
    for _ in range(AT_ONCE):
        # One by one: the first post of each is written down just before it is made.
        claimed = around.errands.claim_receipts(source.id, lease=LEASE, limit=1)
        if not claimed:
            break
        (receipt,) = claimed
        outcome: Outcome = Unclear("who sent it ended before it was answered")
        if not receipt.may_be_there:
            outcome = send(answering.write(_about(receipt, link), source.settings), answering)
        around.errands.settle_receipt(receipt, outcome, edits=answering.edits)
        if not isinstance(outcome, Told):
            log.warning("receipt.not_told", source=source.id, case=receipt.case_id, reason=outcome.reason)
    return state


def _about(receipt: Receipt, link: str | None) -> Answered:
    return Answered(
        target=receipt.target,
        place=receipt.place,
        case_key=receipt.case_key,
        ticket=receipt.ticket_id,
        status=receipt.status,
        priority=receipt.priority,
        link=None if link is None else link.replace("{id}", receipt.ticket_id),
    )

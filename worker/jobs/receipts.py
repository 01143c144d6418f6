"""Posts due receipts, one after the other, with one job for each source that has receipts."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from connectors.contract.calls import CallLater, CallRejected, CallUnknown, HttpCall
from connectors.contract.receipts import Outcome, Posted, ReceiptCalls, ReceiptContent
from worker.jobs.job import Job, State, Surroundings
from worker.ledger import Receipt
from worker.receipts.sending import send
from worker.receipts.tokens import Tokens
from worker.runtime.defects import ConnectorFailed, connector_defects
from worker.settings import Source

log = structlog.get_logger()

EVERY = timedelta(seconds=1)
AT_ONCE = 10  # receipts in one run
BEGIN_WITHIN_S = 60.0  # seconds of a run in which a receipt may begin; the job's lease also covers the last receipt
LEASE = timedelta(minutes=2)
DEFECT_S = 900.0  # seconds until the next try, after the connector failed to write the call
TOKENS = Tokens()
"""Outlives the jobs, which are made anew in every round."""
HELD_UNTIL = "held_until"
"""Key in the state of the job: until then the platform accepts no receipts of this source."""


def job_of(source: Source, link: str | None) -> Job | None:
    """Return the job of a source; None without receipts. In `link`, `{id}` stands for the ticket's number."""
    receipts = source.connector.receipts
    if receipts is None or not receipts.is_on(source.settings):
        return None
    return Job(f"receipts:{source.id}", EVERY, partial(_run, source, receipts, link))


def _run(source: Source, receipts: ReceiptCalls[Any], link: str | None, state: State, around: Surroundings) -> State:
    if HELD_UNTIL in state and around.now < datetime.fromisoformat(state[HELD_UNTIL]):
        return state
    end = time.monotonic() + BEGIN_WITHIN_S
    for _ in range(AT_ONCE):
        # One by one: the first post of a receipt is recorded just before it is made.
        claimed = around.job_store.claim_receipts(source.id, lease=LEASE, limit=1)
        if not claimed:
            break
        (receipt,) = claimed
        outcome = _post(source, receipts, link, receipt, around)
        if isinstance(outcome, CallLater) and outcome.for_all and outcome.seconds is not None:
            return {HELD_UNTIL: (receipt.claimed_at + timedelta(seconds=outcome.seconds)).isoformat()}
        if _is_away(outcome) or time.monotonic() > end:
            break
    return {}


def _is_away(outcome: Outcome) -> bool:
    """Return True when the platform did not even refuse. Ten such requests would hold up the jobs of other sources."""
    return isinstance(outcome, CallLater) and outcome.seconds is None


def _post(
    source: Source, receipts: ReceiptCalls[Any], link: str | None, receipt: Receipt, around: Surroundings
) -> Outcome:
    about = _about(receipt, link)
    repeatable, outcome = _sent(source, receipts, about, may_be_there=receipt.may_be_there)
    around.job_store.settle_receipt(receipt, outcome, repeatable=repeatable)
    if not isinstance(outcome, Posted):
        event = "receipt.not_told" if receipt.place is None else "receipt.not_edited"
        log.warning(event, source=source.id, case=receipt.case_id, reason=outcome.reason)
    return outcome


def _sent(
    source: Source, receipts: ReceiptCalls[Any], about: ReceiptContent, *, may_be_there: bool
) -> tuple[bool, Outcome]:
    """Return whether the call may be repeated when its outcome is unknown, and the outcome."""
    try:
        with connector_defects(source):
            call = receipts.write(about, source.settings)
    except ConnectorFailed as error:
        return True, CallLater(DEFECT_S, str(error))
    if isinstance(call, CallRejected):
        return False, call
    repeatable = isinstance(call, HttpCall) and call.repeatable
    if may_be_there and not repeatable:
        return False, CallUnknown("the process that sent the receipt ended before the answer")
    try:
        with connector_defects(source):
            return repeatable, send(call, about, receipts, source.settings, TOKENS)
    except ConnectorFailed as error:
        return repeatable, CallUnknown(str(error))


def _about(receipt: Receipt, link: str | None) -> ReceiptContent:
    return ReceiptContent(
        target=receipt.target,
        place=receipt.place,
        case_key=receipt.case_key,
        ticket=receipt.ticket_id,
        status=receipt.status,
        priority=receipt.priority,
        link=None if link is None else link.replace("{id}", receipt.ticket_id),
        now=receipt.claimed_at,
    )

"""Counts and logs the attempts that were settled."""

from __future__ import annotations

from datetime import timedelta

import structlog

from worker.ledger import Claim, Settlement
from worker.planning.keys import priority_of
from worker.runtime.metrics import Metrics

log = structlog.get_logger()


def note(metrics: Metrics, claim: Claim, settlement: Settlement, *, is_recorded: bool) -> None:
    """Count and log one attempt. `is_recorded` is False when the ledger refused it, because its lease had ended."""
    metrics.attempts.labels(claim.kind, settlement.outcome).inc()
    if settlement.latency is not None:
        metrics.api_call.labels(claim.kind, settlement.outcome).observe(settlement.latency.total_seconds())
    if is_recorded:
        _observe_ticket(metrics, claim, settlement)
    fields = {
        "inbound": f"in-{claim.inbound_id}",
        "operation": f"op-{claim.case_id}-{claim.seq}",
        "case": claim.case_id,
        "ticket": settlement.ticket_id or claim.ticket_id,
        "kind": claim.kind,
        "attempt": claim.tries + 1,
        "outcome": settlement.outcome,
        "state": settlement.state,
        "status": settlement.status,
        "latency_ms": None if settlement.latency is None else settlement.latency // timedelta(milliseconds=1),
        "error": settlement.error,
        "request_id": settlement.request_id,
        "source": claim.source,
    }
    if not is_recorded:
        log.info("operation.settle_refused", **fields)
    elif settlement.state == "dead":
        log.warning("operation.dead", **fields)
    else:
        log.info("operation.settled", **fields)


def _observe_ticket(metrics: Metrics, claim: Claim, settlement: Settlement) -> None:
    """Observe how long a planned ticket took to exist, when its create took effect."""
    priority = priority_of(claim.rank)
    took_effect = claim.kind == "create_ticket" and settlement.state == "done"
    if not took_effect or priority is None or claim.planned_at is None or settlement.estimated_at is None:
        return
    waited = settlement.estimated_at - claim.planned_at
    metrics.time_to_ticket.labels(priority).observe(max(waited.total_seconds(), 0.0))

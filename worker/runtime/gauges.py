"""Gauges of a process that opens the ledger: waiting work, dead letters, alarms."""

from __future__ import annotations

from collections.abc import Iterator

from worker.ledger import ALARMS, ROLES, Ledger, LedgerAway, Overview, alarms
from worker.planning.keys import RANKS
from worker.runtime.metrics import Metrics
from worker.settings import Settings


def metrics_of(ledger: Ledger, settings: Settings) -> Metrics:
    """Return the counters of this process, and gauges that are read from the ledger at each scrape."""

    def gauges() -> Iterator[tuple[str, dict[str, str], float]]:
        try:
            now = ledger.overview()
        except LedgerAway:
            yield "ledger_up", {}, 0
            return
        yield "ledger_up", {}, 1
        for state, number in now.cases.items():
            yield "cases", {"state": state}, number
        for kind, number in now.open_operations.items():
            yield "operations_open", {"kind": kind}, number
        yield "dead_letters", {}, now.dead
        yield "quarantined", {}, now.quarantined
        waited = (now.at - now.due_since).total_seconds() if now.due_since else 0
        yield "due_age_seconds", {}, waited
        yield from _of_processes(now)
        yield from _of_answers(now)
        yield from _of_mailboxes(now)
        up = {each.name for each in alarms(now, settings.timing)}
        for each in ALARMS.values():
            if each.in_metrics:
                yield "alarm", {"alarm": each.name}, each.name in up

    metrics = Metrics()
    metrics.add_gauges(gauges)
    return metrics


def _of_processes(now: Overview) -> Iterator[tuple[str, dict[str, str], float]]:
    live = [each for each in now.processes if each.state == "live"]
    for role in ROLES:
        yield "processes", {"role": role}, sum(each.role == role for each in live)
    tried = [each for each in live if each.broker_ok_at is not None or each.broker_failing_since is not None]
    if tried:
        yield "broker_up", {}, all(each.broker_failing_since is None for each in tried)


def _of_answers(now: Overview) -> Iterator[tuple[str, dict[str, str], float]]:
    planned = {each.rank: each.planned_at for each in now.oldest}
    for rank in RANKS:
        yield "undelivered_age_seconds", {"rank": str(rank)}, (now.at - planned.get(rank, now.at)).total_seconds()
    if now.last_success_at is not None:
        yield "last_success_timestamp_seconds", {}, now.last_success_at.timestamp()
    yield "failures_in_a_row", {}, now.failures_in_a_row


def _of_mailboxes(now: Overview) -> Iterator[tuple[str, dict[str, str], float]]:
    for each in now.mailboxes:
        labels = {"source": each.source, "mailbox": each.mailbox}
        age = (now.at - max(each.polled_at or each.since, each.since)).total_seconds()
        yield "mailbox_poll_age_seconds", labels, age
        yield "mailbox_unaccounted_uids", labels, each.unaccounted
        if each.token_ends_at is not None:
            left = (each.token_ends_at - now.at).total_seconds()
            yield "mailbox_token_left_seconds", labels, left

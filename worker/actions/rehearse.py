"""Shows the effect of another configuration on the stored deliveries. Nothing is written or sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from connectors.contract.messages import Inbound
from worker.ledger import Ledger, Span, Stored
from worker.rehearsal.report import Asked, Limits, Rehearsed, report
from worker.rehearsal.tickets import Rehearsal, read
from worker.settings import Source

PAGE = 200  # deliveries in one transaction


def span_of(ledger: Ledger, asked: Asked) -> Span:
    """Return how many deliveries there are to rehearse, and the number after which they begin."""
    return ledger.stored_span(since=asked.since, source=asked.source)


def rehearse(
    ledger: Ledger,
    asked: Asked,
    before: Mapping[str, Source],
    after: Mapping[str, Source],
    advanced: Callable[[int], None],
) -> Callable[[Limits], Rehearsed]:
    """Rehearse each delivery under both configurations, so that each is read from the ledger once."""
    old, new = Rehearsal(before), Rehearsal(after)
    deliveries = pruned = 0
    for page in _pages(ledger, asked, span_of(ledger, asked).after):
        for each in page:
            deliveries += 1
            if each.arrived is None:
                pruned += 1
            else:
                _take(each.id, each.arrived, old, new, before.get(each.source), after.get(each.source))
        advanced(len(page))
    return lambda limits: report(asked, old, new, limits, deliveries=deliveries, pruned=pruned)


def _pages(ledger: Ledger, asked: Asked, after: int) -> Iterator[list[Stored]]:
    while page := ledger.stored_deliveries(since=asked.since, source=asked.source, after=after, limit=PAGE):
        after = page[-1].id
        yield page


def _take(
    number: int, arrived: Inbound, old: Rehearsal, new: Rehearsal, before: Source | None, after: Source | None
) -> None:
    parsed = read(before, arrived)
    old.take(number, arrived, parsed)
    new.take(number, arrived, parsed if _reads_alike(before, after) else read(after, arrived))


def _reads_alike(one: Source | None, other: Source | None) -> bool:
    """Return True when both sources parse a delivery alike. Routing comes after that."""
    if one is None or other is None:
        return one is other
    return one.connector.kind == other.connector.kind and one.settings == other.settings

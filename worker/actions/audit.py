"""Compares the ledger with the Tickets API, with the budget that delivery leaves over."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from connectors.contract.messages import Verified
from connectors.contract.polling import WHOLE
from tickets.assumptions import MAX_LIMIT
from tickets.client import TicketsClient
from tickets.errors import AskPerson, TicketsError
from tickets.markers import word_of
from tickets.models import Ticket
from worker.actions.api import with_client
from worker.actions.errors import Refused
from worker.delivery.lookup import CLOCKS_APART
from worker.delivery.outcomes import is_gone
from worker.documents.audit import Audited
from worker.intake import internal
from worker.intake.reading import read_verified
from worker.jobs.poll import as_webhook
from worker.ledger import INTERNAL, ApiSide, Delivery, Finding, Found, Ledger, LedgerSide, Limits, compare
from worker.settings import Source
from worker.settings.loader import Loaded

MINUTE_S = 60.0
AT_ONCE = 64  # tickets recorded in one transaction
BY = "audit"
RECORDED = "nothing more: the change is recorded now"
LOOK_AGAIN_S = 1.0  # seconds between two tries while the budget has nothing to spare


class Pace:
    """Limits requests to `per_minute`, and to the budget that delivery leaves over.

    `waiting` is called once, the first time that the budget has nothing to spare.
    """

    def __init__(self, ledger: Ledger, limits: Limits, per_minute: int, waiting: Callable[[], None]) -> None:
        self._ledger = ledger
        self._limits = limits
        self._per_minute = per_minute
        self._waiting = waiting
        self._sent: deque[float] = deque()
        self._said = False
        self.requests = 0

    async def turn(self) -> None:
        """Return when a request may be made."""
        while len(self._sent) >= self._per_minute:
            await asyncio.sleep(max(0.0, self._sent[0] + MINUTE_S - time.monotonic()))
            with suppress(IndexError):
                while self._sent[0] + MINUTE_S <= time.monotonic():
                    self._sent.popleft()
        while not self._ledger.take_spare_token(self._limits):
            if not self._said:
                self._waiting()
            self._said = True
            await asyncio.sleep(LOOK_AGAIN_S)
        self._sent.append(time.monotonic())
        self.requests += 1


def audit(
    ledger: Ledger, loaded: Loaded, *, since: datetime | None, update: bool, per_minute: int, by: str,
    waiting: Callable[[], None], other_settings: Sequence[str] = (),
) -> Audited:  # fmt: skip
    """Compare the ledger with the Tickets API. With `update`, record the changes that people made.

    `other_settings`: the settings that the live processes have otherwise, for the record of each update.
    Raises Refused when the Tickets API cannot be asked; then nothing is concluded.
    """
    began, settings = ledger.now(), loaded.settings
    pace = Pace(ledger, Limits(settings.api.per_minute, settings.api.per_second), per_minute, waiting)
    try:
        ours, theirs = with_client(settings, lambda client: _observe(client, ledger, pace, since, began))
    except TicketsError as error:
        raise Refused(f"the Tickets API cannot be asked, so the audit has no result: {error}") from error
    findings = compare(ours, theirs)
    noted = _record(ledger, webhooks_of(loaded), findings, theirs, by, other_settings) if update else []
    compared = {"bound": len(ours.bound), "found": len(theirs.found), "requests": pace.requests}
    done = set(noted)
    told = [replace(each, remedy=RECORDED) if each in done else each for each in findings]
    return Audited(told, compared, len(noted) if update else None)


async def _observe(
    client: TicketsClient, ledger: Ledger, pace: Pace, since: datetime | None, began: datetime
) -> tuple[LedgerSide, ApiSide]:
    """Read the API before the ledger, so that a ticket found is in the ledger, unless its call is under way."""
    found: dict[str, Found] = {}
    for_sure = since - CLOCKS_APART if since is not None else None
    offset = 0
    while True:
        await pace.turn()
        page = await client.list_tickets(limit=MAX_LIMIT, offset=offset)
        found |= _found(page.data)
        offset += len(page.data)
        # Newest first: all further tickets are older still.
        too_old = for_sure is not None and any(each.created_at < for_sure for each in page.data)
        if not page.data or offset >= page.total or too_old:
            break
    words = {each.word for each in found.values() if each.word is not None}
    ours = ledger.audited(since, words, found)
    absent = set()
    for each in ours.bound:
        if each.ticket_id in found:
            continue
        await pace.turn()
        try:
            found |= _found([await client.get_ticket(each.ticket_id)])
        except AskPerson as error:
            if not is_gone(error):
                raise
            absent.add(each.ticket_id)
    return ours, ApiSide(list(found.values()), absent, began)


def _found(tickets: Iterable[Ticket]) -> dict[str, Found]:
    return {
        each.id: Found(each.id, each.status, word_of(each.description), each.category, each.metadata)
        for each in tickets
    }


def webhooks_of(loaded: Loaded) -> Source | None:
    """Return the configured source of the Tickets API's webhooks, or None. The defaults of `run` do not count."""
    sources = loaded.settings.sources.values()
    theirs = (each for each in sources if each.connector.polling is not None and loaded.has("sources", each.id))
    return next(theirs, None)


def _record(
    ledger: Ledger, source: Source | None, findings: list[Finding], theirs: ApiSide, by: str,
    other_settings: Sequence[str],
) -> list[Finding]:  # fmt: skip
    """Record people's changes to tickets, as webhooks would have. Returns the recorded findings."""
    by_id = {each.ticket_id: each for each in theirs.found}
    observed = [
        (each, _observation(source, each, by_id.get(each.ticket), theirs.began)) for each in findings if each.status
    ]
    steps = (observed[start : start + AT_ONCE] for start in range(0, len(observed), AT_ONCE))
    updated = (ledger.update_tickets(step, by=by, other_settings=other_settings) for step in steps)
    return [each for step in updated for each in step]


def _observation(source: Source | None, finding: Finding, found: Found | None, began: datetime) -> Delivery:
    """Return the delivery of a ticket's state: from the source of the Tickets API's webhooks, else an internal one."""
    polling = None if source is None else source.connector.polling
    if source is not None and polling is not None and found is not None:
        ticket = {"id": found.ticket_id, "status": found.status, "category": found.category, "metadata": found.metadata}
        return read_verified(source, Verified(as_webhook(source.id, polling, ticket, began, BY)))
    status = found.status if found is not None else "gone"
    changed = internal.ticket_changed(finding.ticket, status, began if found is None else began - WHOLE, BY)
    if source is not None:
        return read_verified(source, Verified(internal.found(source.id, BY, [changed], began)))
    return internal.as_delivery(internal.found(INTERNAL, BY, [changed], began))

"""Calls every verb of the hot paths once or twice on a filled ledger, so that the statements of all are captured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

from connectors.contract.events import Changed, Commented, Opened, Reference, Resolved
from connectors.contract.messages import Inbound
from connectors.contract.receipts import Posted
from tests.statements.capture import Capture
from tests.statements.large import TERMS, Clock, delivery_of, event_of, open_ledger
from worker.ledger import Delivery, Ledger, Limits, Settlement
from worker.ledger.reports.caselist import CaseFilter
from worker.ledger.reports.deliveries import Filter as DeliveryFilter
from worker.ledger.reports.following import Filter as NewsFilter
from worker.ledger.reports.overview import CALLS_THAT_TELL
from worker.planning.grouping import PREFIX
from worker.planning.model import Group

BUDGET = replace(TERMS, limits=Limits(6, 6))  # scarce, so that there is a search for notes that can be joined
KEPT = timedelta(hours=12)
PAGES = 600  # rows: more than a page of the lists
LATENCY = timedelta(seconds=0.1)


def play(capture: Capture, url: str, now: datetime) -> None:
    """Call the verbs on a ledger filled by `large.fill`, at a time at which its open work is due."""
    clock = Clock(now)
    ledger = open_ledger(url, clock)
    try:
        with capture.listening():
            for verb, act in VERBS:
                with capture.of(verb):
                    act(ledger, clock)
    finally:
        ledger.close()


def record(ledger: Ledger, clock: Clock) -> None:
    """Record alerts, alone and in a group, mails that answer, chat that waits, and unreadable deliveries."""
    at = clock.now
    known, author = "<7@example.com>", "person-7@example.com"
    group = Group(f"{PREFIX}team-1", "a team")
    unread = Inbound("mail", at, b"unreadable now")
    ledger.record([delivery_of("alerts", event_of(Opened, "new", "fires", at), at=at)])
    ledger.record([delivery_of("alerts", event_of(Opened, "disk-30", "fires"), at=at)])
    ledger.record([delivery_of("alerts", event_of(Changed, "new", "changes", at), at=at)])
    ledger.record([delivery_of("alerts", event_of(Resolved, "new", "ends", at), at=at)])
    ledger.record([delivery_of("alerts", event_of(Opened, "disk-3", "fires again", at), at=at, group=group)])
    opening = event_of(Opened, "mail-new", "asks", at, aliases=("<new@example.com>",), author="new@example.com")
    answer = event_of(Commented, "mail-other", "answers", at, references=(Reference(known),), author=author,
                      authority="participant")  # fmt: skip
    ledger.record([delivery_of("mail", opening, at=at), delivery_of("mail", answer, at=at)])
    ledger.record([delivery_of("chat", event_of(Opened, "thread-new", "writes", at, answer="thread-new/ts"), at=at)])
    waiting = event_of(Commented, "thread-later", "waits", at, references=(Reference("ts-later"),), unknown="wait")
    ledger.record([delivery_of("chat", waiting, at=at)])
    ledger.record([Delivery(unread, unreadable="it is no mail"), Delivery(unread, unreadable="it is no mail")])


def pair_waiting(ledger: Ledger, _: Clock) -> None:
    ledger.pair_waiting()


def take_back(ledger: Ledger, _: Clock) -> None:
    ledger.take_back(timedelta(seconds=60), ledger.leases())


def due_kinds(ledger: Ledger, _: Clock) -> None:
    ledger.due_kinds()


def claim(ledger: Ledger, _: Clock) -> None:
    """Claim by kind within a budget, and any kind without a budget."""
    ledger.claim("create_ticket", limit=2, owner="page", terms=BUDGET)
    ledger.claim("add_note", limit=1, owner="page", terms=BUDGET)
    ledger.claim(None, limit=1, owner="page", terms=TERMS)


def settle(ledger: Ledger, clock: Clock) -> None:
    """Settle a create and a note that succeeded, a refused call, and a call of unknown outcome."""
    made = Settlement("done", "done", ticket_id="T-new", ticket_status="open", status=201, latency=LATENCY)
    noted = Settlement("done", "done", ticket_status="open", status=201, latency=LATENCY)
    dead = Settlement("dead", "rejected", status=422, error="422: the subject is not liked", latency=LATENCY)
    again = Settlement("again", "unknown", again_at=clock.now, unknown=True, error="no answer")
    creates = ledger.claim("create_ticket", limit=3, owner="page", terms=TERMS).claims
    (note,) = ledger.claim("add_note", limit=1, owner="page", terms=TERMS).claims
    ledger.settle([*zip(creates, (again, made, dead), strict=True), (note, noted)])


def prunable(ledger: Ledger, _: Clock) -> None:
    ledger.upkeep.prunable(KEPT, KEPT)


def prune(ledger: Ledger, _: Clock) -> None:
    for span in ledger.upkeep.prunable(KEPT, KEPT):
        list(islice(ledger.upkeep.prune(span), 2))


def claim_receipts(ledger: Ledger, clock: Clock) -> None:
    ledger.job_store.claim_receipts("chat", lease=TERMS.lease, limit=2)
    clock.now += 2 * TERMS.lease


def settle_receipt(ledger: Ledger, _: Clock) -> None:
    (receipt,) = ledger.job_store.claim_receipts("chat", lease=TERMS.lease, limit=1)
    ledger.job_store.settle_receipt(receipt, Posted("here", names=("ts-receipt",)), repeatable=True)


def overview(ledger: Ledger, _: Clock) -> None:
    ledger.overview()


def failing(ledger: Ledger, clock: Clock) -> None:
    """Let calls fail until the alarm must be weighed, and read everything that `status` shows."""
    for _ in range(CALLS_THAT_TELL):
        (claim,) = ledger.claim(None, limit=1, owner="page", terms=TERMS).claims
        ledger.settle([(claim, Settlement("again", "not executed", again_at=clock.now, latency=LATENCY))])
    ledger.overview(in_full=True)
    ledger.pause("chat", "a test")
    ledger.resume("chat")


def list_sources(ledger: Ledger, _: Clock) -> None:
    ledger.list_sources(["alerts", "chat", "mail"])


def spending(ledger: Ledger, _: Clock) -> None:
    ledger.spending()


def cases(ledger: Ledger, _: Clock) -> None:
    list(islice(ledger.reading.cases(CaseFilter(), None), PAGES))


def deliveries(ledger: Ledger, clock: Clock) -> None:
    list(islice(ledger.reading.deliveries(DeliveryFilter(since=clock.now - timedelta(days=2)), None), PAGES))


def dead(ledger: Ledger, _: Clock) -> None:
    list(ledger.reading.dead())


def following(ledger: Ledger, clock: Clock) -> None:
    """Read as `tail` does: the latest, and then new ones."""
    position = ledger.reading.begin_following()
    ledger.reading.latest(position, 10, NewsFilter())
    ledger.record([delivery_of("alerts", event_of(Opened, "newer", "fires", clock.now), at=clock.now)])
    (claim, *_) = ledger.claim("create_ticket", limit=1, owner="page", terms=TERMS).claims
    ledger.settle([(claim, Settlement("again", "not executed", again_at=clock.now))])
    ledger.reading.news(position, NewsFilter())


VERBS: tuple[tuple[str, Callable[[Ledger, Clock], None]], ...] = (
    ("record", record),
    ("pair_waiting", pair_waiting),
    ("take_back", take_back),
    ("due_kinds", due_kinds),
    ("claim", claim),
    ("settle", settle),
    ("claim_receipts", claim_receipts),
    ("settle_receipt", settle_receipt),
    ("prunable", prunable),
    ("prune", prune),
    ("overview", overview),
    ("failing", failing),
    ("list_sources", list_sources),
    ("spending", spending),
    ("cases", cases),
    ("deliveries", deliveries),
    ("dead", dead),
    ("following", following),
)
"""The hot paths by the name of their verb, in the order in which they build on each other."""

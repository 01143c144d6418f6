"""Helpers for tests of receipts: record a delivery, let time pass, post the receipts that are due."""

from __future__ import annotations

from typing import Any

from connectors import connector, fixtures
from connectors.contract.events import TicketChanged, TicketStatus
from connectors.contract.messages import Inbound, Parsed
from worker.intake.reading import read
from worker.jobs import receipts as job
from worker.jobs.runner import Runner
from worker.ledger import Delivery, Ledger
from worker.ledger.schema.tables import receipts
from worker.settings import Source

from ..builders import ManualClock, claim_one, done, rows
from ..slack_stand_in import TOKEN, Slack

LINK = "https://tickets.example.net/{id}"
SECRET = "s3cret"


def source_of(kind: str, **settings: Any) -> Source:
    """Return a source of this kind, named after the kind, with receipts."""
    made = connector(kind)
    return Source(kind, made, made.settings.model_validate({"secret": SECRET, "receipts": True} | settings))


def of_slack(web: Slack, **settings: Any) -> Source:
    """Return a source `chat` with receipts on the stand-in of Slack."""
    made = connector("slack")
    own = {"secret": SECRET, "receipts": True, "bot_token": TOKEN, "api_url": web.url} | settings
    return Source("chat", made, made.settings.model_validate(own))


def post_due(ledger: Ledger, source: Source) -> None:
    made = job.job_of(source, LINK)
    assert made is not None
    Runner(ledger, lambda: {made.name: made}, lambda _: None, "one", 1.0).once()


def later(ledger: Ledger, clock: ManualClock, source: Source, seconds: float = 2) -> None:
    clock.advance(seconds=seconds)
    post_due(ledger, source)


def arrive(ledger: Ledger, clock: ManualClock, source: Source, body: bytes, **headers: str) -> None:
    """Record a delivery that the source's sender signed."""
    signed = source.connector.sign(body, source.settings, clock()) | headers
    lower = tuple((name.lower(), value) for name, value in signed.items())
    delivery = read(source, Inbound(source.id, clock(), body, lower), clock())
    assert isinstance(delivery, Delivery)
    ledger.record([delivery])


def sample(source: Source, name: str) -> bytes:
    """Return the body of a fixture of the source's kind."""
    return fixtures(source.connector.kind)[name].body


def row(ledger: Ledger) -> dict[str, Any]:
    (found,) = rows(ledger, receipts)
    return found


def webhook_of(clock: ManualClock, status: TicketStatus, ticket: str = "T-1") -> Delivery:
    """Build the webhook of the Tickets API after a person moved a ticket, a minute later."""
    at = clock.advance(seconds=60)
    moved = TicketChanged(
        case_key=f"ticket:{ticket}", source_message_id=f"evt-{at}", occurred_at=at, started_at=at, subject="s", text="",
        content_digest="0" * 64, ticket_id=ticket, status=status,
    )  # fmt: skip
    return Delivery(Inbound("aurion", at, b"{}"), Parsed((moved,)))


def moves(ledger: Ledger, clock: ManualClock, status: TicketStatus = "closed") -> None:
    """Record that a person moved the ticket."""
    ledger.record([webhook_of(clock, status)])


def close(ledger: Ledger, ticket: str = "T-1") -> None:
    """Claim and settle the close that is due."""
    ledger.settle([(claim_one(ledger, "close_ticket"), done(ticket, "closed"))])

"""Helpers for tests of backfilling: a Slack source, messages that people write, the resulting notes and subjects."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from connectors import connector
from connectors.contract.messages import Inbound
from connectors.slack.history import ts
from tests.connectors.slack.builders import BOT, envelope, message
from worker.intake.reading import read
from worker.jobs import backfill
from worker.jobs.runner import Runner
from worker.ledger import Delivery
from worker.ledger.schema.tables import jobs as jobs_table
from worker.settings import Source

from .builders import NOON, rows
from .relay import Relay
from .slack_stand_in import TOKEN, Slack

EVERY = 300.0


def at(seconds: float) -> str:
    """Format a time after noon as Slack's timestamp."""
    return ts(NOON + timedelta(seconds=seconds))


def of_slack(web: Slack, **settings: Any) -> Source:
    made = connector("slack")
    own = {"secret": "s3cret", "bot_token": TOKEN, "api_url": web.url, "backfill_every": EVERY, "private": False}
    return Source("chat", made, made.settings.model_validate(own | settings))


def ask(relay: Relay, source: Source, *, runs: int = 1) -> None:
    """Run the job `runs` times, if it is due, with a pause after each of several runs."""
    (job,) = backfill.jobs_of(source)
    for _ in range(runs):
        Runner(relay.ledger, lambda: {job.name: job}, lambda _: None, "one", 1.0).once()
        if runs > 1:
            relay.advance(seconds=backfill.PAUSE.total_seconds())


def say(web: Slack, text: str, seconds: float, **changes: Any) -> dict[str, Any]:
    event = message(text, at(seconds), event_ts=at(seconds), **changes)
    web.said.append(event)
    return event


def ask_for(text: str) -> str:
    return f"<@{BOT}> {text}"


def deliver(relay: Relay, source: Source, event: dict[str, Any], *, times: int = 1) -> None:
    """Record a signed delivery of Slack's event, `times` times, each under a new event id."""
    for number in range(times):
        whole = event if "command" in event else envelope(event, event_id=f"Ev{number:08}")
        body = json.dumps(whole).encode()
        signed = source.connector.sign(body, source.settings, relay.clock())
        lower = tuple((name.lower(), value) for name, value in signed.items())
        delivery = read(source, Inbound(source.id, relay.clock(), body, lower), relay.clock())
        assert isinstance(delivery, Delivery)
        relay.ledger.record([delivery])


def notes(relay: Relay, subject: str) -> list[str]:
    """Return the first line of each note to the ticket with this subject, in order."""
    (ticket,) = [each.ticket for each in relay.effects() if each.text == subject]
    found = [each for each in relay.effects() if each.kind == "add_note" and each.ticket == ticket]
    return [each.text.split("\n")[0] for each in found]


def subjects(relay: Relay) -> list[str]:
    return [each.text for each in relay.effects() if each.kind == "create_ticket"]


def failure(relay: Relay) -> str | None:
    (row,) = rows(relay.ledger, jobs_table)
    error: str | None = row["error"]
    return error

"""Backfill of threads: messages that Slack did not deliver become notes on the thread's ticket, once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.connectors.slack.builders import CHANNEL, reaction, slash
from worker.ledger import Ledger
from worker.ledger.schema.tables import jobs as jobs_table

from .backfilling import EVERY, ask, ask_for, at, deliver, failure, notes, of_slack, say, subjects
from .builders import ManualClock, rows
from .relay import Relay, relaying
from .slack_stand_in import Slack, slack

pytestmark = pytest.mark.one_database


@pytest.fixture
def relay(ledger: Ledger, clock: ManualClock, tmp_path: Path) -> Iterator[Relay]:
    with relaying(ledger, clock, tmp_path) as made:
        yield made


@pytest.fixture
def web(clock: ManualClock) -> Iterator[Slack]:
    with slack(lambda: clock().timestamp()) as made:
        made.channel(CHANNEL)
        yield made


def test_a_thread_that_is_older_than_any_history_that_is_asked_for_is_followed_while_its_case_is_open(
    relay: Relay, web: Slack
) -> None:
    source = of_slack(web)
    ask(relay, source)
    deliver(relay, source, say(web, ask_for("Printer jams"), 10))
    relay.advance(seconds=EVERY)
    ask(relay, source)
    relay.advance(hours=48)
    say(web, "Still", 48 * 3600, thread_ts=at(10))
    ask(relay, source)
    relay.run(for_hours=1)
    assert relay.counts() == {"create_ticket": 1, "add_note": 1}


def test_what_a_thread_said_before_a_ticket_was_opened_in_it_is_noted_with_its_root(relay: Relay, web: Slack) -> None:
    source = of_slack(web)
    say(web, "The printer is odd", -200)
    say(web, "It hums", -190, thread_ts=at(-200))
    say(web, "Another thread", -150)
    ask(relay, source)
    asked = say(web, ask_for("Please have a look"), 10, thread_ts=at(-200))
    deliver(relay, source, asked)
    relay.advance(seconds=EVERY)
    ask(relay, source)
    ask(relay, source)
    relay.send_what_is_due()
    assert subjects(relay) == ["Please have a look"]
    assert notes(relay, "Please have a look") == ["The printer is odd", "It hums"]
    relay.advance(seconds=EVERY)
    ask(relay, source)
    relay.send_what_is_due()
    assert len(notes(relay, "Please have a look")) == 2


def test_a_ticket_that_a_reaction_opened_gets_the_message_that_it_is_about_also_of_another_bot(
    relay: Relay, web: Slack
) -> None:
    source = of_slack(web, channels={CHANNEL: {"private": False}})
    ask(relay, source)
    say(web, "Disk is full", 5, bot_id="B0MONITOR", user=...)
    deliver(relay, source, reaction("ticket", at(5), event_ts=at(10)))
    relay.advance(seconds=EVERY)
    ask(relay, source)
    relay.send_what_is_due()
    (subject,) = subjects(relay)
    assert notes(relay, subject) == ["Disk is full"]


def test_tickets_without_a_thread_are_not_asked_for(relay: Relay, web: Slack) -> None:
    source = of_slack(web)
    ask(relay, source)
    deliver(relay, source, slash())
    relay.advance(seconds=EVERY)
    ask(relay, source)
    assert "conversations.replies" not in web.calls
    assert failure(relay) is None


def test_a_ticket_that_was_opened_while_no_round_was_made_is_asked_for_in_the_next(relay: Relay, web: Slack) -> None:
    source = of_slack(web)
    ask(relay, source)
    say(web, "The printer is odd", -200)
    deliver(relay, source, say(web, ask_for("Please have a look"), 10, thread_ts=at(-200)))
    relay.advance(seconds=20 * EVERY)
    ask(relay, source)
    relay.send_what_is_due()
    assert notes(relay, "Please have a look") == ["The printer is odd"]


def test_a_thread_that_cannot_be_read_as_a_whole_does_not_let_its_channel_be_asked_for_anew(
    relay: Relay, web: Slack
) -> None:
    source = of_slack(web)
    ask(relay, source)
    say(web, "The printer is odd", -200)
    deliver(relay, source, say(web, ask_for("Please have a look"), 10, thread_ts=at(-200)))
    relay.advance(seconds=EVERY)
    web.refused["conversations.replies"] = "missing_scope"
    ask(relay, source)
    (row,) = rows(relay.ledger, jobs_table)
    assert "missing_scope" in row["error"]
    assert json.loads(row["state"])["memory"]["behind"] == {}

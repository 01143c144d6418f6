"""Backfill of messages that Slack did not deliver, against a stand-in of its Web API with limits and errors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.contract.calls import HttpAnswer
from tests.connectors.slack.builders import ADA, BOT, CHANNEL, TEAM, mention
from worker.jobs import backfill
from worker.jobs.runner import Runner
from worker.jobs.steps import MAX_BYTES
from worker.ledger import Ledger
from worker.ledger.reports.alarms import FAILURES_ENDURED, alarms
from worker.ledger.schema.tables import cases, inbound
from worker.ledger.schema.tables import jobs as jobs_table
from worker.settings import TimingSettings

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


def test_what_was_said_while_nobody_listened_becomes_tickets_and_notes_in_order_and_nothing_comes_twice(
    relay: Relay, web: Slack
) -> None:
    source = of_slack(web)
    ask(relay, source)
    live = say(web, ask_for("Printer jams"), 10)
    deliver(relay, source, live)
    for number in range(10):
        root = 60 + number * 10
        say(web, ask_for(f"Problem {number}"), root)
        for reply in (1, 2):
            say(web, f"Answer {reply} to {number}", root + 200 + reply, thread_ts=at(root))
    say(web, "Nobody is asked", 500)
    say(web, "Toner is there", 510, thread_ts=at(10))
    relay.advance(seconds=3600)

    ask(relay, source, runs=4)
    relay.run(for_hours=1)

    assert sorted(subjects(relay)) == ["Printer jams", *(f"Problem {number}" for number in range(10))]
    assert notes(relay, "Printer jams") == ["Toner is there"]
    assert notes(relay, "Problem 0") == ["Answer 1 to 0", "Answer 2 to 0"]
    assert relay.counts() == {"create_ticket": 11, "add_note": 21}

    for each in web.said:
        deliver(relay, source, each, times=11)
        if BOT in each["text"]:
            deliver(relay, source, mention(each["text"], each["ts"], event_ts=each["ts"]))
    relay.run(for_hours=2)
    assert relay.counts() == {"create_ticket": 11, "add_note": 21}


def test_asked_again_nothing_that_is_known_is_stored_again_and_the_source_is_not_heard_of_by_it(
    relay: Relay, web: Slack
) -> None:
    source = of_slack(web)
    ask(relay, source)
    say(web, ask_for("Printer jams"), 10)
    say(web, "no ticket here", 20)
    say(web, "nor here", 25, thread_ts=at(20))
    for _ in range(3):
        relay.advance(seconds=EVERY)
        ask(relay, source)
    assert len(rows(relay.ledger, inbound)) == 1
    assert relay.ledger.job_store.heard_since("chat", 0)[1] is None


def test_what_was_said_before_the_first_run_is_not_imported(relay: Relay, web: Slack) -> None:
    source = of_slack(web)
    say(web, ask_for("Long ago"), -30)
    say(web, ask_for("What about this?"), 30, thread_ts=at(-30))
    ask(relay, source)
    relay.advance(seconds=EVERY)
    ask(relay, source)
    relay.run(for_hours=1)
    (event,) = rows(relay.ledger, inbound)
    assert relay.counts() == {"create_ticket": 1}
    assert event["received_at"] == relay.clock.now


def test_at_slack_s_limit_it_waits_and_goes_on_where_it_stopped(relay: Relay, web: Slack) -> None:
    source = of_slack(web)
    ask(relay, source)
    web.most = 3
    for number in range(10):
        say(web, ask_for(f"Problem {number}"), 60 + number)
    relay.advance(seconds=3600)
    web.limits["conversations.history"] = 1
    ask(relay, source)
    assert web.calls[-2:] == ["conversations.history"] * 2
    web.calls.clear()
    relay.advance(seconds=50)
    ask(relay, source)
    assert web.calls == []
    for _ in range(4):
        relay.advance(seconds=61)
        ask(relay, source)
    relay.run(for_hours=1)
    assert sorted(subjects(relay)) == [f"Problem {number}" for number in range(10)]
    assert failure(relay) is None
    assert web.calls.count("auth.test") == 0


def test_a_limit_of_no_seconds_is_a_moment_all_the_same(relay: Relay, web: Slack) -> None:
    source = of_slack(web)
    web.ahead.append((429, {"Retry-After": "0"}, b"", False))
    ask(relay, source)
    assert web.calls == ["auth.test"]
    relay.advance(seconds=1)
    ask(relay, source)
    assert web.calls[1:] == ["auth.test", "users.conversations", "conversations.history"]


def test_a_channel_that_cannot_be_asked_for_is_told_and_holds_up_no_other_and_is_made_up_for(
    relay: Relay, web: Slack
) -> None:
    gone, out = "C0GONE001", "C0OUT0001"
    source = of_slack(web, backfill_channels=[gone, out, CHANNEL])
    web.channel(out, is_member=False)
    ask(relay, source)
    say(web, ask_for("Printer jams"), 10)
    say(web, ask_for("Beamer is dark"), 20, channel=out)
    for _ in range(FAILURES_ENDURED):
        relay.advance(seconds=EVERY)
        ask(relay, source)
    relay.send_what_is_due()
    assert relay.counts() == {"create_ticket": 1}
    assert failure(relay) == (
        f"conversations.info of {gone}: Slack said channel_not_found; "
        f"conversations.info of {out}: the bot is not a member of the channel; invite it"
    )
    assert "job_failing" in [each.name for each in alarms(relay.ledger.overview(), TimingSettings(stall_alarm=3600))]

    web.channel(out)
    web.channel(gone)
    relay.advance(seconds=3600)
    ask(relay, source)
    relay.send_what_is_due()
    assert relay.counts() == {"create_ticket": 2}
    relay.advance(seconds=EVERY)
    ask(relay, source)
    assert failure(relay) is None


def test_only_what_the_app_has_scopes_for_is_asked_for_and_what_is_half_there_is_told(relay: Relay, web: Slack) -> None:
    web.scopes = "channels:read,channels:history,im:history"
    source = of_slack(web)
    ask(relay, source)
    assert failure(relay) == "the scope is missing: im:read, which im:history needs"
    assert "conversations.history" in web.calls


def test_a_token_that_is_refused_is_a_failure_and_the_gap_is_made_up_for_later(relay: Relay, web: Slack) -> None:
    ask(relay, of_slack(web))
    say(web, ask_for("Printer jams"), 10)
    relay.advance(seconds=EVERY)
    ask(relay, of_slack(web, bot_token="xoxb-revoked"))
    assert failure(relay) == f"{web.url}/auth.test: Slack said invalid_auth"
    relay.advance(hours=3)
    ask(relay, of_slack(web))
    relay.send_what_is_due()
    assert relay.counts() == {"create_ticket": 1}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((500, {}, b"oops", False), "Slack answered 500: expected 200 and a JSON object with ok"),
        (
            (302, {"Location": "http://127.0.0.1:1/"}, b"", False),
            "Slack answered 302: expected 200 and a JSON object with ok",
        ),
        (
            (200, {}, b'{"ok": true, "team_id": {}, "user_id": {}}', False),
            "Slack answered auth.test without team_id: expected the workspace's id",
        ),
        ((200, {}, b"x" * (MAX_BYTES + 1), False), f"the answer has more than {MAX_BYTES} bytes"),
    ],
)
def test_an_answer_that_is_none_is_asked_for_again(relay: Relay, web: Slack, answer: Any, reason: str) -> None:
    source = of_slack(web)
    web.ahead.append(answer)
    ask(relay, source)
    assert failure(relay) == f"{web.url}/auth.test: {reason}"
    relay.advance(seconds=EVERY)
    ask(relay, source)
    assert failure(relay) is None


def test_an_edited_message_that_is_found_first_now_has_its_text_of_now_and_one_that_is_known_is_no_repeat(
    relay: Relay, web: Slack
) -> None:
    source = of_slack(web)
    ask(relay, source)
    known = say(web, ask_for("Printer jams"), 10)
    deliver(relay, source, known)
    known |= {"text": ask_for("Printer burns"), "edited": {"user": known["user"], "ts": at(20)}}
    say(web, ask_for("Beamer is dark again"), 30, edited={"user": known["user"], "ts": at(40)})
    relay.advance(seconds=EVERY)
    ask(relay, source)
    relay.run(for_hours=1)
    assert relay.counts() == {"create_ticket": 2}
    assert sorted(subjects(relay)) == ["Beamer is dark again", "Printer jams"]


def test_what_is_found_in_private_channels_stays_private(relay: Relay, web: Slack) -> None:
    secret = "C0SECRET1"
    web.channel(secret, is_private=True)
    web.channel("D0ADA0001", is_channel=False, is_im=True)
    source = of_slack(web)
    ask(relay, source)
    say(web, ask_for("hunter2"), 10, channel=secret)
    say(web, "hunter3", 11, channel="D0ADA0001")
    relay.advance(seconds=EVERY)
    ask(relay, source)
    relay.run(for_hours=1)
    assert relay.counts()["create_ticket"] == 2
    assert not any("hunter" in each for each in subjects(relay))
    tickets = [relay.ticket(each.ticket) for each in relay.effects() if each.kind == "create_ticket" and each.ticket]
    assert not any("hunter" in each["description"] for each in tickets)


def test_people_read_names_in_what_was_found_too(relay: Relay, web: Slack) -> None:
    source = of_slack(web, resolve_names=True)
    relay.ledger.job_store.keep_display_names("chat", {ADA: "ada"})
    ask(relay, source)
    say(web, ask_for(f"<@{ADA}> left"), 10)
    relay.advance(seconds=EVERY)
    ask(relay, source)
    relay.send_what_is_due()
    assert subjects(relay) == ["@ada left"]


def test_each_workspace_is_asked_with_its_own_token_and_one_that_refuses_holds_up_no_other(
    relay: Relay, web: Slack
) -> None:
    other, there = "T0OTHER01", "C0OTHER01"
    web.tokens["xoxb-of-the-other"] = other
    web.channel(there, team=other)
    tokens = {other.lower(): {"bot_token": "xoxb-of-the-other"}, "T0GONE001": {"bot_token": "xoxb-revoked"}}
    source = of_slack(web, workspaces=tokens)
    found = {job.name: job for job in backfill.jobs_of(source)}
    assert list(found) == ["backfill:chat", f"backfill:chat:{other}", "backfill:chat:T0GONE001"]
    runner = Runner(relay.ledger, lambda: found, lambda _: None, "one", 1.0)
    runner.once()
    say(web, ask_for("Here"), 10)
    say(web, ask_for("There"), 20, channel=there, team=other)
    relay.advance(seconds=EVERY)
    runner.once()
    relay.send_what_is_due()
    assert sorted(subjects(relay)) == ["Here", "There"]
    assert {each["key"] for each in rows(relay.ledger, cases)} == {
        f"{TEAM}:{CHANNEL}:{at(10)}", f"{other}:{there}:{at(20)}",
    }  # fmt: skip
    assert [bool(each["error"]) for each in rows(relay.ledger, jobs_table)] == [False, True, False]


def test_what_a_defect_of_ours_says_of_an_answer_is_told_nobody(relay: Relay, web: Slack) -> None:
    def reads(_memory: Any, answer: HttpAnswer, _settings: Any) -> Any:
        raise KeyError(answer.body)

    source = of_slack(web)
    how = source.connector.backfilling
    assert how is not None
    ask(relay, replace(source, connector=replace(source.connector, backfilling=replace(how, read=reads))))
    error = failure(relay) or ""
    assert "the connector failed on the message, which is a defect (KeyError in test_backfill.py, line" in error
    assert TEAM not in error

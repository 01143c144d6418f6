"""Receipts on Slack: posted once where the message came from, then edited; against a stand-in of Slack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.contract.messages import Inbound, Parsed
from connectors.contract.receipts import Posted
from connectors.slack import Settings
from connectors.slack.receipts import target
from tests.connectors.slack.builders import (
    BOB,
    CHANNEL,
    ROOT,
    acted,
    envelope,
    mention,
    reaction,
    reply,
    submission,
)
from worker.jobs import receipts as job
from worker.ledger import Delivery, Ledger
from worker.ledger.schema.tables import cases, operations, receipts
from worker.settings import Source

from ..builders import ManualClock, claim_one, dead, deliver_all, kinds_of, opened, rows
from ..relay import relaying
from ..slack_stand_in import TOKEN, Slack, slack
from ..test_poll import look
from .posting import LINK, SECRET, arrive, close, later, of_slack, post_due, row, webhook_of

pytestmark = pytest.mark.one_database


@pytest.fixture
def web() -> Iterator[Slack]:
    with slack() as made:
        yield made


def say(ledger: Ledger, clock: ManualClock, source: Source, event: dict[str, Any], number: int = 1) -> None:
    arrive(ledger, clock, source, json.dumps(envelope(event, event_id=f"Ev{number:08}")).encode())


def test_the_thread_is_told_of_its_ticket_once_and_that_is_edited_as_the_ticket_moves(
    ledger: Ledger, clock: ManualClock, web: Slack
) -> None:
    source = of_slack(web)
    say(ledger, clock, source, mention())
    post_due(ledger, source)
    assert web.calls == []
    deliver_all(ledger)
    later(ledger, clock, source)
    assert web.texts == ["Ticket T-1 is open (medium): https://tickets.example.net/T-1"]
    (posted,) = web.messages.values()
    assert (posted["channel"], posted["thread_ts"]) == (CHANNEL, ROOT)
    say(ledger, clock, source, reaction(), 2)
    close(ledger)
    later(ledger, clock, source)
    later(ledger, clock, source)
    assert web.texts == ["Ticket T-1 is closed (medium): https://tickets.example.net/T-1"]
    assert web.calls == ["chat.postMessage", "chat.update"]


def test_who_opened_a_ticket_by_a_modal_is_told_of_it_in_a_direct_message_that_is_edited(
    ledger: Ledger, clock: ManualClock, web: Slack
) -> None:
    source = of_slack(web)
    arrive(ledger, clock, source, acted(submission({"subject": "A chair"})))
    deliver_all(ledger)
    later(ledger, clock, source)
    (posted,) = web.messages.values()
    assert posted["channel"] == f"D{BOB[1:]}"
    assert "thread_ts" not in posted
    clock.advance(seconds=60)
    ledger.record([webhook_of(clock, "resolved", "T-1")])
    later(ledger, clock, source)
    assert web.texts == ["Ticket T-1 is resolved (medium): https://tickets.example.net/T-1"]


def test_what_people_do_to_the_answer_is_about_its_ticket(ledger: Ledger, clock: ManualClock, web: Slack) -> None:
    source = of_slack(web)
    say(ledger, clock, source, mention())
    deliver_all(ledger)
    later(ledger, clock, source)
    (ts,) = web.messages
    say(ledger, clock, source, reaction(ts=ts), 2)
    close(ledger)
    later(ledger, clock, source)
    assert web.texts == ["Ticket T-1 is closed (medium): https://tickets.example.net/T-1"]


def test_a_reply_below_the_direct_message_is_a_note_also_where_it_comes_before_we_know_that_it_is_there(
    ledger: Ledger, clock: ManualClock, web: Slack
) -> None:
    source = of_slack(web)
    arrive(ledger, clock, source, acted(submission({"subject": "A chair"})))
    deliver_all(ledger)
    in_direct = {"channel": f"D{BOB[1:]}", "channel_type": "im", "user": BOB, "thread_ts": "1773453700.000000"}
    say(ledger, clock, source, reply(ts="1773453701.000100", **in_direct), 2)
    private = ["create_ticket", "add_note"]  # the private text is in the note
    assert kinds_of(ledger) == private
    later(ledger, clock, source)
    assert list(web.messages) == ["1773453700.000000"]
    ledger.pair_waiting()
    assert kinds_of(ledger) == [*private, "add_note"]
    say(ledger, clock, source, reply("close", ts="1773453702.000100", **in_direct), 3)
    assert kinds_of(ledger) == [*private, "add_note", "close_ticket"]


@pytest.mark.parametrize("learns_by", ["webhook", "poll"])
def test_it_is_told_too_when_a_person_moves_the_ticket(
    ledger: Ledger, clock: ManualClock, web: Slack, tmp_path: Path, learns_by: str
) -> None:
    source = of_slack(web)
    with relaying(ledger, clock, tmp_path) as relay:
        say(ledger, clock, source, mention())
        relay.send_what_is_due()
        later(ledger, clock, source)
        (ticket,) = (each["ticket_id"] for each in rows(ledger, cases))
        relay.advance(seconds=60)
        relay.by_hand("POST", f"/tickets/{ticket}/close", resolution_notes="by hand")
        if learns_by == "poll":
            look(relay)
        else:
            ledger.record([webhook_of(clock, "closed", ticket)])
        later(ledger, clock, source, 60)
        assert web.texts == [f"Ticket {ticket} is closed (medium): https://tickets.example.net/{ticket}"]
        relay.by_hand("PUT", f"/tickets/{ticket}", status="open")
        relay.advance(seconds=600)
        look(relay)
        later(ledger, clock, source, 60)
        assert (len(web.texts), "is open" in web.texts[0]) == (1, True)


def test_a_post_of_which_nobody_knows_the_end_is_not_made_again(ledger: Ledger, clock: ManualClock, web: Slack) -> None:
    source = of_slack(web)
    say(ledger, clock, source, mention())
    deliver_all(ledger)
    web.ahead.append((500, {}, b"oops", True))
    for _ in range(3):
        later(ledger, clock, source, 1000)
    assert web.calls == ["chat.postMessage"]
    assert (row(ledger)["state"], row(ledger)["error"]) == (
        "dead",
        "it may have been told: Slack answered 500: expected 200 and a JSON object with ok",
    )


def test_a_process_that_ends_while_it_posts_leaves_one_post(ledger: Ledger, clock: ManualClock, web: Slack) -> None:
    source = of_slack(web)
    say(ledger, clock, source, mention())
    deliver_all(ledger)
    ledger.job_store.claim_receipts("chat", lease=job.LEASE, limit=1)
    later(ledger, clock, source, job.LEASE.total_seconds())
    assert (web.calls, row(ledger)["state"]) == ([], "dead")


def test_an_edit_of_which_nobody_knows_the_end_is_made_again(ledger: Ledger, clock: ManualClock, web: Slack) -> None:
    source = of_slack(web)
    say(ledger, clock, source, mention())
    deliver_all(ledger)
    later(ledger, clock, source)
    say(ledger, clock, source, reaction(), 2)
    close(ledger)
    web.ahead.append((500, {}, b"oops", False))
    later(ledger, clock, source)
    later(ledger, clock, source, 5)
    assert web.calls == ["chat.postMessage", "chat.update", "chat.update"]
    assert "is closed" in web.texts[0]


def test_the_platform_s_limit_is_obeyed_and_counts_as_nothing_done(
    ledger: Ledger, clock: ManualClock, web: Slack
) -> None:
    source = of_slack(web)
    say(ledger, clock, source, mention())
    deliver_all(ledger)
    web.ahead.append((429, {"Retry-After": "30"}, b"", False))
    later(ledger, clock, source)
    later(ledger, clock, source, 29)
    assert web.calls == ["chat.postMessage"]
    later(ledger, clock, source, 2)
    assert (web.calls, row(ledger)["state"]) == (["chat.postMessage"] * 2, "idle")


def test_a_receipt_that_is_refused_touches_no_ticket(ledger: Ledger, clock: ManualClock, web: Slack) -> None:
    source = of_slack(web, bot_token="xoxb-wrong")
    say(ledger, clock, source, mention())
    deliver_all(ledger)
    later(ledger, clock, source)
    say(ledger, clock, source, reply(), 2)
    deliver_all(ledger)
    assert (row(ledger)["state"], row(ledger)["error"]) == ("dead", "Slack said invalid_auth")
    assert {each["state"] for each in rows(ledger, operations)} == {"done"}
    assert [each["state"] for each in rows(ledger, cases)] == ["idle"]


def test_a_state_that_changes_while_it_is_told_is_told_too(ledger: Ledger, clock: ManualClock, web: Slack) -> None:
    source = of_slack(web)
    say(ledger, clock, source, mention())
    deliver_all(ledger)
    (claimed,) = ledger.job_store.claim_receipts("chat", lease=job.LEASE, limit=1)
    say(ledger, clock, source, reaction(), 2)
    close(ledger)

    assert ledger.job_store.settle_receipt(claimed, Posted("1.1"), repeatable=False)
    assert row(ledger)["state"] == "due"


def test_what_changes_nothing_that_is_told_is_no_reason_to_edit(ledger: Ledger, clock: ManualClock, web: Slack) -> None:
    source = of_slack(web)
    say(ledger, clock, source, mention())
    deliver_all(ledger)
    later(ledger, clock, source)
    say(ledger, clock, source, reply(), 2)
    deliver_all(ledger)
    ledger.record([webhook_of(clock, "open")])
    later(ledger, clock, source)
    assert web.calls == ["chat.postMessage"]


def test_what_was_told_and_can_be_edited_no_more_was_told(ledger: Ledger, clock: ManualClock, web: Slack) -> None:
    source = of_slack(web)
    say(ledger, clock, source, mention())
    deliver_all(ledger)
    later(ledger, clock, source)
    web.messages.clear()
    say(ledger, clock, source, reaction(), 2)
    close(ledger)
    later(ledger, clock, source)
    later(ledger, clock, source, 1000)
    assert web.calls == ["chat.postMessage", "chat.update"]
    assert (row(ledger)["state"], row(ledger)["error"]) == ("told", "Slack said message_not_found")


def test_one_that_must_wait_holds_up_no_other(ledger: Ledger, clock: ManualClock, web: Slack) -> None:
    source = of_slack(web)
    say(ledger, clock, source, mention())
    say(ledger, clock, source, mention(channel="C0OTHER001"), 2)
    deliver_all(ledger)
    web.ahead.append((429, {"Retry-After": "30"}, b"", False))
    later(ledger, clock, source)
    assert [each["channel"] for each in web.messages.values()] in (["C0OTHER001"], [CHANNEL])


@pytest.mark.parametrize("fails", ["write", "read"])
def test_a_defect_of_a_connector_ends_no_job_and_what_may_be_there_is_not_told_twice(
    ledger: Ledger, clock: ManualClock, web: Slack, fails: str
) -> None:
    def breaks(*_: object) -> Any:
        raise KeyError("what somebody wrote")

    source = of_slack(web)
    how = source.connector.receipts
    assert how is not None
    broken = replace(source, connector=replace(source.connector, receipts=replace(how, **{fails: breaks})))
    say(ledger, clock, source, mention())
    deliver_all(ledger)
    later(ledger, clock, broken)
    assert (
        "the connector failed on the message, which is a defect (KeyError in test_on_slack.py, line"
        in row(ledger)["error"]
    )
    assert "wrote" not in row(ledger)["error"]
    later(ledger, clock, source, 1000)
    assert (len(web.messages), row(ledger)["state"]) == (1, "idle" if fails == "write" else "dead")


def test_a_platform_that_is_away_is_asked_once_in_a_run(ledger: Ledger, clock: ManualClock, web: Slack) -> None:
    away = of_slack(web, api_url="http://127.0.0.1:9")
    say(ledger, clock, away, mention())
    say(ledger, clock, away, mention(channel="C0OTHER001"), 2)
    deliver_all(ledger)
    later(ledger, clock, away)
    assert sorted(each["attempts"] for each in rows(ledger, receipts)) == [0, 1]
    later(ledger, clock, of_slack(web), 60)
    assert len(web.texts) == 2


def test_a_case_that_a_person_bound_to_a_ticket_is_told_of_that(ledger: Ledger, clock: ManualClock, web: Slack) -> None:
    source = of_slack(web)
    say(ledger, clock, source, mention())
    claimed = claim_one(ledger)
    ledger.settle([(claimed, dead())])
    later(ledger, clock, source)
    assert web.calls == []
    ledger.bind(f"op-{claimed.case_id}-{claimed.seq}", "T-7", "open")
    later(ledger, clock, source)
    assert web.texts == ["Ticket T-7 is open (medium): https://tickets.example.net/T-7"]


def test_a_ticket_that_is_gone_is_told_of(ledger: Ledger, clock: ManualClock, web: Slack, tmp_path: Path) -> None:
    source = of_slack(web)
    with relaying(ledger, clock, tmp_path) as relay:
        say(ledger, clock, source, mention())
        relay.send_what_is_due()
        later(ledger, clock, source)
        relay.api.reset()
        look(relay)
        later(ledger, clock, source)
    assert "is gone" in web.texts[0]


def test_without_a_thread_the_channel_is_told(ledger: Ledger, clock: ManualClock, web: Slack) -> None:
    settings = Settings.model_validate({"secret": SECRET, "receipts": True, "bot_token": TOKEN})
    event = opened(answer=target(CHANNEL, None, (), settings))
    ledger.record([Delivery(Inbound("chat", clock(), b"{}"), Parsed((event,)))])
    deliver_all(ledger)
    later(ledger, clock, of_slack(web))
    ((_, posted),) = web.messages.items()
    assert (posted["channel"], "thread_ts" in posted) == (CHANNEL, False)


def test_in_several_workspaces_the_thread_is_told_with_the_token_of_its_own(
    ledger: Ledger, clock: ManualClock, web: Slack
) -> None:
    other, token = "T0OTHER01", "xoxb-of-the-other"
    web.tokens[token] = other
    source = of_slack(web, bot_token=None, workspaces={other: {"bot_token": token}})
    arrive(ledger, clock, source, json.dumps(envelope(mention(), team_id=other)).encode())
    arrive(ledger, clock, source, json.dumps(envelope(mention(ts="1773453601.000100"))).encode())
    deliver_all(ledger)
    later(ledger, clock, source)
    (posted,) = web.messages.values()
    assert (posted["team"], posted["thread_ts"]) == (other, ROOT)
    assert len(rows(ledger, receipts)) == 1


def test_without_receipts_nobody_is_told(ledger: Ledger, clock: ManualClock, web: Slack) -> None:
    source = of_slack(web, receipts=False)
    say(ledger, clock, source, mention())
    assert job.job_of(source, LINK) is None
    assert rows(ledger, receipts) == []

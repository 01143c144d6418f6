"""Receipts on Telegram, against a stand-in of its Bot API."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog.testing
from pydantic import ValidationError

from worker.ledger import Ledger
from worker.ledger.schema.tables import cases, operations, receipts
from worker.settings import Source

from ..builders import ManualClock, deliver_all, rows
from ..web_stand_in import HANGS_UP
from .posting import arrive, later, moves, row, sample, source_of
from .telegram_stand_in import TOKEN, Telegram, refusal, telegram

pytestmark = pytest.mark.one_database

GROUP = -1001000000001
OPEN = "Ticket T-1 is open (medium): https://tickets.example.net/T-1"


@pytest.fixture
def api() -> Iterator[Telegram]:
    with telegram() as made:
        yield made


def of_telegram(api: Telegram, **settings: Any) -> Source:
    return source_of("telegram", **{"bot_token": TOKEN, "api_url": api.url} | settings)


def opens(ledger: Ledger, clock: ManualClock, source: Source, name: str = "command") -> None:
    arrive(ledger, clock, source, sample(source, name))
    deliver_all(ledger)


def test_the_message_is_answered_once_and_the_answer_is_edited_as_the_ticket_moves(
    ledger: Ledger, clock: ManualClock, api: Telegram
) -> None:
    source = of_telegram(api)
    opens(ledger, clock, source)
    later(ledger, clock, source)
    ((key, posted),) = api.messages.items()
    assert key == (GROUP, 9000)
    assert posted["text"] == OPEN
    assert posted["reply_parameters"] == {"message_id": 12, "allow_sending_without_reply": True}
    assert posted.keys() & {"parse_mode", "message_thread_id"} == set()
    moves(ledger, clock)
    later(ledger, clock, source)
    assert api.texts == [OPEN.replace("open", "closed")]
    assert api.calls == ["sendMessage", "editMessageText"]


def test_a_reply_to_the_answer_is_a_note_on_its_ticket(ledger: Ledger, clock: ManualClock, api: Telegram) -> None:
    source = of_telegram(api)
    opens(ledger, clock, source)
    later(ledger, clock, source)
    ((_, number),) = api.messages
    update = json.loads(sample(source, "reply"))
    update["message"] |= {"chat": json.loads(sample(source, "command"))["message"]["chat"]}
    update["message"]["reply_to_message"] |= {"message_id": number, "chat": update["message"]["chat"]}
    arrive(ledger, clock, source, json.dumps(update).encode())
    # The private text is in the first note.
    assert [each["kind"] for each in rows(ledger, operations)] == ["create_ticket", "add_note", "add_note"]


def test_in_a_forum_the_topic_is_told(ledger: Ledger, clock: ManualClock, api: Telegram) -> None:
    source = of_telegram(api, bot_username="acme_ticket_bot")
    opens(ledger, clock, source, "topic")
    later(ledger, clock, source)
    message = json.loads(sample(source, "topic"))["message"]
    ((key, posted),) = api.messages.items()
    assert (key[0], posted["message_thread_id"]) == (message["chat"]["id"], message["message_thread_id"])


def test_an_edit_that_changes_nothing_is_told(ledger: Ledger, clock: ManualClock, api: Telegram) -> None:
    source = of_telegram(api)
    opens(ledger, clock, source)
    later(ledger, clock, source)
    moves(ledger, clock)
    api.ahead.append((502, {}, b"", True))
    later(ledger, clock, source)
    later(ledger, clock, source, 5)
    assert api.calls == ["sendMessage", "editMessageText", "editMessageText"]
    assert (row(ledger)["state"], row(ledger)["error"]) == ("idle", None)


@pytest.mark.parametrize("status", [HANGS_UP, 500, 502])
def test_a_message_that_may_be_there_is_not_sent_again(
    ledger: Ledger, clock: ManualClock, api: Telegram, status: int
) -> None:
    source = of_telegram(api)
    opens(ledger, clock, source)
    api.ahead.append((status, {}, b"", True))
    for _ in range(3):
        later(ledger, clock, source, 1000)
    assert (api.texts, row(ledger)["state"]) == ([OPEN], "dead")


def test_what_telegram_limits_holds_off_all_that_the_bot_says(
    ledger: Ledger, clock: ManualClock, api: Telegram
) -> None:
    source = of_telegram(api)
    opens(ledger, clock, source)
    opens(ledger, clock, source, "private-chat")
    api.ahead.append(refusal(429, "Too Many Requests: retry after 30", retry_after=30))
    later(ledger, clock, source)
    later(ledger, clock, source, 28)
    assert api.calls == ["sendMessage"]
    later(ledger, clock, source, 3)
    assert (len(api.messages), api.calls) == (2, ["sendMessage"] * 3)


@pytest.mark.parametrize(
    ("status", "description"),
    [(403, "Forbidden: bot was blocked by the user"), (400, "Bad Request: chat not found")],
)
def test_a_refused_answer_touches_no_ticket(
    ledger: Ledger, clock: ManualClock, api: Telegram, status: int, description: str
) -> None:
    source = of_telegram(api)
    opens(ledger, clock, source)
    api.ahead.append(refusal(status, description))
    later(ledger, clock, source)
    later(ledger, clock, source, 1000)
    assert (row(ledger)["state"], row(ledger)["error"]) == ("dead", f"Telegram said {status} {description}")
    assert {each["state"] for each in rows(ledger, operations)} == {"done"}
    assert [each["state"] for each in rows(ledger, cases)] == ["idle"]


def test_a_token_that_is_refused_loses_no_answer(ledger: Ledger, clock: ManualClock, api: Telegram) -> None:
    revoked = of_telegram(api, bot_token="7000001:revoked")
    opens(ledger, clock, revoked)
    later(ledger, clock, revoked)
    later(ledger, clock, revoked, 200)
    assert (api.calls, row(ledger)["state"]) == (["sendMessage"], "due")
    later(ledger, clock, of_telegram(api), 200)
    assert api.texts == [OPEN]


def test_a_group_that_became_a_supergroup_says_why_it_is_not_told(
    ledger: Ledger, clock: ManualClock, api: Telegram
) -> None:
    source = of_telegram(api)
    opens(ledger, clock, source)
    api.migrated[GROUP] = -1009
    later(ledger, clock, source)
    assert (row(ledger)["state"], "became a supergroup" in row(ledger)["error"]) == ("dead", True)


def test_telegram_that_is_away_is_told_later(ledger: Ledger, clock: ManualClock, api: Telegram) -> None:
    opens(ledger, clock, of_telegram(api))
    later(ledger, clock, of_telegram(api, api_url="http://127.0.0.1:9"))
    assert row(ledger)["state"] == "due"
    later(ledger, clock, of_telegram(api), 60)
    assert api.texts == [OPEN]


def test_the_token_is_in_no_log_and_no_error(
    ledger: Ledger, clock: ManualClock, api: Telegram, caplog: pytest.LogCaptureFixture
) -> None:
    source = of_telegram(api)
    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as events:
        opens(ledger, clock, source)
        opens(ledger, clock, source, "private-chat")
        api.ahead.append(refusal(403, "Forbidden"))
        later(ledger, clock, source)
        later(ledger, clock, of_telegram(api, api_url="http://127.0.0.1:9"))
    assert [each["event"] for each in events if each["event"].startswith("receipt")] == ["receipt.not_told"]
    assert len(api.texts) == 1
    shown = f"{events}{caplog.text}{rows(ledger, receipts)}{source.settings!r}"
    assert TOKEN.partition(":")[2] not in shown


def test_a_token_that_is_none_is_refused_and_not_repeated() -> None:
    with pytest.raises(ValidationError) as refused:
        source_of("telegram", bot_token="7000001:AAE/../x?y")
    (problem,) = refused.value.errors()
    assert "must be the token of a bot" in problem["msg"]
    assert "AAE/.." not in problem["msg"]
    with pytest.raises(ValidationError, match="receipts: need bot_token"):
        source_of("telegram")

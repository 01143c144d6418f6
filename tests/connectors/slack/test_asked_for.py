"""Tests that damaged responses and Socket Mode frames of Slack give a result or a reason, and never crash."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from connectors.contract.backfill import Occasion, Progress
from connectors.contract.calls import CallLater, CallRejected, CallUnknown, HttpAnswer, Memory
from connectors.contract.directory import DISPLAY_NAMES, NamesPage
from connectors.contract.messages import Inbound, Reply, Verified
from connectors.contract.sockets import Envelope
from connectors.slack import display_names, history, parse, socket_mode

from ..mutate import mutations
from .builders import ADA, BOT, CHANNEL, NOW, ROOT, TEAM, configured, envelope, mention, message

COUNT = 400
NEXT: dict[str, Any] = {"response_metadata": {"next_cursor": "dXNlcjpVMDYx"}}
ANSWERS: dict[str, dict[str, Any]] = {
    "auth.test": {"team_id": TEAM, "user_id": BOT},
    "users.conversations": {"channels": [{"id": CHANNEL, "is_channel": True}, {"id": "D0ADA0001", "is_im": True}]},
    "conversations.info": {"channel": {"id": CHANNEL, "is_channel": True, "is_member": True}},
    "conversations.history": {
        "messages": [
            message(f"<@{BOT}> now", channel=..., edited={"user": ADA, "ts": ROOT}),
            message("old", "1773367200.000100", latest_reply=ROOT, thread_ts="1773367200.000100", channel=...),
        ]
    },
    "conversations.replies": {
        "messages": [message("root", channel=...), message("reply", thread_ts=ROOT, channel=...)]
    },
}
STEPS: dict[str, dict[str, Any]] = {
    "auth.test": {
        "cases": [f"{TEAM}:{CHANNEL}:{ROOT}"],
        "cases_since": "1773453000.000000",
        "opened": [f"{TEAM}:{CHANNEL}:{ROOT}"],
    },
    "users.conversations": {"types": "im", "only": []},
    "conversations.info": {"channel": CHANNEL, "since": "1773453000.000000"},
    "conversations.history": {"channel": CHANNEL, "since": "1773453000.000000", "oldest": "1"},
    "conversations.replies": {"channel": CHANNEL, "since": "1773453000.000000", "ts": ROOT},
}


def before(method: str) -> Memory:
    """Return the memory of a running backfill round whose next call is this method."""
    begun = history.begin({"first": "1773000000.000000"}, Occasion(NOW))
    return {**begun, "team": TEAM, "bot": BOT, "todo": [{"method": method, **STEPS[method]}]}


@pytest.mark.parametrize("method", ANSWERS)
def test_a_damaged_answer_of_the_history_is_progress_or_a_reason(method: str) -> None:
    settings = configured(bot_token="xoxb", backfill_every="5m")
    found: Counter[str] = Counter()
    for body in mutations(
        [json.dumps({"ok": True, **ANSWERS[method], **NEXT}).encode()], kind="json", seed=9, count=COUNT
    ):
        said = history.read(before(method), HttpAnswer(200, {}, body), settings)
        found[type(said).__name__] += 1
        if isinstance(said, Progress):
            json.dumps(said.memory)
            while said.memory["todo"]:
                assert history.ask(said.memory, "", settings) is not None
                said = Progress({**said.memory, "todo": said.memory["todo"][1:]})
        else:
            assert isinstance(said, CallLater | CallUnknown | CallRejected)
    assert found["Progress"] > COUNT / 5


def test_a_damaged_list_of_names_is_names_or_a_reason() -> None:
    told = {"ok": True, "members": [{"id": ADA, "profile": {"real_name": "Ada"}}, {"id": BOT, "name": "tickets"}]}
    for body in mutations([json.dumps(told).encode()], kind="json", seed=9, count=COUNT):
        said = display_names.read(display_names.begin(), HttpAnswer(200, {}, body))
        if isinstance(said, NamesPage):
            json.dumps(said.memory)
            assert all(0 < len(each) <= display_names.MAX_NAME and each.isprintable() for each in said.names.values())
        else:
            assert isinstance(said, CallLater | CallUnknown | CallRejected)


def test_what_is_damaged_on_a_connection_is_a_delivery_or_nothing() -> None:
    whole = {
        "type": "events_api",
        "envelope_id": "e-1",
        "payload": envelope(mention()),
        "accepts_response_payload": True,
    }
    for body in mutations([json.dumps(whole).encode()], kind="json", seed=9, count=COUNT):
        frame = socket_mode.read(body)
        if isinstance(frame, Envelope):
            said = json.loads(socket_mode.acknowledgement(frame, Reply(b'{"text": "taken"}')))
            assert said["envelope_id"] == frame.id
            json.loads(frame.body)


def test_a_reply_that_slack_would_not_take_is_left_out() -> None:
    frame = socket_mode.read(json.dumps({"envelope_id": "e", "payload": {}, "accepts_response_payload": True}))
    assert isinstance(frame, Envelope)
    long = Reply(json.dumps({"text": "x" * socket_mode.MAX_FRAME}).encode())
    assert json.loads(socket_mode.acknowledgement(frame, long)) == {"envelope_id": "e"}


@pytest.mark.parametrize(
    ("url", "api_url", "is_taken"),
    [
        ("wss://wss-primary.slack.com/link/?ticket=1", "https://slack.com/api", True),
        ("ws://wss-primary.slack.com/link/?ticket=1", "https://slack.com/api", False),
        ("ws://127.0.0.1:8080/link", "http://127.0.0.1:8080/api", True),
        ("https://slack.com/", "https://slack.com/api", False),
        ("wss://a@b/\n", "https://slack.com/api", False),
        (7, "https://slack.com/api", False),
    ],
)
def test_a_connection_leads_where_tls_is_unless_the_web_api_has_none(url: object, api_url: str, is_taken: bool) -> None:
    answer = HttpAnswer(200, {}, json.dumps({"ok": True, "url": url}).encode())
    found = socket_mode.address(answer, configured(app_token="xapp", api_url=api_url))
    assert (found == url) if is_taken else isinstance(found, CallUnknown)


def test_names_grow_no_text_without_bound_and_stay_within_a_subject() -> None:
    text = " ".join([f"<@{ADA}>"] * 3000)
    known = ((DISPLAY_NAMES, json.dumps({ADA: "x" * display_names.MAX_NAME})),)
    body = json.dumps(envelope(message(text, channel="D0ADA0001"))).encode()
    (event,) = parse(Verified(Inbound("chat", NOW, body, known)), configured()).events
    assert len(event.subject) <= 255
    assert len(event.text) <= 60_000

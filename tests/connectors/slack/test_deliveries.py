"""Tests of other deliveries to the request URL: challenges, rate limits, other events; and of finding the workspace."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.contract.events import Opened, Reference
from connectors.contract.messages import Reply, UnreadableMessage

from .builders import BOT, CHANNEL, ROOT, configured, delivered, envelope, key, mention, message, reaction, reply, said

NEITHER = "the body cannot be read: expected a JSON object, or a form with payload or command"


def test_a_challenge_is_answered_with_itself_and_makes_no_event() -> None:
    parsed = delivered({"type": "url_verification", "token": "t", "challenge": 'a "word" of theirs <b>'})
    assert not parsed.events
    assert not parsed.ignored
    assert parsed.reply == Reply(b'{"challenge": "a \\"word\\" of theirs <b>"}', "application/json", 200)


@pytest.mark.parametrize("challenge", [..., None, 7, "", [], "x" * 1001])
def test_a_challenge_that_is_no_short_text_is_not_echoed(challenge: Any) -> None:
    payload = {"type": "url_verification"} | ({} if challenge is ... else {"challenge": challenge})
    with pytest.raises(UnreadableMessage, match=r"^challenge is .{1,80}: expected text of 1 to 1000 characters$"):
        delivered(payload)


def test_events_get_no_reply() -> None:
    assert delivered(envelope(mention())).reply is None


def test_a_rate_limit_is_remarked_with_its_minute() -> None:
    (remark,) = delivered({"type": "app_rate_limited", "minute_rate_limited": 1518467820}).ignored
    assert remark.item == "minute_rate_limited"
    assert "the minute from 2018-02-12 20:37:00 UTC" in remark.reason


@pytest.mark.parametrize("minute", [None, "soon", -1, 10**30, True, 1.5])
def test_a_rate_limit_of_an_unknown_minute_is_remarked_too(minute: Any) -> None:
    (remark,) = delivered({"type": "app_rate_limited", "minute_rate_limited": minute}).ignored
    assert "an unknown minute" in remark.reason


def test_other_deliveries_and_other_events_are_ignored_by_name() -> None:
    parsed = delivered({"type": "block_actions"})
    assert [each.reason for each in parsed.ignored] == ['type is "block_actions": no effect']
    assert parsed.reply == Reply(b"", "text/plain", 200)
    (remark,) = delivered(envelope({"type": "team_join", "user": {"id": "U0NEW0001"}})).ignored
    assert remark.reason == 'event.type is "team_join": no effect'


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({}, "type is missing: expected the type of a delivery"),
        ({"type": ["event_callback"]}, "type is a list: expected the type of a delivery"),
        ({"type": "event_callback"}, "event is missing: expected an object"),
        (envelope("message"), 'event is "message": expected an object'),
        (envelope({}), "event.type is missing: expected the type of an event"),
        (envelope({"type": {}}), "event.type is an object: expected the type of an event"),
        (
            envelope({"type": "message", "subtype": "message_changed", "channel": CHANNEL}),
            "event.message is missing: expected an object",
        ),
        (b"payload=%7B%7D", "type is missing: expected the type of a delivery"),
        (b"payload=%7B", "payload is not JSON: Expecting property name enclosed in double quotes at line 1, column 2"),
        (b"text=hello", NEITHER),
        (b"[]", NEITHER),
        (envelope(mention(["text"])), "event.text is a list: expected text"),
    ],
)
def test_what_cannot_be_read_says_where(payload: Any, reason: str) -> None:
    with pytest.raises(UnreadableMessage) as caught:
        delivered(payload)
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    ("around", "team"),
    [
        ({}, "T0ACME001"),
        ({"team_id": None, "authorizations": [{"team_id": "T0AUTH001"}]}, "T0AUTH001"),
        ({"team_id": ["T"], "authorizations": {}}, "T0ACME001"),
        ({"team_id": ..., "authorizations": [], "event": mention(team="T0HOME001")}, "T0HOME001"),
        ({"team_id": ..., "authorizations": [], "enterprise_id": "E0ACME001", "event": mention(team=...)}, "E0ACME001"),
        ({"team_id": "", "authorizations": [None], "event": mention(team={"id": "T0HOME001"})}, "-"),
        ({"team_id": 42, "authorizations": ...}, "42"),
    ],
)
def test_the_workspace_is_found_wherever_it_is_named(around: dict[str, Any], team: str) -> None:
    (event,) = delivered(envelope(**({"event": mention()} | around))).events
    assert event.case_key == key(ROOT, team=team)


def test_a_case_is_known_under_each_workspace_that_a_delivery_names() -> None:
    two = {"team_id": "T0GUEST09", "context_team_id": "T0ACME001"}
    guest, home = key(ROOT, team="T0GUEST09"), key(ROOT)
    opened, answered = said(mention(), two), said(reply(), two)
    assert (opened.case_key, opened.aliases, opened.references) == (guest, (guest, home), (Reference(home),))
    assert answered.references == (Reference(guest), Reference(home))


def test_everything_is_private_by_default() -> None:
    for event in (mention(), message(f"<@{BOT}> x"), reply(), reaction(), reaction("ticket")):
        assert said(event).private


@pytest.mark.parametrize("channel_type", ["group", "im", "mpim", "app_home", ..., None, "new", 7, []])
def test_only_what_is_known_to_be_public_is_public(channel_type: Any) -> None:
    text = f"<@{BOT}> salaries"
    assert said(message(text, channel_type=channel_type), private=False).private
    assert not said(message(text, channel_type="channel"), private=False).private


@pytest.mark.parametrize("channel", ["D0ADA0001", "G0BOARD01"])
def test_a_channel_whose_id_says_that_it_is_private_is_private(channel: str) -> None:
    event = mention(channel=channel)
    assert said(event, private=False).private
    assert said(event, private=False, channels={channel: {"private": False}}).private


def test_a_channel_that_is_listed_is_public_though_its_type_is_not_told() -> None:
    listed = {"channels": {"C0OTHER01": {}, CHANNEL: {"private": False}}}
    assert said(mention(), None, **listed) == said(message(f"<@{BOT}> The VPN is down"), None, **listed)
    assert not said(mention(), None, **listed).private
    assert said(message(f"<@{BOT}> x", channel_type="group"), None, **listed).private


def test_routing_sees_the_channel_the_workspace_and_the_person() -> None:
    event = said(mention(), category="Network")
    assert isinstance(event, Opened)
    assert event.attributes == (("channel", CHANNEL), ("team", "T0ACME001"), ("user", "U0ADA0001"))
    assert event.category == "Network"


@pytest.mark.parametrize(
    "wrong",
    [
        {"close_word": "two words"},
        {"close_word": ""},
        {"close_emoji": ":white_check_mark:"},
        {"open_emoji": "white_check_mark"},
        {"closers": ["ada"]},
        {"closers": "@ada"},
        {"channels": {"#general": {}}},
        {"bot_user_id": ""},
        {"signing_secret": "x"},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        configured(**wrong)


def test_lists_are_given_as_text_or_as_lists() -> None:
    assert (
        configured(closers="U1,U2  U3").closers == configured(closers=["U1", "U2", "U3"]).closers == ("U1", "U2", "U3")
    )
    assert configured(closers="").closers == ()


def test_unknown_fields_change_nothing() -> None:
    more = json.loads('{"new": {"deep": [1, 2, {"more": null}]}}')
    assert said(mention(**more), more) == said(mention())

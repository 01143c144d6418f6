"""Tests of channel settings on every platform: priority, privacy, openers and closers, gestures.

A channel's setting overrides its source's setting. Anything unclear stays private.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import ValidationError

from connectors import connector
from connectors.chats.channels import ASKED_FOR, GESTURES
from connectors.contract.events import Commented, Event, Opened, Resolved
from tests.connectors.discord import builders as discord
from tests.connectors.slack import builders as slack
from tests.connectors.teams import test_teams as teams
from tests.connectors.telegram import builders as telegram

PUBLIC = {"private": False}


@dataclass(frozen=True)
class Platform:
    """The parser and the payload builders of one platform.

    Payloads are written in `channel`, by Ada unless another author is given.
    """

    parsed: Callable[..., Any]
    channel: str
    ada: str
    opening: Callable[[], Any]
    closing: Callable[[], Any]
    reply: Callable[[str], Any] | None
    gesture: str
    """The name of the gesture that `opening` makes."""


PLATFORMS = {
    "slack": Platform(
        lambda event, **own: slack.delivered(slack.envelope(event), **own),
        slack.CHANNEL, slack.ADA, slack.mention, lambda: slack.reaction(),
        lambda text: slack.reply(text), "mention",
    ),
    "teams": Platform(
        teams.delivered, teams.CHANNEL, teams.ADA, teams.activity, lambda: teams.reply(f"{teams.AT} close"),
        lambda text: teams.reply(f"{teams.AT} {text}"), "mention",
    ),
    "telegram": Platform(
        telegram.delivered, str(telegram.GROUP), str(telegram.ADA_ID), telegram.message,
        lambda: telegram.reply("close", author=telegram.ADA), lambda text: telegram.reply(text, author=telegram.ADA),
        "command",
    ),
    "discord": Platform(
        discord.delivered, discord.CHANNEL, discord.ADA, discord.slash,
        lambda: discord.pressed(f"ticketrelay:close:{discord.FIRST}"), None, "command",
    ),
}  # fmt: skip
each_platform = pytest.mark.parametrize("on", PLATFORMS.values(), ids=PLATFORMS)
WITH_REPLIES = {name: each for name, each in PLATFORMS.items() if each.reply}
each_with_replies = pytest.mark.parametrize("on", WITH_REPLIES.values(), ids=WITH_REPLIES)


def said(on: Platform, payload: Any, **settings: Any) -> Event:
    (event,) = on.parsed(payload, **settings).events
    assert isinstance(event, Event)
    return event


def marked(channel: str) -> dict[str, Any]:
    """Return settings with a public channel and a word that makes a message private."""
    return {"private_word": "secret", "channels": {channel: PUBLIC}}


def why_not(on: Platform, payload: Any, **settings: Any) -> str:
    parsed = on.parsed(payload, **settings)
    assert not parsed.events
    (remark,) = parsed.ignored
    return str(remark.reason)


@each_platform
def test_what_a_channel_sets_comes_before_what_its_source_sets(on: Platform) -> None:
    source = {"category": "it", "priority": "low"}
    of_source = said(on, on.opening(), **source)
    assert (of_source.category, of_source.priority, of_source.private) == ("it", "low", True)
    own = {on.channel: {"category": "board", "priority": "urgent", "private": False}}
    of_channel = said(on, on.opening(), **source, channels=own)
    assert (of_channel.category, of_channel.priority, of_channel.private) == ("board", "urgent", False)
    partly = said(on, on.opening(), **source, channels={on.channel: {"priority": "high"}})
    assert (partly.category, partly.priority, partly.private) == ("it", "high", True)


@each_platform
def test_a_channel_can_be_private_where_its_source_is_not(on: Platform) -> None:
    assert said(on, on.opening(), private=False, channels={on.channel: {"private": True}}).private


@each_platform
def test_who_may_not_open_opens_nothing_and_is_told_so(on: Platform) -> None:
    nobody: dict[str, Any] = {on.channel: {"openers": []}}
    assert "may not open" in why_not(on, on.opening(), channels=nobody)
    assert isinstance(said(on, on.opening(), channels={on.channel: {"openers": [on.ada]}}), Opened)
    # The channel's openers replace the source's.
    assert isinstance(said(on, on.opening(), openers=[], channels={on.channel: {"openers": [on.ada]}}), Opened)
    assert "may not open" in why_not(on, on.opening(), openers=[])


@each_platform
def test_who_may_close_any_ticket_is_a_matter_of_the_channel_too(on: Platform) -> None:
    for settings, authority in (
        ({}, "opener"),
        ({"closers": [on.ada]}, "source"),
        ({"channels": {on.channel: {"closers": [on.ada]}}}, "source"),
        ({"closers": [on.ada], "channels": {on.channel: {"closers": []}}}, "opener"),
    ):
        event = said(on, on.closing(), **settings)
        assert isinstance(event, Resolved)
        assert event.authority == authority


@each_platform
def test_a_gesture_that_is_off_does_nothing_and_says_so(on: Platform) -> None:
    assert f"{on.gesture} is off" in why_not(on, on.opening(), gestures={on.gesture: False})
    own = {on.channel: {"gestures": {on.gesture: True}}}
    assert isinstance(said(on, on.opening(), gestures={on.gesture: False}, channels=own), Opened)
    assert f"{on.gesture} is off" in why_not(on, on.opening(), channels={on.channel: {"gestures": {on.gesture: False}}})


@each_with_replies
def test_a_close_word_that_is_off_is_words_like_others(on: Platform) -> None:
    assert on.reply is not None
    assert isinstance(said(on, on.reply("close it")), Resolved)
    assert isinstance(said(on, on.reply("close it"), gestures={"close_word": False}), Commented)


EACH_GESTURE = [
    ("slack", "message", slack.message()),
    ("slack", "direct", slack.message(channel="D0ADA0001", channel_type="im")),
    ("slack", "reply", slack.reply()),
    ("slack", "edit", slack.edit(slack.reply("now"), slack.reply("before"))),
    ("slack", "delete", slack.deletion(slack.reply())),
    ("slack", "open_reaction", slack.reaction("ticket")),
    ("slack", "open_reaction", slack.reaction("ticket", type="reaction_removed")),
    ("slack", "close_reaction", slack.reaction()),
    ("telegram", "message", {"message": telegram.message("The VPN is down")}),
    ("telegram", "mention", {"message": telegram.message(f"@{telegram.BOT} The VPN is down")}),
    ("telegram", "direct", {"message": telegram.message("The VPN is down", chat=telegram.DIRECT)}),
    ("telegram", "reply", {"message": telegram.reply()}),
    ("telegram", "command", {"message": telegram.reply("/close")}),
    ("telegram", "edit", {"edited_message": telegram.message(edit_date=1773453700)}),
    ("telegram", "open_reaction", {"message_reaction": telegram.reaction([], ["✍"])}),
    ("telegram", "close_reaction", {"message_reaction": telegram.reaction(["🏆"], [])}),
    ("discord", "shortcut", discord.on_message()),
    ("discord", "shortcut", discord.on_message("Close its ticket")),
    ("discord", "button", discord.pressed(f"ticketrelay:close:{discord.FIRST}")),
    ("discord", "form", discord.form("ticketrelay:open", discord.label("text", "The VPN is down"))),
]


@pytest.mark.parametrize(("kind", "gesture", "payload"), EACH_GESTURE)
def test_each_gesture_can_be_switched(kind: str, gesture: str, payload: dict[str, Any]) -> None:
    if kind == "telegram":
        ((update, content),) = payload.items()
        on, off = (telegram.delivered(content, update, gestures={gesture: value}) for value in (True, False))
    else:
        on, off = (PLATFORMS[kind].parsed(payload, gestures={gesture: value}) for value in (True, False))
    assert len(on.events) == 1
    assert not off.events
    (remark,) = off.ignored
    assert f"{gesture} is off" in remark.reason or gesture == "message"


def test_what_is_off_does_not_swallow_what_counts() -> None:
    # Slack sends one message both as `message` and as `app_mention`, in either order.
    as_message, as_mention = slack.message(f"<@{slack.BOT}> The VPN is down"), slack.mention()
    assert slack.ignored(slack.message(), gestures={"mention": False})
    for each in (as_message, as_mention):
        assert "mention is off" in slack.ignored(each, gestures={"mention": False})
        assert isinstance(slack.said(each, gestures={"mention": False, "message": True}), Opened)
    in_thread = {"thread_ts": slack.ROOT, "ts": slack.REPLY}
    for each in (as_message | in_thread, as_mention | in_thread):
        event = slack.said(each, gestures={"mention": False})
        assert isinstance(event, Commented)
        assert event.unknown == "wait"
        assert isinstance(slack.said(each, gestures={"reply": False}), Commented)


def test_who_may_not_open_comments_all_the_same() -> None:
    in_thread = slack.mention(thread_ts=slack.ROOT, ts=slack.REPLY)
    for event in (
        slack.said(in_thread, openers=[slack.BOB]),
        teams.said(teams.reply(), openers=[teams.BOB]),
        telegram.said(telegram.reply("/ticket It works", author=telegram.ADA), openers=["500000002"]),
        discord.said(discord.slash(**discord.IN_THREAD), openers=[discord.BOB]),
    ):
        assert isinstance(event, Commented)
        assert event.unknown == "wait"


def test_the_answer_says_that_somebody_may_not_or_that_it_is_off() -> None:
    assert "may not open" in discord.answer(discord.slash(), openers=[discord.BOB])["data"]["content"]
    assert "may not open" in discord.answer(discord.slash(None), openers=[discord.BOB])["data"]["content"]
    assert "switched off" in discord.answer(discord.on_message(), gestures={"shortcut": False})["data"]["content"]
    told = teams.delivered(teams.activity(), openers=[teams.BOB]).reply
    assert told is not None
    assert b"may not open" in told.body


def test_roles_open_and_a_thread_comes_before_its_channel() -> None:
    assert isinstance(discord.said(discord.slash(), openers=[discord.ROLE]), Opened)
    parent, thread = discord.CHANNEL, discord.THREAD
    of_parent = {parent: {"private": False, "category": "it", "priority": "low"}}
    event = discord.said(discord.slash(**discord.IN_THREAD), channels=of_parent | {thread: {"priority": "high"}})
    assert (event.private, event.category, event.priority) == (False, "it", "high")
    assert discord.said(discord.slash(**discord.IN_THREAD), channels=of_parent | {thread: {"private": True}}).private


@each_platform
@pytest.mark.parametrize(
    "text", ["secret plan", "Secret: plan", "  *secret* plan", "_secret_ plan", "@bob secret!plan"]
)
def test_what_begins_with_the_private_word_is_private_in_a_public_channel_too(on: Platform, text: str) -> None:
    payloads: dict[str, Callable[[str], Any]] = {
        "slack": lambda text: slack.mention(f"<@{slack.BOT}> {text}"),
        "teams": lambda text: teams.activity(f"{teams.AT} {text}"),
        "telegram": lambda text: telegram.message(f"/ticket {text}"),
        "discord": discord.slash,
    }
    make = payloads[next(name for name, each in PLATFORMS.items() if each is on)]
    settings = marked(on.channel)
    event = said(on, make(text), **settings)
    assert event.private
    assert event.private_change
    assert not said(on, make("secretary wanted"), **settings).private
    assert not said(on, make("It is secret"), **settings).private


def test_with_a_private_word_every_edit_is_private_since_nobody_tells_what_was_before() -> None:
    settings = marked(slack.CHANNEL)
    after, before = slack.reply("the plan"), slack.reply("secret the plan")
    assert slack.said(slack.edit(after, before), **settings).private
    assert slack.said(slack.edit(slack.reply("the plan B"), after), **settings).private
    assert slack.said(slack.mention(edited={"user": slack.ADA, "ts": slack.LATER}), **settings).private
    changed = telegram.message("/ticket the plan", edit_date=1773453700)
    assert telegram.said(changed, "edited_message", **marked(str(telegram.GROUP))).private
    settings["private_word"] = None
    assert not slack.said(slack.edit(after, before), **settings).private


def test_what_quotes_or_passes_on_something_private_is_private() -> None:
    answered, group = telegram.message("secret the plan", 9), str(telegram.GROUP)
    assert telegram.said(telegram.message("/ticket", reply_to_message=answered), **marked(group)).private
    passed_on = [{"is_share": True, "author_name": "Ada", "text": "secret the plan"}]
    assert slack.said(slack.mention(f"<@{slack.BOT}> see", attachments=passed_on), **marked(slack.CHANNEL)).private


def publishing(on: Platform) -> dict[str, Any]:
    return {"public_word": "!public", "publishers": [on.ada]}


@each_with_replies
def test_a_reply_that_begins_with_the_public_word_is_a_public_note_of_its_bare_words(on: Platform) -> None:
    assert on.reply is not None
    event = said(on, on.reply("!public It is fixed\nsince noon"), **publishing(on))
    assert isinstance(event, Commented)
    assert (event.private, event.public_note, event.unknown) == (True, True, "wait")
    assert event.text == "It is fixed\nsince noon"


def test_a_note_by_command_can_be_public_too() -> None:
    own = publishing(PLATFORMS["discord"])
    noted = discord.slash("!public It is fixed", "note", **discord.IN_THREAD)
    event = discord.said(noted, **own)
    assert isinstance(event, Commented)
    assert (event.private, event.public_note, event.text) == (True, True, "It is fixed")
    assert not discord.said(noted | {"guild_id": None}, **own).public_note
    assert not discord.said(discord.slash("!public It is fixed", **discord.IN_THREAD), **own).public_note


@each_with_replies
@pytest.mark.parametrize(
    "text", ["!Public It is fixed", "!public: It is fixed", "It is !public", "!public", "x !public y"]
)
def test_whatever_is_not_exactly_the_public_word_stays_private(on: Platform, text: str) -> None:
    assert on.reply is not None
    event = said(on, on.reply(text), **publishing(on))
    assert event.private
    assert not event.public_note


@each_with_replies
def test_the_public_word_of_somebody_else_or_of_nobody_is_a_word_like_others(on: Platform) -> None:
    assert on.reply is not None
    other = {"public_word": "!public", "publishers": ["U0BOB0001" if on.channel == slack.CHANNEL else "500000002"]}
    assert not said(on, on.reply("!public It is fixed"), **other).public_note
    assert not said(on, on.reply("!public It is fixed")).public_note


def test_a_public_word_that_is_edited_in_broadcast_or_comes_with_more_stays_private() -> None:
    words = "!public It is fixed"
    own = publishing(PLATFORMS["slack"])
    for event in (
        slack.edit(slack.reply(words), slack.reply("It is fixed")),
        slack.reply(words, subtype="thread_broadcast"),
        slack.reply(words, subtype="file_share", files=[{"name": "plan.pdf"}]),
        slack.reply(words, edited={"user": slack.ADA, "ts": slack.LATER}),
        slack.reply(words, channel="D0ADA0001", channel_type="im"),
        slack.reply(words, channel_type=...),
        slack.mention(f"<@{slack.BOT}> {words}"),
        slack.mention(f"<@{slack.BOT}> {words}", thread_ts=slack.ROOT, ts=slack.REPLY),
    ):
        assert not slack.said(event, **own).public_note
    own = publishing(PLATFORMS["telegram"])
    ada = telegram.ADA
    assert not telegram.said(telegram.reply(words, author=ada, edit_date=1), "edited_message", **own).public_note
    assert not telegram.said(telegram.reply(words, author=ada, forward_origin={"type": "user"}), **own).public_note
    assert not telegram.said(telegram.message(words, chat=telegram.DIRECT), **own).public_note
    own = publishing(PLATFORMS["teams"])
    personal = {"id": f"{teams.CHANNEL};messageid={teams.ROOT}", "conversationType": "personal"}
    assert not teams.said(teams.reply(f"{teams.AT} {words}", conversation=personal), **own).public_note


@pytest.mark.parametrize("kind", PLATFORMS)
@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"channels": {"#general!": {}}}, "channels.#general!"),
        ({"channels": "no JSON"}, "channels"),
        ({"gestures": {"wave": True}}, "gestures.wave"),
        ({"public_word": "!public"}, "publishers"),
        ({"private_word": "close"}, "private_word"),
        ({"private_word": ""}, "private_word"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused_by_its_name(kind: str, settings: dict[str, Any], key: str) -> None:
    with pytest.raises(ValidationError) as error:
        connector(kind).settings.model_validate({"secret": "s3cret", **settings})
    assert key in str(error.value)


@pytest.mark.parametrize("kind", PLATFORMS)
def test_every_gesture_of_a_platform_is_one_of_the_common_words(kind: str) -> None:
    found = connector(kind).settings.model_json_schema()["properties"]["gestures"]
    assert set(found["propertyNames"]["enum"]) <= set(GESTURES)
    assert set(GESTURES) >= ASKED_FOR


def test_a_json_text_says_it_too() -> None:
    text = f'{{"{slack.CHANNEL}": {{"private": false, "openers": "{slack.ADA}, {slack.BOB}"}}}}'
    rules = slack.configured(channels=text).rules(slack.CHANNEL)
    assert rules.is_public
    assert rules.may_open(slack.BOB)
    assert not rules.may_open("U0EVE0001")

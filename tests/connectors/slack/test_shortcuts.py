"""Tests of shortcuts: on a message, a shortcut opens or closes the message's ticket; elsewhere, it opens the modal."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.contract.events import Commented, Event, Opened, Reference, Resolved
from connectors.contract.messages import UnreadableMessage

from .builders import (
    ADA,
    APP,
    BOB,
    BOT,
    CHANNEL,
    LATER,
    REPLY,
    ROOT,
    TOKEN,
    TRIGGER,
    acted,
    delivered,
    interaction,
    key,
    mention,
    message,
    reply,
    said,
    shortcut,
)


def done(payload: dict[str, Any], **settings: Any) -> Event:
    """Return the only event of a shortcut; the HTTP response is empty."""
    parsed = delivered(acted(payload), **settings)
    (event,) = parsed.events
    assert parsed.reply is not None
    assert (parsed.reply.status, parsed.reply.body) == (200, b"")
    return event


def test_a_ticket_that_is_opened_from_a_message_is_named_by_it_whoever_does_it() -> None:
    event = done(shortcut(message()))
    assert isinstance(event, Opened)
    assert (event.case_key, event.source_message_id, event.aliases) == (key(ROOT), key(ROOT), (key(ROOT),))
    by_another = done(shortcut(message(), user={"id": ADA}, trigger_id="1.2.other", action_ts="1773459999.000100"))
    assert (by_another.source_message_id, by_another.content_digest) == (event.source_message_id, event.content_digest)
    assert event.other_words == "copy"


def test_it_is_the_same_message_as_one_that_mentions_the_bot() -> None:
    mentioned, chosen = said(mention()), done(shortcut(mention()))
    assert (mentioned.case_key, mentioned.source_message_id) == (chosen.case_key, chosen.source_message_id)
    assert mentioned.content_digest == chosen.content_digest


def test_it_tells_who_wrote_the_message_and_who_made_a_ticket_of_it() -> None:
    event = done(shortcut(message()))
    assert (event.author, event.participants) == (BOB, (BOB, ADA))
    assert event.subject == "The VPN is down"
    assert event.text.split("\n") == [
        "The VPN is down",
        "",
        f"Slack: @{ADA} in #{CHANNEL}, 2026-03-14 02:00:00 UTC",
        "",
        f"bob (@{BOB}) opened a ticket from this message, 2026-03-14 02:02:00 UTC.",
        f"Read it at archives/{CHANNEL}/p1773453600000100 in the workspace.",
    ]


def test_in_a_thread_it_belongs_to_the_case_of_the_root() -> None:
    event = done(shortcut(reply()))
    assert isinstance(event, Commented)
    assert event.unknown == "open"
    assert (event.case_key, event.source_message_id) == (key(ROOT), key(REPLY))
    assert event.references == (Reference(key(ROOT)),)
    assert event.aliases == (key(ROOT), key(REPLY))


def test_the_answer_stands_in_the_thread() -> None:
    event = done(shortcut(reply()), receipts=True, bot_token=TOKEN)
    assert event.answer == json.dumps({"channel": CHANNEL, "thread": ROOT})


def test_a_message_of_a_bot_is_opened_under_the_name_that_it_went_by() -> None:
    event = done(shortcut(message("Backup failed", user=..., bot_id="B0OTHER01", username="Backups")))
    assert f"Slack: Backups in #{CHANNEL}" in event.text
    assert event.participants == (BOB,)


@pytest.mark.parametrize("ours", [{"app_id": APP, "bot_id": "B0RELAY01"}, {"user": BOT}])
def test_of_our_own_answers_no_ticket_is_made(ours: dict[str, Any]) -> None:
    parsed = delivered(acted(shortcut(message("Ticket T-1 is open", **ours))), bot_user_id=BOT)
    assert [each.reason for each in parsed.ignored] == ["our own app wrote the message"]


def test_another_shortcut_closes_the_case_of_the_message_if_the_person_may() -> None:
    event = done(shortcut(reply(), "close_ticket"))
    assert isinstance(event, Resolved)
    assert event.authority == "opener"
    assert event.references == (Reference(key(ROOT)), Reference(key(REPLY)))
    assert event.source_message_id == f"{key(REPLY)}:{BOB}:closed:{TRIGGER}"
    assert event.occurred_at.isoformat() == "2026-03-14T02:02:00.000300+00:00"
    assert "VPN" not in event.subject + event.text
    assert done(shortcut(reply(), "close_ticket"), closers=[BOB]).authority == "source"


def test_anywhere_it_opens_the_modal_that_knows_no_channel() -> None:
    parsed = delivered(acted(interaction("shortcut", callback_id="new_ticket", action_ts=LATER)), bot_token=TOKEN)
    assert parsed.prompt is not None
    asked = json.loads(parsed.prompt.body)
    assert asked["trigger_id"] == TRIGGER
    assert "private_metadata" not in asked["view"]


def test_without_a_token_no_modal_is_opened() -> None:
    parsed = delivered(acted(interaction("shortcut", callback_id="new_ticket")))
    assert (parsed.events, parsed.prompt) == ((), None)
    assert [each.reason for each in parsed.ignored] == ["no form can be opened: the setting bot_token is missing"]


@pytest.mark.parametrize("payload", [shortcut(message(), "lunch"), interaction("shortcut", callback_id="lunch")])
def test_shortcuts_of_other_names_are_ignored(payload: dict[str, Any]) -> None:
    parsed = delivered(acted(payload), bot_token=TOKEN)
    assert (parsed.events, parsed.prompt) == ((), None)
    assert [each.reason for each in parsed.ignored] == [
        "callback_id: no effect, since the settings name other shortcuts"
    ]


def test_the_names_of_shortcuts_are_settings() -> None:
    assert isinstance(done(shortcut(message(), "mine"), open_shortcut="mine"), Opened)


def test_who_may_not_open_opens_nothing_and_still_adds_to_a_thread() -> None:
    assert delivered(acted(shortcut(message())), openers=[]).events == ()
    assert delivered(acted(shortcut(message())), gestures={"shortcut": False}).events == ()
    in_thread = done(shortcut(reply()), openers=[])
    assert isinstance(in_thread, Commented)
    assert in_thread.unknown == "wait"


@pytest.mark.parametrize(
    ("name", "is_private"), [("help", False), ("privategroup", True), ("directmessage", True), (..., False)]
)
def test_a_channel_that_is_called_private_is_private(name: Any, is_private: bool) -> None:
    where = {"id": CHANNEL} | ({} if name is ... else {"name": name})
    assert done(shortcut(message(), channel=where), channels={CHANNEL: {"private": False}}).private is is_private
    assert done(shortcut(message(), channel=where), private=False).private


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"channel": ...}, "channel is missing: expected an object"),
        ({"channel": {}}, "channel.id is missing: expected an id, like C0123456789"),
        ({"message": []}, "message is a list: expected an object"),
        ({"user": ...}, "user.id is missing: expected the id of the person who acted, like U0123456789"),
        (
            {"message": {}, "message_ts": "soon"},
            'message.ts is "soon": expected the time of a message, like 1595926230.009600',
        ),
        ({"trigger_id": 7, "callback_id": "close_ticket"}, "trigger_id is 7: expected the id of a trigger or a view"),
    ],
)
def test_a_shortcut_that_does_not_say_who_or_on_what_cannot_be_read(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(UnreadableMessage) as caught:
        delivered(acted(shortcut(message(), **change)))
    assert str(caught.value) == reason


def test_a_shortcut_of_an_organization_finds_the_case_in_the_workspace_of_the_person() -> None:
    assert done(shortcut(message(), team=None)).case_key == key(ROOT)

"""Tests of Telegram's messages: commands and mentions open, replies comment or close, edits repeat their message."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.contract.events import Commented, Opened, Reference, Resolved
from connectors.contract.messages import UnreadableMessage

from .builders import (
    ADA_ID,
    BOB,
    BOB_ID,
    BOT,
    CHAT,
    DIRECT,
    GROUP,
    TOPIC,
    delivered,
    ignored,
    key,
    message,
    reply,
    said,
)


def test_the_command_opens_a_case_that_is_named_after_the_message() -> None:
    event = said(message("/ticket The VPN is down"))
    assert isinstance(event, Opened)
    assert event.case_key == event.source_message_id == key(10)
    assert event.subject == "The VPN is down"
    assert event.author == str(ADA_ID)
    assert event.private


def test_a_message_is_the_same_event_under_every_update_id() -> None:
    assert delivered(message(), update_id=7).events == delivered(message(), update_id=8).events


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("/ticket@acme_ticket_bot The VPN is down", "The VPN is down"),
        ("/TICKET The VPN is down", "The VPN is down"),
        ("/ticket\nThe VPN is down", "The VPN is down"),
        ("@acme_ticket_bot: The VPN is down", "The VPN is down"),
        ("@Acme_Ticket_Bot The VPN is down", "The VPN is down"),
        ("The VPN is down, @acme_ticket_bot", "The VPN is down, @acme_ticket_bot"),
    ],
)
def test_the_bot_is_addressed_by_command_or_by_name(text: str, subject: str) -> None:
    event = said(message(text))
    assert isinstance(event, Opened)
    assert event.subject == subject


@pytest.mark.parametrize(
    "text",
    [
        "/ticket@other_bot The VPN is down",
        "mail ada@acme_ticket_bot.example",
        "@acme_ticket_bots hello",
        "/tickets x",
        "x",
    ],
)
def test_what_is_not_for_the_bot_opens_nothing(text: str) -> None:
    assert ignored(message(text))


def test_a_command_to_another_bot_closes_nothing() -> None:
    assert isinstance(said(reply(f"/close@{BOT}")), Resolved)
    assert isinstance(said(reply("/close@other_bot")), Commented)


def test_every_message_opens_where_the_chat_is_there_for_that() -> None:
    assert isinstance(said(message("The VPN is down"), gestures={"message": True}), Opened)


@pytest.mark.parametrize("text", ["/ticket", f"@{BOT}", f"/ticket@{BOT}  "])
def test_a_command_without_words_opens_nothing_and_says_why(text: str) -> None:
    assert ignored(message(text)).startswith("the command or mention has no text")


def test_a_photo_with_the_command_alone_opens() -> None:
    photo = [{"file_id": "a", "file_unique_id": "b", "file_size": 5}]
    assert isinstance(said(message(..., caption="/ticket", photo=photo)), Opened)


def test_a_reply_is_looked_up_by_what_it_answers_and_waits_for_its_case() -> None:
    event = said(reply())
    assert isinstance(event, Commented)
    assert event.unknown == "wait"
    assert event.references[0] == Reference(key(10))
    assert event.aliases == (key(10), key(11))


def test_the_command_in_a_reply_opens_a_case_from_the_message_that_it_answers() -> None:
    event = said(reply("/ticket please look"))
    assert isinstance(event, Commented)
    assert event.unknown == "open"
    assert event.case_key == key(10)
    assert "> The VPN is down" in event.text


@pytest.mark.parametrize(
    "text", ["/close", "close", "Close.", "CLOSE thanks", "/ticket close", f"@{BOT} close", "/close x"]
)
def test_a_reply_closes_by_command_or_word_if_its_author_opened(text: str) -> None:
    event = said(reply(text))
    assert isinstance(event, Resolved)
    assert event.authority == "opener"
    assert event.author == str(ADA_ID)


def test_a_closer_may_close_any_ticket() -> None:
    event = said(reply("/close", author=BOB), closers=f"{BOB_ID}, 5")
    assert isinstance(event, Resolved)
    assert event.authority == "source"
    assert said(reply("/close"), closers=[str(BOB_ID)]).authority == "opener"


@pytest.mark.parametrize("text", ["/close", "/ticket close"])
def test_a_command_to_close_that_answers_nothing_says_so(text: str) -> None:
    assert ignored(message(text)).startswith("to close a ticket, reply")


def test_a_private_chat_is_one_case() -> None:
    first, second = (said(message(text, number, chat=DIRECT)) for text, number in (("Help", 1), ("More", 2)))
    assert first.case_key == second.case_key == str(ADA_ID)
    assert [each.source_message_id for each in (first, second)] == [key(1, ADA_ID), key(2, ADA_ID)]
    assert isinstance(first, Commented)
    assert first.unknown == "open"


def test_a_private_message_that_begins_with_the_close_word_is_no_end() -> None:
    assert isinstance(said(message("Close button is broken", chat=DIRECT)), Commented)
    assert isinstance(said(message("/close", chat=DIRECT)), Resolved)


def test_what_is_said_in_a_topic_belongs_to_its_case() -> None:
    began = message(..., 30, forum_topic_created={"name": "Doors"}, **TOPIC)
    opening = said(message(number=31, reply_to_message=began, **TOPIC))
    comment = said(message("Which door?", 32, reply_to_message=began, **TOPIC))
    assert opening.case_key == comment.case_key == key(30)
    assert isinstance(comment, Commented)
    assert comment.unknown == "wait"
    assert isinstance(said(message("/close", 33, **TOPIC)), Resolved)


def test_a_message_in_a_topic_stands_alone_where_topics_are_no_cases() -> None:
    began = message(..., 30, forum_topic_created={"name": "Doors"}, **TOPIC)
    event = said(message(number=31, reply_to_message=began, **TOPIC), topics=False)
    assert isinstance(event, Opened)
    assert event.case_key == key(31)


def test_a_comment_below_a_channels_post_is_in_the_thread_of_the_post() -> None:
    event = said(message("/ticket It is down", 41, message_thread_id=40))
    assert event.case_key == key(40)


def test_the_photos_of_an_album_lead_to_the_case_of_the_one_with_the_words() -> None:
    photo = [{"file_id": "a", "file_unique_id": "b", "file_size": 5}]
    first = said(message(..., 20, caption="/ticket It flickers", photo=photo, media_group_id="135"))
    second = said(message(..., 21, photo=photo, media_group_id="135"))
    assert isinstance(first, Opened)
    assert isinstance(second, Commented)
    assert second.unknown == "wait"
    album = f"{GROUP}:album:135"
    assert album in first.aliases
    assert second.references[0] == Reference(album)  # the comment waits for the album's case
    assert first.source_message_id != second.source_message_id


def test_an_edit_is_the_same_message_with_other_content() -> None:
    before, after = said(reply()), said(reply("And from home", edit_date=1773453700), "edited_message")
    assert after.source_message_id == before.source_message_id
    assert after.content_digest != before.content_digest
    assert isinstance(after, Commented)
    assert not after.reopens
    assert after.unknown == "wait"


def test_an_edit_that_leaves_the_words_as_they_are_is_a_repeat() -> None:
    changes: dict[str, Any] = {"edit_date": 1773453700, "link_preview_options": {"is_disabled": True}, "views": 7}
    assert said(reply(**changes), "edited_message").content_digest == said(reply()).content_digest


def test_a_live_location_that_moves_is_no_other_content() -> None:
    first, second = (
        said(message(..., chat=DIRECT, location={"latitude": each, "longitude": 2}, edit_date=1773453700), kind)
        for each, kind in ((1, "message"), (1.5, "edited_message"))
    )
    assert first.content_digest == second.content_digest


def test_an_edit_never_closes_and_opens_where_it_adds_the_mention() -> None:
    assert isinstance(said(reply("/close", edit_date=1773453700), "edited_message"), Commented)
    event = said(message(f"@{BOT} help", edit_date=1773453700), "edited_message")
    assert isinstance(event, Commented)
    assert event.unknown == "open"


def test_a_reply_from_another_chat_gets_in_only_from_somebody_who_takes_part() -> None:
    outside = {"chat": {"id": -40001, "type": "group"}, "message_id": 5}
    event = said(message("It still fails", 2, external_reply=outside))
    assert event.authority == "participant"
    assert event.references[0] == Reference("-40001:5")
    assert "-40001:5" not in event.aliases


@pytest.mark.parametrize("field", ["migrate_to_chat_id", "migrate_from_chat_id"])
def test_a_group_that_becomes_a_supergroup_is_told_with_the_other_id(field: str) -> None:
    assert "-1009" in ignored(message(..., **{field: -1009}))


@pytest.mark.parametrize(
    "changes",
    [
        {"from": {"id": 9, "is_bot": True, "username": "x_bot"}},
        {"from": {"id": 777000, "is_bot": False}},
        {"sender_chat": {"id": -5, "type": "channel"}, "is_automatic_forward": True},
    ],
)
def test_what_no_person_wrote_is_ignored(changes: dict[str, Any]) -> None:
    assert ignored(message(**changes))


def test_who_writes_in_the_name_of_a_chat_is_that_chat() -> None:
    anonymous = {"id": 1087968824, "is_bot": True, "username": "GroupAnonymousBot"}
    assert said(message(**{"from": anonymous, "sender_chat": CHAT})).author == str(GROUP)
    channel = {"id": -7, "type": "channel", "title": "Status"}
    assert said(message(chat=channel, **{"from": ...}), "channel_post").author == "-7"


@pytest.mark.parametrize(
    ("chat", "settings", "private"),
    [
        ({"username": "acme"}, {}, True),
        ({"username": "acme"}, {"private": False}, False),
        ({}, {"private": False}, True),
        ({"username": " "}, {"private": False}, True),
        ({}, {"channels": {str(GROUP): {"private": False}}}, False),
        (
            {"type": "private", "username": "ada"},
            {"private": False, "channels": {str(GROUP): {"private": False}}},
            True,
        ),
        (
            {"type": "unheard-of", "username": "acme"},
            {"private": False, "channels": {str(GROUP): {"private": False}}},
            True,
        ),
    ],
)
def test_text_is_private_unless_the_chat_is_public_and_may_be(
    chat: dict[str, Any], settings: dict[str, Any], private: bool
) -> None:
    assert said(message(chat=CHAT | chat), **settings).private is private


def test_links_get_their_address_and_offsets_count_in_utf_16() -> None:
    entities = [
        {"type": "text_link", "offset": 16, "length": 4, "url": "https://example.net/a"},
        {"type": "text_link", "offset": 10**9, "length": 4, "url": "https://example.net/b"},
        {"type": "text_link", "offset": -1, "length": True, "url": "https://example.net/c"},
        {"type": "text_link", "offset": 0, "length": 1, "url": "javascript:alert(1)"},
    ]
    event = said(message("/ticket see 🧯🧯here it is", entities=entities))
    assert event.subject == "see 🧯🧯here (https://example.net/a) it is"


def test_a_huge_message_stays_within_what_a_note_holds() -> None:
    quoted = message("y" * 100_000, 9)
    event = said(message("/ticket " + "x\n" * 100_000, reply_to_message=quoted))
    assert len(event.text) < 60_000
    assert event.text.endswith("UTC")


@pytest.mark.parametrize(
    "changes",
    [
        {"chat": ...},
        {"chat": {"type": "group"}},
        {"message_id": ...},
        {"message_id": 0},
        {"message_id": True},
        {"message_id": "10"},
        {"date": "yesterday"},
        {"date": -1},
        {"date": 10**18},
        {"text": ["/ticket"]},
    ],
)
def test_a_message_that_cannot_be_placed_is_unreadable_by_name(changes: dict[str, Any]) -> None:
    with pytest.raises(UnreadableMessage, match=r"^message\."):
        delivered(message(**changes))

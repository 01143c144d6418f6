"""Tests of Discord's interactions: commands, buttons and forms open, note and close, and each gets its response."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.contract.events import Commented, Opened, Reference, Resolved
from connectors.contract.messages import UnreadableMessage

from .builders import (
    ADA,
    BOB,
    CHANNEL,
    FIRST,
    IN_THREAD,
    ROLE,
    SECOND,
    TARGET,
    THREAD,
    answer,
    delivered,
    form,
    interaction,
    label,
    message,
    on_message,
    pressed,
    said,
    slash,
)


def custom_ids(payload: Any, **settings: Any) -> list[str]:
    """Return the ids of the buttons in the response."""
    rows = answer(payload, **settings)["data"].get("components", [])
    return [button["custom_id"] for row in rows for button in row["components"]]


def test_a_ping_is_answered_by_a_pong_and_nothing_else_happens() -> None:
    parsed = delivered({"id": FIRST, "type": 1, "version": 1})
    assert (parsed.events, parsed.ignored) == ((), ())
    assert answer({"type": 1}) == {"type": 1}


@pytest.mark.parametrize("subcommand", [None, "open"])
def test_the_slash_command_opens_a_case_of_its_own(subcommand: str | None) -> None:
    event = said(slash(subcommand=subcommand))
    assert isinstance(event, Opened)
    assert event.case_key == FIRST
    assert event.source_message_id == f"interaction:{FIRST}"
    assert event.occurred_at.isoformat() == "2026-03-14T02:00:01+00:00"
    assert event.subject == "The VPN is down"
    assert event.author == ADA
    assert said(slash(id=SECOND)).case_key == SECOND


def test_its_answer_has_buttons_that_name_the_case() -> None:
    assert custom_ids(slash()) == [f"ticketrelay:note:{FIRST}", f"ticketrelay:close:{FIRST}"]
    closing = said(pressed(custom_ids(slash())[1], id=SECOND))
    assert isinstance(closing, Resolved)
    assert closing.references[0] == Reference(FIRST)
    assert closing.source_message_id == f"interaction:{SECOND}"


def test_the_answer_holds_nothing_of_what_was_said_and_mentions_nobody() -> None:
    whole = answer(slash("@everyone <@1> secret"))
    assert "secret" not in str(whole)
    assert whole["data"]["allowed_mentions"] == {"parse": []}


def test_what_is_private_is_answered_to_its_author_alone() -> None:
    assert answer(slash())["data"]["flags"] == 64
    assert "flags" not in answer(slash(), channels={CHANNEL: {"private": False}})["data"]


def test_a_command_without_words_asks_for_them_in_a_form_whose_fields_are_read() -> None:
    asked = answer(slash(None))
    assert asked["type"] == 9
    names = [each["component"]["custom_id"] for each in asked["data"]["components"]]
    event = said(form(asked["data"]["custom_id"], *(label(name, f"the {name}") for name in names), id=SECOND))
    assert isinstance(event, Opened)
    assert (event.subject, event.case_key) == ("the subject", SECOND)
    assert "the text" in event.text


def test_the_note_button_asks_for_a_note_that_goes_to_its_case() -> None:
    asked = answer(pressed(f"ticketrelay:note:{FIRST}"))
    note = said(form(asked["data"]["custom_id"], label("text", "It works"), id=SECOND))
    assert isinstance(note, Commented)
    assert note.references == (Reference(FIRST),)
    assert note.unknown == "wait"


def test_in_a_thread_the_case_is_the_thread() -> None:
    opened, note = said(slash(**IN_THREAD)), said(slash("It works", "note", id=SECOND, **IN_THREAD))
    assert isinstance(opened, Commented)
    assert opened.unknown == "open"
    assert isinstance(note, Commented)
    assert note.unknown == "wait"
    assert opened.case_key == note.case_key == THREAD


@pytest.mark.parametrize(("text", "subcommand"), [(None, "close"), ("close", None), ("Close", None)])
def test_in_a_thread_the_command_closes_for_the_opener_and_for_closers(text: Any, subcommand: Any) -> None:
    payload = slash(text, subcommand, **IN_THREAD)
    assert isinstance(said(payload), Resolved)
    assert said(payload).authority == "opener"
    assert said(payload, closers=ADA).authority == "source"
    assert said(payload, closers=f"5, {ROLE}").authority == "source"
    assert said(payload, closers=BOB).authority == "opener"


@pytest.mark.parametrize("subcommand", ["close", "note"])
def test_outside_of_threads_a_command_cannot_tell_which_ticket_and_says_what_to_do(subcommand: str) -> None:
    parsed = delivered(slash("x", subcommand))
    assert parsed.events == ()
    assert "Which ticket?" in answer(slash("x", subcommand))["data"]["content"]


def test_two_who_open_a_ticket_from_one_message_say_the_same() -> None:
    first = said(on_message())
    bob = {"user": {"id": BOB, "username": "bob"}}
    second = said(on_message(id=SECOND, member=bob))
    assert first.source_message_id == second.source_message_id == f"message:{TARGET}"
    assert first.content_digest == second.content_digest
    assert first.case_key == second.case_key == TARGET
    assert first.participants == (ADA, BOB)


def test_a_message_that_was_edited_since_has_other_content() -> None:
    edited = said(on_message(target=message(content="And the mail", edited_timestamp="2026-03-14T02:00:00+00:00")))
    assert edited.source_message_id == said(on_message()).source_message_id
    assert edited.content_digest != said(on_message()).content_digest


def test_a_preview_of_a_link_is_no_other_content_and_what_a_bot_wrote_is() -> None:
    plain = said(on_message())
    preview, alert = ({"type": kind, "title": "Disk full"} for kind in ("link", "rich"))
    assert said(on_message(target=message(embeds=[preview]))).content_digest == plain.content_digest
    assert "Disk full" in said(on_message(target=message(embeds=[alert]))).text


def test_an_answer_of_ours_leads_to_the_case_of_what_it_answers() -> None:
    ours = message(interaction_metadata={"id": FIRST})
    again, closing = said(on_message(target=ours)), said(on_message("close its ticket", ours))
    assert again.references == (Reference(FIRST),)
    assert isinstance(closing, Resolved)
    assert closing.references == (Reference(TARGET), Reference(FIRST))


def test_a_thread_made_from_a_message_has_its_id_and_leads_to_its_case() -> None:
    from_message = said(on_message())
    inside = {"channel_id": TARGET, "channel": {"id": TARGET, "type": 11}}
    assert said(slash("It works", "note", **inside)).case_key == from_message.case_key


@pytest.mark.parametrize(
    "payload",
    [
        interaction(2, {"name": "weather", "type": 1}),
        interaction(2, {"name": "Open a ticket", "type": 2, "target_id": BOB}),
        pressed("poll:yes"),
        pressed("ticketrelay:close:"),
        pressed("ticketrelay:close:x"),
        pressed(None),
        form("survey", label("text", "x")),
        form("ticketrelay:close:5", label("text", "x")),
        form("ticketrelay:open", label("text", " ")),
        form("ticketrelay:open"),
    ],
)
def test_what_is_not_ours_is_answered_and_ignored(payload: Any) -> None:
    parsed = delivered(payload)
    assert parsed.events == ()
    assert len(parsed.ignored) == 1
    assert answer(payload)["type"] == 4


def test_an_autocompletion_gets_no_choices() -> None:
    assert answer(interaction(4, {})) == {"type": 8, "data": {"choices": []}}


@pytest.mark.parametrize(
    ("changes", "settings", "private"),
    [
        ({}, {}, True),
        ({}, {"private": False}, False),
        ({}, {"channels": {CHANNEL: {"private": False}}}, False),
        (IN_THREAD, {"channels": {CHANNEL: {"private": False}}}, False),
        ({"channel": {"id": CHANNEL}}, {"private": False}, True),
        ({"guild_id": ...}, {"private": False, "channels": {CHANNEL: {"private": False}}}, True),
        ({"channel": {"id": CHANNEL, "type": 1}}, {"private": False, "channels": {CHANNEL: {"private": False}}}, True),
        (
            {"channel": {"id": THREAD, "type": 12, "parent_id": CHANNEL}},
            {"channels": {CHANNEL: {"private": False}}},
            True,
        ),
    ],
)
def test_text_is_private_unless_the_channel_is_public_and_may_be(
    changes: dict[str, Any], settings: dict[str, Any], private: bool
) -> None:
    assert said(slash(**changes), **settings).private is private


def test_a_direct_message_tells_its_user_in_another_place() -> None:
    assert said(slash(guild_id=..., member=..., user={"id": BOB, "username": "bob"})).author == BOB


def test_a_huge_text_stays_within_what_a_note_holds() -> None:
    embeds = [{"type": "rich", "description": "y" * 50_000}] * 20
    files = [{"id": str(n), "filename": "f" * 5_000, "url": "https://x/" + "u" * 5_000} for n in range(200)]
    event = said(on_message(target=message(content="x" * 100_000, embeds=embeds, attachments=files)))
    assert len(event.text) < 60_000
    assert event.text.endswith("UTC")


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "2"},
        {"type": True},
        {},
        slash(id=...),
        slash(id="12x"),
        slash(id=str(2**70)),
        slash(channel=..., channel_id=...),
        slash(member=...),
        slash() | {"data": "x"},
        slash({"a": 1}),
        on_message() | {"data": {"name": "Open a ticket", "type": 3, "target_id": "1"}},
    ],
)
def test_an_interaction_that_cannot_be_placed_is_unreadable(payload: Any) -> None:
    with pytest.raises(UnreadableMessage):
        delivered(payload)


def test_an_event_of_discords_webhooks_has_the_type_of_a_ping_and_is_none() -> None:
    parsed = delivered({"version": 1, "type": 1, "event": {"type": "LOBBY_MESSAGE_CREATE"}})
    assert parsed.reply is None
    assert "expected interactions" in parsed.ignored[0].reason

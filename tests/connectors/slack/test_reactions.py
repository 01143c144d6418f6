"""Tests of Slack's reactions: one emoji opens, one closes, and removing either is a note."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.contract.events import Commented, Opened, Reference, Resolved
from connectors.contract.messages import UnreadableMessage

from .builders import (
    ADA,
    BOB,
    BOT,
    CHANNEL,
    LATER,
    REPLY,
    delivered,
    envelope,
    ignored,
    key,
    mention,
    reaction,
    reply,
    said,
)


def test_the_close_emoji_closes_the_case_of_the_message_if_the_person_opened_it() -> None:
    event = said(reaction(ts=REPLY))
    assert isinstance(event, Resolved)
    assert event.authority == "opener"
    assert (event.case_key, event.references) == (key(REPLY), (Reference(key(REPLY)),))
    assert event.source_message_id == f"{key(REPLY)}:{ADA}:white_check_mark:added:{LATER}"
    assert event.occurred_at.isoformat() == "2026-03-14T02:02:00.000300+00:00"
    assert event.author == ADA


def test_a_reply_makes_the_name_known_by_which_a_reaction_to_it_finds_the_case() -> None:
    names = [reference.alias for reference in said(reaction(ts=REPLY)).references]
    assert set(names) <= set(said(reply()).aliases)


def test_who_is_listed_may_close_any_case_by_emoji() -> None:
    assert said(reaction(user=BOB), closers=[BOB]).authority == "source"


def test_the_open_emoji_opens_a_case_with_neutral_words() -> None:
    event = said(reaction("ticket"))
    assert isinstance(event, Opened)
    assert event.subject == f"Message in #{CHANNEL} marked by @{ADA}"
    assert event.text.split("\n") == [
        f"@{ADA} added :ticket: to a message in #{CHANNEL} of 2026-03-14 02:00:00 UTC.",
        f"Its author is @{BOB}. Read it at archives/{CHANNEL}/p1773453600000100 in the workspace.",
    ]
    assert event.aliases == (event.case_key,)
    assert event.started_at == event.occurred_at


@pytest.mark.parametrize("name", ["ticket", "white_check_mark"])
def test_taking_either_away_is_a_private_note(name: str) -> None:
    event = said(reaction(name, type="reaction_removed"), channels={CHANNEL: {"private": False}})
    assert isinstance(event, Commented)
    assert (event.unknown, event.reopens, event.private) == ("wait", False, True)
    assert event.aliases == ()
    assert f"removed :{name}: from" in event.text


def test_adding_taking_away_and_adding_again_are_three_events() -> None:
    again = reaction(event_ts="1773453999.000100")
    ids = {said(each).source_message_id for each in (reaction(), reaction(type="reaction_removed"), again)}
    assert len(ids) == 3
    assert said(reaction()) == said(reaction(), {"event_id": "Ev0000002", "event_time": 9})


@pytest.mark.parametrize("kind", ["reaction_added", "reaction_removed"])
def test_every_other_emoji_is_ignored(kind: str) -> None:
    assert (
        ignored(reaction("heart", type=kind))
        == "event.reaction: no effect, since open_emoji and close_emoji are other reactions"
    )


def test_the_emoji_are_settings_and_have_any_tone_of_skin() -> None:
    chosen: dict[str, Any] = {"close_emoji": "+1", "open_emoji": "sos"}
    assert isinstance(said(reaction("+1::skin-tone-4"), **chosen), Resolved)
    assert isinstance(said(reaction("sos"), **chosen), Opened)
    assert ignored(reaction("ticket"), **chosen)


def test_our_own_reaction_is_ignored() -> None:
    assert ignored(reaction(user=BOT)) == "the reaction is our own"


def test_a_reaction_to_a_file_is_ignored() -> None:
    assert ignored(reaction(item={"type": "file", "file": "F0PRINT01"})).startswith('event.item.type is "file"')


@pytest.mark.parametrize(
    "change",
    [
        {"user": ...},
        {"reaction": 7},
        {"reaction": ...},
        {"item": ...},
        {"item": []},
        {"item": {"type": "message", "ts": REPLY}},
        {"item": {"type": "message", "channel": CHANNEL}},
        {"event_ts": ...},
    ],
)
def test_a_reaction_that_does_not_say_who_or_to_what_cannot_be_read(change: dict[str, Any]) -> None:
    with pytest.raises(UnreadableMessage):
        delivered(envelope(reaction(**change)))


def test_a_reaction_from_another_workspace_finds_the_case_under_the_name_of_ours() -> None:
    ours: tuple[dict[str, Any], ...] = ({"context_team_id": "T0ACME001", "authorizations": []}, {})
    for told in ours:
        event = said(reaction(), {"team_id": "T0GUEST09"} | told)
        assert event.case_key not in said(mention()).aliases
        assert {reference.alias for reference in event.references} & set(said(mention()).aliases)

"""Tests of Telegram's reactions: one opens, one closes, and removing either is a private note."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.contract.events import Commented, Event, Opened, Resolved
from connectors.contract.messages import UnreadableMessage

from .builders import ADA_ID, DIRECT, delivered, ignored, key, reaction

OPEN, CLOSE = "✍", "🏆"


def reacted(before: list[str], after: list[str], settings: dict[str, Any] | None = None, **changes: Any) -> list[Event]:
    return list(delivered(reaction(before, after, **changes), "message_reaction", **(settings or {})).events)


def test_each_of_the_two_reactions_has_its_meaning() -> None:
    (opened,), (closed,) = reacted([], [OPEN]), reacted([], [CLOSE])
    assert isinstance(opened, Opened)
    assert isinstance(closed, Resolved)
    assert opened.case_key == closed.case_key == key(10)
    assert closed.authority == "opener"


def test_a_closer_may_close_by_reaction() -> None:
    (closed,) = reacted([], [CLOSE], {"closers": str(ADA_ID)})
    assert closed.authority == "source"


def test_taking_it_away_is_a_private_note_that_makes_no_name_known() -> None:
    public = {"channels": {"-1001000000001": {"private": False}}}
    (event,) = reacted([CLOSE], [], public)
    assert isinstance(event, Commented)
    assert event.private
    assert event.aliases == ()
    assert event.unknown == "wait"
    assert not reacted([], [CLOSE], public)[0].private


def test_one_reaction_in_the_place_of_another_says_both() -> None:
    assert [type(each) for each in reacted([OPEN], [CLOSE])] == [Resolved, Commented]


def test_a_reaction_that_was_there_before_says_nothing_again() -> None:
    assert (
        ignored(reaction([OPEN], [OPEN, "👍"]), "message_reaction") == "none of the reactions opens or closes tickets"
    )


def test_the_same_update_is_the_same_event_and_a_later_one_is_another() -> None:
    first, again, later = (reacted([], [OPEN], date=each)[0] for each in (1773453900, 1773453900, 1773453901))
    assert first == again
    assert later.source_message_id != first.source_message_id


def test_an_emoji_counts_with_and_without_its_variation_selector() -> None:
    assert reacted([], [OPEN + "\ufe0f"]) == reacted([], [OPEN])
    assert reacted([], [OPEN], {"open_emoji": OPEN + "\ufe0f"}) == reacted([], [OPEN])


def test_a_custom_emoji_is_configured_by_its_id() -> None:
    custom = {"new_reaction": [{"type": "custom_emoji", "custom_emoji_id": "5368324170671202286"}]}
    (event,) = reacted([], [], {"open_emoji": "5368324170671202286"}, **custom)
    assert isinstance(event, Opened)


def test_in_a_private_chat_it_belongs_to_the_case_of_the_chat() -> None:
    assert reacted([], [OPEN], chat=DIRECT)[0].case_key == str(ADA_ID)


@pytest.mark.parametrize("changes", [{"user": ...}, {"new_reaction": None}, {"message_id": ...}, {"date": ...}])
def test_a_reaction_that_cannot_be_placed_is_unreadable(changes: dict[str, Any]) -> None:
    with pytest.raises(UnreadableMessage):
        reacted([], [OPEN], **changes)

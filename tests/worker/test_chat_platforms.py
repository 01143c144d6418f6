"""Conversations in Telegram, Discord and Teams: one ticket, each message once, closed by authorised people."""

from __future__ import annotations

import copy
import json
from typing import Any

from connectors import connector, fixtures
from connectors.contract.messages import Unverified
from worker.ledger import Delivery, Ledger

from .builders import inbound
from .conversations import story

Payload = dict[str, Any]


def sample(kind: str, name: str) -> Payload:
    """Return a copy of a fixture's payload."""
    payload: Payload = copy.deepcopy(json.loads(fixtures(kind)[name].body))
    return payload


def take(ledger: Ledger, kind: str, payload: Payload, **settings: str) -> list[str]:
    """Record one delivery; return why each of its events had no effect, empty for an event with an effect."""
    code = connector(kind)
    arrived = inbound(json.dumps(payload).encode(), source=kind)
    read = code.parse(Unverified(arrived), code.settings.model_validate({"secret": "x", **settings}))
    (recorded,), _ = ledger.record([Delivery(arrived, read)])
    return [effect.reason or "" for effect in recorded.effects]


def made(ledger: Ledger) -> dict[str, list[str]]:
    """Return the kinds of operations by case key, in order."""
    return {key: [kind for kind, _ in done] for key, done in story(ledger).items()}


def test_an_album_whose_second_photo_comes_first_is_one_ticket(ledger: Ledger) -> None:
    assert take(ledger, "telegram", sample("telegram", "album-second")) != [""]
    assert take(ledger, "telegram", sample("telegram", "album-first")) == [""]
    assert made(ledger) == {"-1001000000001:20": ["create_ticket", "add_note", "add_note"]}
    (done,) = story(ledger).values()
    assert "170,000 bytes" in done[-1][1]


def test_an_edit_in_telegram_is_noted_once_and_a_preview_is_not(ledger: Ledger) -> None:
    first = sample("telegram", "command")
    take(ledger, "telegram", first)
    preview = {
        "update_id": 5,
        "edited_message": first["message"] | {"edit_date": 1773453700, "link_preview_options": {}},
    }
    assert "repeat" in take(ledger, "telegram", preview)[0]
    edit = {"update_id": 6, "edited_message": first["message"] | {"edit_date": 1773453701, "text": "/ticket It is up"}}
    assert take(ledger, "telegram", edit) == [""]
    assert "repeat" in take(ledger, "telegram", edit | {"update_id": 7})[0]
    (done,) = story(ledger).values()
    assert [kind for kind, _ in done] == ["create_ticket", "add_note", "add_note"]
    assert "It is up" in done[-1][1]


def test_a_private_chat_in_telegram_is_one_ticket_until_its_end(ledger: Ledger) -> None:
    first, end = sample("telegram", "private-chat"), sample("telegram", "private-chat-close")
    take(ledger, "telegram", first)
    more = copy.deepcopy(first)
    more["message"] |= {"message_id": 6, "text": "It beeps"}
    assert take(ledger, "telegram", more) == [""]
    end["message"]["message_id"] = 7
    assert take(ledger, "telegram", end) == [""]
    assert made(ledger) == {"500000001": ["create_ticket", "add_note", "add_note", "close_ticket"]}


def test_in_telegram_only_the_opener_and_closers_close(ledger: Ledger) -> None:
    take(ledger, "telegram", sample("telegram", "command"))
    by_another = sample("telegram", "close-command-by-closer")
    assert "may not close" in take(ledger, "telegram", by_another)[0]
    by_another["message"]["message_id"] += 1
    assert take(ledger, "telegram", by_another, closers="500000002") == [""]
    assert made(ledger) == {"-1001000000001:12": ["create_ticket", "add_note", "close_ticket"]}


def test_the_buttons_of_discords_answer_lead_to_the_ticket_and_close_for_its_opener(ledger: Ledger) -> None:
    opened, note, close = (sample("discord", name) for name in ("slash-command", "form-note-in-rows", "close-button"))
    assert take(ledger, "discord", opened) == [""]
    assert take(ledger, "discord", note) == [""]
    by_another = copy.deepcopy(close)
    by_another["member"]["user"] = note["member"]["user"]
    by_another["id"] = str(int(close["id"]) - 1)
    assert "may not close" in take(ledger, "discord", by_another)[0]
    assert take(ledger, "discord", close) == [""]
    assert made(ledger) == {opened["id"]: ["create_ticket", "add_note", "add_note", "close_ticket"]}


def test_two_who_open_a_ticket_from_one_message_in_discord_open_one(ledger: Ledger) -> None:
    assert take(ledger, "discord", sample("discord", "message-command")) == [""]
    assert "repeat" in take(ledger, "discord", sample("discord", "message-command-public"))[0]
    assert [each.count("create_ticket") for each in made(ledger).values()] == [1]


def test_a_thread_in_teams_is_one_ticket(ledger: Ledger) -> None:
    names = ("mention", "reply", "edit", "close-reply")
    assert [take(ledger, "teams", sample("teams", each)) for each in names] == [[""]] * 4
    assert "repeat" in take(ledger, "teams", sample("teams", "mention"))[0]
    (done,) = made(ledger).values()
    assert done == ["create_ticket", "add_note", "add_note", "add_note", "close_ticket"]


def test_a_thread_with_the_bot_in_teams_is_one_ticket_with_its_replies(ledger: Ledger) -> None:
    thread = "19:0123456789abcdef0123456789abcdef@thread.tacv2:1773453600101"
    take(ledger, "teams_bot", sample("teams_bot", "mention"))
    assert "repeat" in take(ledger, "teams_bot", sample("teams_bot", "mention"))[0]
    assert take(ledger, "teams_bot", sample("teams_bot", "reply")) == [""]
    assert take(ledger, "teams_bot", sample("teams_bot", "edit")) == [""]
    assert "repeat" in take(ledger, "teams_bot", sample("teams_bot", "edit"))[0]
    assert take(ledger, "teams_bot", sample("teams_bot", "deleted")) == [""]
    assert "may not close" in take(ledger, "teams_bot", sample("teams_bot", "close-reply"))[0]
    assert take(ledger, "teams_bot", sample("teams_bot", "close-reaction"), close_reaction="like") == [""]
    done = story(ledger)[thread]
    assert [kind for kind, _ in done] == ["create_ticket", *["add_note"] * 4, "close_ticket"]
    assert "since eight" in done[3][1]
    assert "The VPN" not in done[4][1]


def test_an_edit_in_teams_that_changes_no_word_is_nothing(ledger: Ledger) -> None:
    first = sample("teams_bot", "mention")
    take(ledger, "teams_bot", first)
    assert "repeat" in take(ledger, "teams_bot", first | {"type": "messageUpdate"})[0]


def test_a_chat_with_the_bot_in_teams_is_one_ticket_until_its_end(ledger: Ledger) -> None:
    first, end = sample("teams_bot", "personal"), sample("teams_bot", "personal-close")
    take(ledger, "teams_bot", first)
    assert take(ledger, "teams_bot", first | {"id": "1773453600198", "text": "close the lid? No."}) == [""]
    assert take(ledger, "teams_bot", end) == [""]
    assert made(ledger) == {"a:1personal-Example_0001": ["create_ticket", "add_note", "add_note", "close_ticket"]}

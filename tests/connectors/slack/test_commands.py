"""Tests of slash commands: a command opens a ticket, asks for text, or replies what to do instead."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.contract.events import Opened
from connectors.contract.messages import Parsed, UnreadableMessage
from connectors.slack import Settings

from .builders import ADA, BOB, CHANNEL, NOW, RESPONSE_URL, TOKEN, TRIGGER, configured, delivered, form, slash


def told(parsed: Parsed) -> str:
    """Return the text of the reply, which only its author sees."""
    assert parsed.reply is not None
    answer = json.loads(parsed.reply.body)
    assert answer["response_type"] == "ephemeral"
    return str(answer["text"])


def opened(fields: dict[str, Any], **settings: Any) -> Opened:
    (event,) = delivered(form(fields), **settings).events
    assert isinstance(event, Opened)
    return event


def test_its_words_open_a_ticket_that_is_named_by_its_trigger() -> None:
    event = opened(slash())
    assert event.case_key == event.source_message_id == f"T0ACME001:command:{TRIGGER}"
    assert (event.subject, event.priority, event.occurred_at) == ("VPN is down", "medium", NOW)
    assert event.text == f"VPN is down\n\nSlack: ada (@{ADA}) in #{CHANNEL}, 2026-03-14 03:00:00 UTC"
    assert event.attributes == (("channel", CHANNEL), ("team", "T0ACME001"), ("user", ADA))


def test_it_is_answered_to_the_person_alone_and_repeats_nothing() -> None:
    assert told(delivered(form(slash("The password is hunter2")))) == "Received: a ticket will be opened."


def test_a_form_and_the_json_of_socket_mode_say_the_same() -> None:
    assert delivered(slash("Köln & 100 %")) == delivered(form(slash("Köln & 100 %")))


def test_two_commands_with_the_same_words_are_two_tickets() -> None:
    assert opened(slash()).case_key != opened(slash(trigger_id="1.2.other")).case_key


def test_without_words_a_modal_is_opened_after_an_empty_answer() -> None:
    parsed = delivered(form(slash(" ")), bot_token=TOKEN)
    assert parsed.events == ()
    assert parsed.reply is not None
    assert (parsed.reply.status, parsed.reply.body) == (200, b"")
    assert parsed.prompt is not None
    assert parsed.prompt.url == "https://slack.com/api/views.open"
    assert parsed.prompt.headers["Authorization"] == f"Bearer {TOKEN}"
    assert json.loads(parsed.prompt.body)["trigger_id"] == TRIGGER
    assert TOKEN not in repr(parsed)


def test_without_words_and_without_a_token_it_says_what_to_type() -> None:
    parsed = delivered(form(slash("")))
    assert (parsed.events, parsed.prompt) == ((), None)
    assert told(parsed) == "Say what it is about: `/ticket VPN is down`"


@pytest.mark.parametrize("text", ["close", " Close ", "close 1042", "close #1042", "CLOSE: T-1042"])
def test_it_closes_nothing_and_says_how_to(text: str) -> None:
    parsed = delivered(form(slash(text)))
    assert (parsed.events, parsed.prompt) == ((), None)
    assert told(parsed) == (
        "Which ticket? Begin a reply in its thread with `close`, or put :white_check_mark: on one of its messages."
    )


@pytest.mark.parametrize("text", ["close the door of the server room", "close windows", "closed for today"])
def test_what_only_begins_like_that_is_something_to_do(text: str) -> None:
    assert opened(slash(text)).subject == text


def test_help_names_the_words_that_are_set() -> None:
    said = told(delivered(form(slash("help", command="/Desk")), command="/desk", close_word="fertig", close_emoji="+1"))
    assert "`/desk VPN is down` opens a ticket." in said
    assert "`fertig`, or put :+1:" in said


def test_another_command_is_remarked_and_told() -> None:
    parsed = delivered(form(slash(command="/weather")))
    assert [each.reason for each in parsed.ignored] == ["command: no effect, since the setting command is /ticket"]
    assert told(parsed) == "This command has no effect here."


@pytest.mark.parametrize("more", [{}, {"text": ..., "command": ...}])
def test_a_test_of_the_connection_is_answered_and_is_nothing(more: dict[str, Any]) -> None:
    parsed = delivered(form(slash(ssl_check="1", **more)))
    assert parsed.events == ()
    assert parsed.reply is not None
    assert parsed.reply.body == b""


@pytest.mark.parametrize("missing", ["trigger_id", "user_id", "channel_id"])
def test_a_command_that_does_not_say_who_or_where_cannot_be_read(missing: str) -> None:
    with pytest.raises(UnreadableMessage, match=rf"^{missing} is missing: expected "):
        delivered(form(slash(**{missing: ...})))


@pytest.mark.parametrize(
    ("where", "is_private"),
    [
        ({"channel_name": "help"}, False),
        ({"channel_name": "privategroup"}, True),
        ({"channel_name": "directmessage"}, True),
        ({"channel_name": "mpdm-ada--bob-1"}, True),
        ({"channel_id": "D0ADA0001"}, True),
        ({"channel_id": "C0OTHER01"}, True),
    ],
)
def test_only_a_channel_that_is_listed_and_not_called_private_is_public(
    where: dict[str, Any], is_private: bool
) -> None:
    listed = {"private": False, "channels": {each: {"private": False} for each in (CHANNEL, "D0ADA0001")}}
    assert opened(slash(**where), **listed).private is is_private


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"gestures": {"command": False}}, "Commands do not open tickets here."),
        ({"channels": {CHANNEL: {"openers": [ADA]}}}, "You may not open tickets here."),
        ({"openers": []}, "You may not open tickets here."),
    ],
)
@pytest.mark.parametrize("text", ["VPN is down", ""])
def test_who_may_open_nothing_here_is_told_so_and_asked_nothing(settings: Any, said: str, text: str) -> None:
    parsed = delivered(form(slash(text, user_id=BOB)), bot_token=TOKEN, **settings)
    assert (parsed.events, parsed.prompt, told(parsed)) == ((), None, said)


def test_a_channel_has_a_priority_and_a_category_of_its_own() -> None:
    event = opened(slash(), channels={CHANNEL: {"priority": "high", "category": "Network"}})
    assert (event.priority, event.category) == ("high", "Network")


def test_the_private_word_holds_for_a_command_too() -> None:
    public = {"channels": {CHANNEL: {"private": False}}, "private_word": "!private"}
    assert not opened(slash(), **public).private
    assert opened(slash("!private my salary"), **public).private


def test_where_the_number_is_told_is_the_address_that_slack_gave() -> None:
    receipts = {"receipts": True, "bot_token": TOKEN}
    assert opened(slash()).answer is None
    assert opened(slash(), **receipts).answer == json.dumps({"response_url": RESPONSE_URL})


@pytest.mark.parametrize(
    "address",
    [
        "http://hooks.slack.com/commands/1",
        "https://hooks.slack.com:8443/commands/1",
        "https://hooks.slack.com.example.net/commands/1",
        "https://example.net/hooks.slack.com",
        "https://ada:secret@hooks.slack.com/commands/1",
        "https://hooks.slack.com@example.net/commands/1",
        "https://example.net\\@hooks.slack.com/1",
        "file:///etc/passwd",
        "https://hooks.slack.com/" + "x" * 500,
        "",
    ],
)
def test_nobody_else_is_ever_told(address: str) -> None:
    assert opened(slash(response_url=address), receipts=True, bot_token=TOKEN).answer is None


def test_govslack_and_the_host_of_the_web_api_are_told() -> None:
    receipts = {"receipts": True, "bot_token": TOKEN, "api_url": "http://127.0.0.1:8090/api"}
    for address in ("https://hooks.slack-gov.com/commands/1", "http://127.0.0.1:8090/commands/1"):
        assert opened(slash(response_url=address), **receipts).answer == json.dumps({"response_url": address})
    assert opened(slash(response_url="http://127.0.0.1:8091/commands/1"), **receipts).answer is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"command": "ticket"},
        {"command": "/two words"},
        {"open_shortcut": "x", "close_shortcut": "x"},
        {"new_shortcut": ""},
        {"categories": ["x" * 76]},
        {"categories": [str(each) for each in range(101)]},
    ],
)
def test_settings_that_slack_cannot_do_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        configured(**wrong)


def test_categories_are_given_with_commas_or_as_a_list() -> None:
    wanted = ("Network", "Hardware request")
    given: list[Settings] = [configured(categories=each) for each in ("Network, Hardware request", list(wanted))]
    assert [each.categories for each in given] == [wanted, wanted]

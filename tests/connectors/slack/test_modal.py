"""Tests of the modal for a new ticket, and of its submission."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.contract.events import Event, Opened
from connectors.contract.messages import Parsed, UnreadableMessage

from .builders import BOB, CHANNEL, NOW, TOKEN, acted, delivered, form, slash, submission

IN_CHANNEL = {"private_metadata": json.dumps({"channel": CHANNEL, "type": None})}


def view_of(**settings: Any) -> dict[str, Any]:
    """Return the modal that a slash command without text opens."""
    parsed = delivered(form(slash("")), bot_token=TOKEN, **settings)
    assert parsed.prompt is not None
    shown: dict[str, Any] = json.loads(parsed.prompt.body)["view"]
    return shown


def sent(fields: dict[str, Any], view: dict[str, Any] | None = None, **settings: Any) -> Event:
    """Return the opening that a submission makes."""
    parsed = delivered(acted(submission(fields, view)), **settings)
    (event,) = parsed.events
    assert isinstance(event, Opened)
    assert answered(parsed) == {"response_action": "clear"}
    return event


def answered(parsed: Parsed) -> Any:
    assert parsed.reply is not None
    return json.loads(parsed.reply.body)


def test_it_asks_for_subject_text_priority_and_category_within_slacks_limits() -> None:
    view = view_of()
    blocks = {each["block_id"]: each for each in view["blocks"]}
    assert {name: each["optional"] for name, each in blocks.items()} == {
        "subject": False, "text": True, "priority": False, "category": True,
    }  # fmt: skip
    assert [each["value"] for each in blocks["priority"]["element"]["options"]] == ["low", "medium", "high", "urgent"]
    assert blocks["priority"]["element"]["initial_option"]["value"] == "medium"
    assert blocks["category"]["element"]["type"] == "plain_text_input"
    assert all(len(view[each]["text"]) <= 24 for each in ("title", "submit", "close"))


def test_categories_that_are_listed_are_chosen() -> None:
    category = view_of(categories="Network,Hardware request")["blocks"][3]["element"]
    assert [each["value"] for each in category["options"]] == ["Network", "Hardware request"]


def test_it_knows_where_it_was_opened() -> None:
    told = json.loads(view_of()["private_metadata"])
    assert told == {"channel": CHANNEL, "type": None}


def test_a_submission_opens_a_ticket_that_is_named_by_its_view() -> None:
    fields = {"subject": "VPN is down", "text": "Nobody can work.", "priority": ["high"], "category": "Network"}
    event = sent(fields, IN_CHANNEL, channels={CHANNEL: {"private": False}})
    assert event.case_key == event.source_message_id == "T0ACME001:view:V0NEW00001"
    assert (event.subject, event.priority, event.category) == ("VPN is down", "high", "Network")
    assert event.text == f"Nobody can work.\n\nSlack: bob (@{BOB}) in #{CHANNEL}, 2026-03-14 03:00:00 UTC"
    assert (event.private, event.occurred_at) == (False, NOW)


def test_what_a_channel_has_is_chosen_beforehand_and_who_may_not_open_is_told_so() -> None:
    urgent = {"channels": {CHANNEL: {"priority": "urgent"}}}
    (asked,) = [each for each in view_of(**urgent)["blocks"] if each["block_id"] == "priority"]
    assert asked["element"]["initial_option"]["value"] == "urgent"
    assert sent({"subject": "VPN is down"}, IN_CHANNEL, **urgent).priority == "urgent"
    parsed = delivered(acted(submission({"subject": "x"}, IN_CHANNEL)), channels={CHANNEL: {"openers": []}})
    assert parsed.events == ()
    assert answered(parsed)["errors"] == {"subject": "You may not open tickets here."}


def test_a_category_that_somebody_wrote_in_private_stays_in_the_private_text() -> None:
    event = sent({"subject": "Salary", "category": "Ada's raise"}, category="HR")
    assert (event.private, event.category) == (True, "HR")
    assert event.text.startswith("Category: Ada's raise\n\nSalary\n\n")
    assert sent({"subject": "Salary", "category": ["Payroll"]}, categories="Payroll").category == "Payroll"


def test_without_text_the_subject_is_the_text_and_the_rest_is_as_usual() -> None:
    event = sent({"subject": "VPN is down", "text": None, "category": " "}, category="Network")
    assert (event.text.split("\n")[0], event.priority, event.category) == ("VPN is down", "medium", "Network")


@pytest.mark.parametrize(
    "metadata",
    ["", "{", "[]", "{}", '{"channel": 7.5}', json.dumps({"channel": CHANNEL, "type": "group"}), "\ud800", None],
)
def test_what_was_not_surely_opened_in_a_public_channel_is_private(metadata: Any) -> None:
    view = {"private_metadata": metadata}
    assert sent({"subject": "x"}, view, channels={CHANNEL: {"private": False}}, private=False).private


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({}, {"subject": "Write a subject."}),
        ({"subject": " \n "}, {"subject": "Write a subject."}),
        ({"subject": "x", "priority": ["panic"]}, {"priority": "Choose one of low, medium, high, urgent."}),
        ({"subject": "x", "category": ["Gone"]}, {"category": "Choose another category: this one was removed."}),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_opens_nothing(fields: dict[str, Any], errors: dict[str, str]) -> None:
    parsed = delivered(acted(submission(fields)), categories="Network")
    assert parsed.events == ()
    assert answered(parsed) == {"response_action": "errors", "errors": errors}


def test_a_view_of_others_is_ignored_and_closes() -> None:
    parsed = delivered(acted(submission({}, {"callback_id": "lunch"})))
    assert [each.reason for each in parsed.ignored] == ["view.callback_id: no effect, since the form is another app's"]
    assert parsed.reply is not None
    assert parsed.reply.body == b""


def test_its_number_is_told_in_a_direct_message() -> None:
    assert sent({"subject": "x"}, receipts=True, bot_token=TOKEN).answer == json.dumps({"channel": BOB})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"view": ...}, "view is missing: expected an object"),
        ({"user": {}}, "user.id is missing: expected the id of the person who acted, like U0123456789"),
        (
            {"view": {"callback_id": "ticketrelay:new", "id": "V 1"}},
            'view.id is "V 1": expected the id of a trigger or a view',
        ),
    ],
)
def test_a_submission_without_a_name_cannot_be_read(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(UnreadableMessage) as caught:
        delivered(acted(submission({"subject": "x"}, **change)))
    assert str(caught.value) == reason

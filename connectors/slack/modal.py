"""The modal that asks for subject, text, priority and category of a new ticket.

The call that opens the modal is made after the acknowledgement, with a `trigger_id` that is valid for 3 s. The modal's
origin travels in `private_metadata`, which only the app sees. A modal without an origin makes a private ticket.

Source: docs.slack.dev, "Modals", "Modal views", "views.open", "Block Kit".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, get_args

from connectors.chats.facts import MAX_SUBJECT, paragraphs, subject
from connectors.contract.calls import HttpCall
from connectors.contract.events import Opened, Priority, digest
from connectors.contract.messages import Parsed, Remark, Reply, UnreadableMessage
from connectors.slack import receipts, web
from connectors.slack.envelope import maybe_id
from connectors.slack.facts import Words
from connectors.slack.gestures import (
    ACKNOWLEDGED,
    NAMES_OF_PRIVATE,
    Origin,
    ignored,
    is_private_at,
    new_case,
    nothing,
    read_gesture,
    read_handle,
)
from connectors.slack.settings import Settings
from connectors.toolbox.json_calls import json_call
from connectors.toolbox.reasons import unquoted_without_effect
from connectors.toolbox.strict_json import object_at, read_object, text_at, within
from connectors.toolbox.text import clean, cut, one_line

CALLBACK = "ticketrelay:new"
"""The callback ID of our modal."""
MAX_TEXT = 3000  # characters that Slack allows in a field
MAX_CATEGORY = 255

PRIORITIES: tuple[Priority, ...] = get_args(Priority)

CLEARED = Reply(json.dumps({"response_action": "clear"}).encode())

_TYPES = (*NAMES_OF_PRIVATE.values(), "mpim")


def opening(trigger: str, origin: Origin, teams: Sequence[str], settings: Settings) -> HttpCall | None:
    """Return the call that opens the modal; None without a token for the workspace."""
    token = next((found for each in teams if (found := settings.token(each)) is not None), None)
    if token is None:
        return None
    body = {"trigger_id": trigger, "view": _view(origin, settings)}
    return json_call(web.url(settings, "views.open"), body, web.JSON | web.bearer(token))


def asked(prompt: HttpCall) -> Parsed:
    """Return a result without events: the modal's submission will bring the ticket."""
    remark = Remark("trigger_id", "a form is opened: its submission brings the ticket")
    return Parsed(ignored=(remark,), reply=ACKNOWLEDGED, prompt=prompt)


def submitted(payload: Mapping[str, Any], received_at: datetime, settings: Settings) -> Parsed:
    """Read a submitted modal. The view's id names the ticket, so repeated submissions open only one."""
    view = within(payload, "view")
    if view.get("callback_id") != CALLBACK:
        return ignored(unquoted_without_effect("view.callback_id", "the form is another app's"))
    done, name = read_gesture(payload, received_at, settings), read_handle(view, "id")
    given = dict(_given(view))
    if refused := _refused(given, settings):
        return nothing(
            "view.state", f"the form was returned to be corrected: {' '.join(refused.values())}", _errors(refused)
        )
    origin = _origin(view)
    rules = settings.rules(origin.channel)
    if reason := rules.refuses("form") or rules.turns_away(done.user):
        return nothing("view", reason, _errors({"subject": "You may not open tickets here."}))
    title, text, category = one_line(given["subject"]), given.get("text", ""), given.get("category")
    priority = next((each for each in PRIORITIES if each == given.get("priority")), rules.priority)
    words = Words(subject(title, ""), text or title, digest(title, text, priority, category or ""))
    if category and not settings.categories and is_private_at(origin.channel, origin.type, rules):
        # A free category is a user's words, and a ticket's category is not private.
        words, category = replace(words, text=paragraphs(f"Category: {one_line(category)}", words.text)), None
    shared = new_case(
        done,
        settings,
        f"view:{name}",
        words,
        origin=origin,
        answer=receipts.target(done.user, None, done.envelope.teams, settings),
        priority=priority,
        category=cut(one_line(category), MAX_CATEGORY) if category else None,
    )
    return Parsed(events=(Opened(**shared),), reply=CLEARED)


def _errors(by_block: Mapping[str, str]) -> Reply:
    """Return the errors that Slack shows below the modal's fields; the modal stays open."""
    return Reply(json.dumps({"response_action": "errors", "errors": by_block}).encode())


def _refused(given: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """Return the errors in the submission, by block."""
    refused = {}
    if not one_line(given.get("subject", "")):
        refused["subject"] = "Write a subject."
    if given.get("priority") not in (None, *PRIORITIES):
        refused["priority"] = f"Choose one of {', '.join(PRIORITIES)}."
    if settings.categories and given.get("category") not in (None, *settings.categories):
        refused["category"] = "Choose another category: this one was removed."
    return refused


def _given(view: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the written or chosen values by block, without empty ones."""
    for block, elements in object_at(object_at(view, "state"), "values").items():
        for each in elements.values() if isinstance(elements, dict) else ():
            if not isinstance(each, dict):
                continue
            value = text_at(each, "value") or text_at(object_at(each, "selected_option"), "value")
            if said := clean(value).strip():
                yield block, said


def _origin(view: Mapping[str, Any]) -> Origin:
    """Return the modal's origin; an unknown origin if the metadata cannot be read."""
    try:
        told = read_object(text_at(view, "private_metadata").encode("utf-8", "replace"))
    except UnreadableMessage:
        return Origin()
    return Origin(maybe_id(told.get("channel")), next((each for each in _TYPES if each == told.get("type")), None))


def _view(origin: Origin, settings: Settings) -> dict[str, Any]:
    """Return the view of the modal."""
    levels = [_option(each, each.capitalize()) for each in PRIORITIES]
    chosen = levels[PRIORITIES.index(settings.rules(origin.channel).priority)]
    category: dict[str, Any] = {"type": "plain_text_input", "max_length": MAX_CATEGORY}
    if settings.categories:
        category = {"type": "static_select", "options": [_option(each, each) for each in settings.categories]}
    blocks = [
        _input("subject", "Subject", {"type": "plain_text_input", "max_length": MAX_SUBJECT}),
        _input("text", "What happened?", {"type": "plain_text_input", "multiline": True, "max_length": MAX_TEXT}, True),
        _input("priority", "Priority", {"type": "static_select", "options": levels, "initial_option": chosen}),
        _input("category", "Category", category, True),
    ]
    view = {"type": "modal", "callback_id": CALLBACK, "title": _plain("New ticket"), "blocks": blocks}
    view |= {"submit": _plain("Open"), "close": _plain("Cancel")}
    if origin.channel is not None:
        view["private_metadata"] = json.dumps({"channel": origin.channel, "type": origin.type})
    return view


def _input(block: str, label: str, element: dict[str, Any], optional: bool = False) -> dict[str, Any]:
    whole = {"type": "input", "block_id": block, "label": _plain(label), "optional": optional}
    return whole | {"element": element | {"action_id": "given"}}


def _option(value: str, text: str) -> dict[str, Any]:
    return {"value": value, "text": _plain(text)}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}

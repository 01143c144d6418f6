"""Slash commands: the words open a ticket; a command without words opens a modal that asks for them.

Slack does not allow slash commands in threads and sends no thread with them. So a command opens a case of its own, and
cannot close one.

Source: docs.slack.dev, "Implementing slash commands".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.chats.facts import begins_with, subject
from connectors.contract.events import Opened
from connectors.contract.messages import Parsed
from connectors.slack import modal, receipts, rendering
from connectors.slack.envelope import read_id
from connectors.slack.facts import Words
from connectors.slack.gestures import (
    OPENED,
    Gesture,
    Origin,
    channel_type,
    ignored,
    new_case,
    nothing,
    read_gesture,
    read_handle,
    told,
)
from connectors.slack.settings import Settings
from connectors.toolbox.reasons import unquoted_without_effect
from connectors.toolbox.strict_json import text_at

HELP = "help"


def command(payload: Mapping[str, Any], received_at: datetime, settings: Settings) -> Parsed:
    """Read a slash command; its fields are those of the form that Slack posts."""
    if text_at(payload, "command").casefold() != settings.command.casefold():
        remark = unquoted_without_effect("command", f"the setting command is {settings.command}")
        return ignored(remark, told("This command has no effect here."))
    done = read_gesture(payload, received_at, settings)
    text = rendering.plain(text_at(payload, "text"))
    words = text.casefold().split()
    if words == [HELP]:
        return nothing("text", "the command asked for help", told(_help(settings)))
    if _would_close(words, settings):
        reason = "a slash command closes no ticket: Slack sends no thread with it"
        return nothing("text", reason, told(f"Which ticket? {_how_to_close(settings)}"))
    if refused := _refused(read_id(payload, "channel_id"), done.user, settings):
        return refused
    if not words:
        return _asked(payload, done, settings)
    return _opened(payload, done, text, settings)


def _refused(channel: str, user: str, settings: Settings) -> Parsed | None:
    """Return the reply to a user whose command may not open a ticket here; None if it may."""
    rules = settings.rules(channel)
    if reason := rules.refuses("command"):
        return nothing("text", reason, told("Commands do not open tickets here."))
    if reason := rules.turns_away(user):
        return nothing("text", reason, told("You may not open tickets here."))
    return None


def _opened(payload: Mapping[str, Any], done: Gesture, text: str, settings: Settings) -> Parsed:
    url = receipts.response_url(payload.get("response_url"), settings)
    shared = new_case(
        done,
        settings,
        f"command:{read_handle(payload, 'trigger_id')}",
        Words(subject(text, f"A message of {done.who}"), text, text_at(payload, "text")),
        origin=_origin(payload),
        answer=receipts.target_of_response(url) if url else None,
    )
    return Parsed(events=(Opened(**shared),), reply=told(OPENED))


def _asked(payload: Mapping[str, Any], done: Gesture, settings: Settings) -> Parsed:
    prompt = modal.opening(read_handle(payload, "trigger_id"), _origin(payload), done.envelope.teams, settings)
    if prompt is None:
        return nothing(
            "text", "the command has no words", told(f"Say what it is about: `{settings.command} VPN is down`")
        )
    return modal.asked(prompt)


def _origin(payload: Mapping[str, Any]) -> Origin:
    return Origin(read_id(payload, "channel_id"), channel_type(payload.get("channel_name")))


def _would_close(words: Sequence[str], settings: Settings) -> bool:
    """True for `close`, alone or with a word that looks like a ticket number. `close the door` is a new ticket."""
    if not words or not begins_with(words[0], settings.close_word):
        return False
    return len(words) == 1 or (len(words) == 2 and any(each.isdigit() for each in words[1]))


def _how_to_close(settings: Settings) -> str:
    word, emoji = settings.close_word, settings.close_emoji
    return f"Begin a reply in its thread with `{word}`, or put :{emoji}: on one of its messages."


def _help(settings: Settings) -> str:
    return "\n".join(
        [
            f"`{settings.command} VPN is down` opens a ticket.",
            f"`{settings.command}` alone asks for its subject, priority and category.",
            f"To close a ticket: {_how_to_close(settings)}",
        ]
    )

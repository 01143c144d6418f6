"""Shortcuts in Slack: message shortcuts open or close a message's ticket; a global shortcut opens the modal.

A ticket that is opened from a message is named by the message. So two people who open it, or one who mentioned the bot
in it, get one ticket. In a thread, the message belongs to the case of the thread's root, as a mention does.

Source: docs.slack.dev, "Shortcuts interaction payloads".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.chats.facts import first_line, named, paragraphs, subject
from connectors.contract.events import Commented, Event, Opened, Resolved
from connectors.contract.messages import Parsed
from connectors.slack import modal, rendering
from connectors.slack.envelope import Place, maybe_id, moment, names, read_id, read_place
from connectors.slack.facts import Deed, Words, facts
from connectors.slack.gestures import (
    ACKNOWLEDGED,
    Gesture,
    Origin,
    channel_type,
    ignored,
    nothing,
    read_gesture,
    read_handle,
)
from connectors.slack.settings import Settings
from connectors.toolbox.reasons import Located, path_of, unquoted_without_effect
from connectors.toolbox.strict_json import object_at, within
from connectors.toolbox.text import readable


def anywhere(payload: Mapping[str, Any], received_at: datetime, settings: Settings) -> Parsed:
    """Read a global shortcut. It names no channel, so the text of its modal is private."""
    if payload.get("callback_id") != settings.new_shortcut:
        return _of_another_app()
    done, rules = read_gesture(payload, received_at, settings), settings.rules()
    if reason := rules.refuses("form") or rules.turns_away(done.user):
        return nothing("callback_id", reason)
    prompt = modal.opening(read_handle(payload, "trigger_id"), Origin(), done.envelope.teams, settings)
    if prompt is None:
        return nothing("callback_id", "no form can be opened: the setting bot_token is missing")
    return modal.asked(prompt)


def on_message(payload: Mapping[str, Any], received_at: datetime, settings: Settings) -> Parsed:
    """Read a message shortcut, which carries the whole message."""
    chosen = payload.get("callback_id")
    if chosen not in (settings.open_shortcut, settings.close_shortcut):
        return _of_another_app()
    done = read_gesture(payload, received_at, settings)
    channel, message = within(payload, "channel"), within(payload, "message")
    fields = {"ts": payload.get("message_ts")} | message | {"channel": read_id(channel, "id")}
    place = read_place(Located(fields, path_of(message)))
    kind, rules = channel_type(channel.get("name")), settings.rules(place.channel)
    if off := rules.refuses("shortcut"):
        return nothing("callback_id", off)
    if chosen == settings.close_shortcut:
        return Parsed(events=(_closed(payload, done, place, kind, settings),), reply=ACKNOWLEDGED)
    if _is_ours(message, done):
        return nothing("message", "our own app wrote the message")
    if place.root == place.ts and (reason := rules.turns_away(done.user)):
        return nothing("user", reason)
    return Parsed(events=(_opened(message, done, place, kind, settings),), reply=ACKNOWLEDGED)


def _opened(message: Mapping[str, Any], done: Gesture, place: Place, kind: str | None, settings: Settings) -> Event:
    raw = rendering.raw_text(message)
    text = rendering.plain(rendering.without_mention(raw, done.envelope.bots) if done.envelope.bots else raw)
    whole = rendering.whole(text, message, _writer(message), place.channel, moment(place.ts))
    by = f"{done.who} opened a ticket from this message, {readable(done.when)}.\n{_read_at(place)}"
    words = Words(subject(text, f"Message in #{place.channel}"), paragraphs(whole, by), raw)
    rules = settings.rules(place.channel)
    shared = facts(
        done.envelope,
        settings,
        place,
        words,
        Deed(done.when, done.user, kind),
        private=rules.marked_private(text, rendering.forwarded(message)),
    )
    writer = None if message.get("bot_id") else maybe_id(message.get("user"))
    shared["participants"] = tuple(dict.fromkeys((done.user, *((writer,) if writer else ()))))
    if place.root != place.ts:
        return Commented(**shared, unknown=rules.unknown(done.user), other_words="copy")
    shared["references"] = shared["references"][1:]
    return Opened(**shared, other_words="copy")


def _closed(payload: Mapping[str, Any], done: Gesture, place: Place, kind: str | None, settings: Settings) -> Resolved:
    words = Words(
        subject=f"Ticket of a message in #{place.channel} closed by {done.who}",
        text=f"{done.who} closed the ticket of a message in #{place.channel} of {readable(moment(place.ts))}.\n"
        f"{_read_at(place)}",
        raw="",
    )
    shared = facts(
        done.envelope,
        settings,
        place,
        words,
        Deed(done.when, done.user, kind),
        suffix=f":{done.user}:closed:{read_handle(payload, 'trigger_id')}",
    )
    shared["references"] = named(
        (*names(done.envelope, place.channel, place.root), *names(done.envelope, place.channel, place.ts))
    )
    shared["aliases"] = ()
    return Resolved(**shared, authority=settings.rules(place.channel).authority(done.user))


def _is_ours(message: Mapping[str, Any], done: Gesture) -> bool:
    app = done.envelope.app
    return maybe_id(message.get("user")) in done.envelope.bots or (app is not None and message.get("app_id") == app)


def _writer(message: Mapping[str, Any]) -> str:
    """Return the author of the message: a person, or a bot by its display name."""
    user = maybe_id(message.get("user"))
    bot = first_line(message.get("username"), object_at(message, "bot_profile").get("name"))
    return rendering.person(user, message) if user or bot is None else bot


def _read_at(place: Place) -> str:
    return f"Read it at archives/{place.channel}/p{place.ts.replace('.', '')} in the workspace."


def _of_another_app() -> Parsed:
    return ignored(unquoted_without_effect("callback_id", "the settings name other shortcuts"))

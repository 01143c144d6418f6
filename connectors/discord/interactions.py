"""Interactions in Discord: commands, buttons and forms open, note or close; each is answered at once.

In a thread, the thread is the case. Elsewhere a command opens a case of its own, and the reply has buttons that name
the case: a channel holds many conversations, so only the buttons identify the ticket there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.chats.channels import Rules
from connectors.chats.facts import Facts, named, subject
from connectors.contract.events import Commented, Event, Opened, Resolved, digest
from connectors.contract.messages import Parsed, Remark
from connectors.discord import content, receipts, replies
from connectors.discord.envelope import Interaction, maybe_id, person, read_id
from connectors.discord.replies import OURS
from connectors.discord.settings import Settings
from connectors.toolbox.reasons import MISSING, path_of, unquoted_without_effect, without_effect
from connectors.toolbox.strict_json import object_at, text_at, within
from connectors.toolbox.text import readable

CHAT_INPUT, USER, MESSAGE = 1, 2, 3
"""Types of commands: a slash command, a user menu command, a message menu command."""


def command(payload: Mapping[str, Any], done: Interaction, settings: Settings) -> Parsed:
    """Read an application command."""
    data = within(payload, "data")
    name, kind = text_at(data, "name").casefold(), data.get("type", CHAT_INPUT)
    if kind == CHAT_INPUT and name == settings.command.casefold():
        return _slash(data, done, settings)
    if kind == MESSAGE and name == settings.open_message_command.casefold():
        return _open_message(data, done, settings)
    if kind == MESSAGE and name == settings.close_message_command.casefold():
        return _close_message(data, done, settings)
    remark = without_effect(path_of(data, "name"), data.get("name", MISSING), "the settings name other commands")
    return _ignored(remark, "This command has no effect here.")


def button(payload: Mapping[str, Any], done: Interaction, settings: Settings) -> Parsed:
    """Read a button of ours: one closes, one asks for a note. Buttons stand below the reply that opened the case."""
    data = within(payload, "data")
    ours = OURS.fullmatch(text_at(data, "custom_id"))
    if ours is None or ours[2] is None:
        return _of_another_app(data, "button")
    rules = done.rules(settings)
    if off := rules.refuses("button"):
        return _off(off)
    if ours[1] == "note":
        return Parsed(reply=replies.form("note", ours[2]))
    if ours[1] == "open":
        return _asked(done, rules)
    # A thread that is made from the reply has the reply's id. From now on this id leads to the case.
    answer = maybe_id(object_at(payload, "message").get("id"))
    return _closed(done, settings, ours[2], *((answer,) if answer else ()))


def form(payload: Mapping[str, Any], done: Interaction, settings: Settings) -> Parsed:
    """Read a submitted form of ours."""
    data = within(payload, "data")
    ours = OURS.fullmatch(text_at(data, "custom_id"))
    fields = content.form_fields(data)
    text = "\n\n".join(fields[each] for each in ("subject", "text") if each in fields)
    if ours is None or ours[1] == "close" or (ours[1] == "note" and not ours[2]):
        return _of_another_app(data, "form")
    if not text:
        return _nothing("the form is empty", "The form is empty.")
    if off := done.rules(settings).refuses("form"):
        return _off(off)
    if ours[1] == "note":
        shared = _facts(done, settings, ours[2], text, [])
        return _answered(Commented(**shared, unknown="wait"), replies.NOTED)
    return _opened(done, settings, text, [])


def _slash(data: Mapping[str, Any], done: Interaction, settings: Settings) -> Parsed:
    chosen, options = content.subcommand(data)
    text, files, rules = content.option_text(options), content.option_files(data, options), done.rules(settings)
    if off := rules.refuses("command"):
        return _off(off)
    says_close = rules.has("close_word") and text.casefold() == settings.close_word.casefold()
    if chosen == "close" or says_close:
        return _closed(done, settings, done.thread) if done.thread else _nowhere()
    if chosen == "note":
        if done.thread is None:
            return _nowhere()
        if not text and not files:
            return Parsed(reply=replies.form("note", done.thread))
        shared = _facts(done, settings, done.thread, text, files)
        if done.guild is not None and not files:
            shared = rules.made_public(shared, text)
        return _answered(Commented(**shared, unknown="wait"), replies.NOTED, done.thread)
    if not text and not files:
        return _asked(done, rules)
    return _opened(done, settings, text, files)


def _asked(done: Interaction, rules: Rules) -> Parsed:
    """Return a form for a new ticket, if the user may open one."""
    if reason := rules.turns_away(*done.ids):
        return _nothing(reason, replies.TURNED_AWAY)
    return Parsed(reply=replies.form("open"))


def _opened(done: Interaction, settings: Settings, text: str, files: list[Mapping[str, Any]]) -> Parsed:
    shared = _facts(done, settings, done.thread or done.id, text, files)
    if done.thread:
        return _in_thread(shared, done, settings, done.thread)
    if reason := done.rules(settings).turns_away(*done.ids):
        return _nothing(reason, replies.TURNED_AWAY)
    shared["references"] = ()
    return _answered(Opened(**shared), replies.OPENED, done.id)


def _in_thread(shared: Facts, done: Interaction, settings: Settings, case: str) -> Parsed:
    """Return a comment on a thread's case. It opens a missing case if the user may open tickets."""
    unknown = done.rules(settings).unknown(*done.ids)
    said = replies.IN_THREAD if unknown == "open" else replies.NOTED
    return _answered(Commented(**shared, unknown=unknown), said, case)


def _open_message(data: Mapping[str, Any], done: Interaction, settings: Settings) -> Parsed:
    """Open a ticket from an existing message. The message names it, so two people who open it open one ticket."""
    if off := done.rules(settings).refuses("shortcut"):
        return _off(off)
    target = read_id(data, "target_id")
    message = within(object_at(object_at(data, "resolved"), "messages"), target)
    text, files, writer = content.message_text(message), content.message_files(message), object_at(message, "author")
    case = done.thread or target
    shared = _facts(done, settings, case, text, files, *_names_of(target, message))
    author = maybe_id(writer.get("id"))
    if author and writer.get("bot") is not True:
        shared["participants"] = tuple(dict.fromkeys((done.user, author)))
    link = f"https://discord.com/channels/{done.guild or '@me'}/{done.channel}/{target}"
    shared["source_message_id"] = f"message:{target}"
    shared["text"] = content.whole(text, files, f"Written by {person(writer)}: {link}", _signature(done))
    if done.thread:
        return _in_thread(shared, done, settings, case)
    if reason := done.rules(settings).turns_away(*done.ids):
        return _nothing(reason, replies.TURNED_AWAY)
    shared["references"] = shared["references"][1:]
    return _answered(Opened(**shared), replies.OPENED, case)


def _close_message(data: Mapping[str, Any], done: Interaction, settings: Settings) -> Parsed:
    if off := done.rules(settings).refuses("shortcut"):
        return _off(off)
    target = read_id(data, "target_id")
    names = _names_of(target, object_at(object_at(object_at(data, "resolved"), "messages"), target))
    return _closed(done, settings, done.thread or target, *names)


def _closed(done: Interaction, settings: Settings, case: str, *names: str) -> Parsed:
    shared = _facts(done, settings, case, "", [], *names)
    return _answered(Resolved(**shared, authority=done.rules(settings).authority(*done.ids)), replies.CLOSING)


def _names_of(target: str, message: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of a message. A reply of ours is also known by the id of its interaction."""
    asked = maybe_id(object_at(message, "interaction_metadata").get("id"))
    return (target, asked) if asked else (target,)


def _facts(
    done: Interaction, settings: Settings, case: str, text: str, files: list[Mapping[str, Any]], *names: str
) -> Facts:
    rules = done.rules(settings)
    attributes = {"channel": done.channel, "user": done.user} | ({"team": done.guild} if done.guild else {})
    known = tuple(dict.fromkeys((case, *names)))
    return Facts(
        case_key=case,
        source_message_id=f"interaction:{done.id}",
        occurred_at=done.when,
        started_at=done.when,
        subject=subject(text, f"A message of {done.who}"),
        text=content.whole(text, files, _signature(done)),
        content_digest=digest(text, *(text_at(each, "id") for each in files)),
        priority=rules.priority,
        category=rules.category,
        private=rules.marked_private(text) or done.is_private(rules),
        private_change=rules.private_word is not None,
        aliases=known,
        references=named(known),
        author=done.user,
        participants=(done.user,),
        attributes=tuple(sorted(attributes.items())),
        answer=_answer(done, settings),
    )


def _answer(done: Interaction, settings: Settings) -> str | None:
    if not settings.receipts or done.application is None or not done.token:
        return None
    return receipts.target(done.application, done.id, done.token)


def _signature(done: Interaction) -> str:
    return f"Discord: {done.who} in #{done.channel}, {readable(done.when)}"


def _answered(event: Event, text: str, case: str | None = None) -> Parsed:
    return Parsed(events=(event,), reply=replies.told(text, private=event.private, case=case))


def _nowhere() -> Parsed:
    return _nothing(
        "outside of a thread, the command names no ticket",
        "Which ticket? Use the command in the ticket's thread, or the buttons below the reply that opened the ticket.",
    )


def _off(reason: str) -> Parsed:
    return _nothing(reason, replies.OFF)


def _of_another_app(data: Mapping[str, Any], thing: str) -> Parsed:
    remark = unquoted_without_effect(path_of(data, "custom_id"), f"the {thing} is another app's")
    return _ignored(remark, f"This {thing} has no effect here.")


def _nothing(reason: str, text: str) -> Parsed:
    return _ignored(Remark("data", reason), text)


def _ignored(remark: Remark, text: str) -> Parsed:
    return Parsed(ignored=(remark,), reply=replies.told(text, private=True))


HANDLERS: dict[int, Callable[[Mapping[str, Any], Interaction, Settings], Parsed]] = {2: command, 3: button, 5: form}
"""Handlers by interaction type."""

"""Reactions in Telegram: one emoji opens, one closes; removing either is a note.

An update names the message, but neither its text nor its thread; it lists the person's reactions before and after. So
the case is found by the message's own name, which every message of a case makes known. Bots get these updates if they
are administrators and ask for them. Reactions of bots, and anonymous counts, are other updates.

Source: core.telegram.org/bots/api, "MessageReactionUpdated", "ReactionType".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.chats.facts import Facts, named, subject
from connectors.contract.events import Commented, Opened, Resolved, digest
from connectors.contract.messages import Remark
from connectors.telegram import content, receipts
from connectors.telegram.envelope import is_private, maybe_number, read_moment, read_number
from connectors.telegram.settings import Settings
from connectors.toolbox.reading import Said
from connectors.toolbox.reasons import missing, path_of, unexpected
from connectors.toolbox.strict_json import within
from connectors.toolbox.text import readable

_VARIATION = "\ufe0f"  # requests the coloured form of an emoji; only some senders write it


def reacted(update: Mapping[str, Any], settings: Settings) -> tuple[Said, ...]:
    """Read a `message_reaction`: added reactions, then removed ones. A replaced reaction is both."""
    before, after = _emojis(update, "old_reaction"), _emojis(update, "new_reaction")
    changes = [("added", each) for each in after if each not in before]
    changes += [("removed", each) for each in before if each not in after]
    ours = {_plain(settings.open_emoji): "open_reaction", _plain(settings.close_emoji): "close_reaction"}
    said = tuple(_reaction(update, settings, verb, each, ours[each]) for verb, each in changes if each in ours)
    return said or (Remark("message_reaction", "none of the reactions opens or closes tickets"),)


def _reaction(update: Mapping[str, Any], settings: Settings, verb: str, emoji: str, gesture: str) -> Said:
    rules = settings.rules(read_number(within(update, "chat"), "id"))
    shared = _facts(update, settings, verb, emoji)
    if off := rules.refuses(gesture):
        return Remark("message_reaction", off)
    if verb == "removed":
        shared["private"] = True
        shared["aliases"] = ()
        return Commented(**shared, unknown="wait", reopens=False)
    if gesture == "open_reaction":
        reason = rules.turns_away(shared["author"])
        return Remark("message_reaction", reason) if reason else Opened(**shared)
    shared["aliases"] = ()
    return Resolved(**shared, authority=rules.authority(shared["author"]))


def _facts(update: Mapping[str, Any], settings: Settings, verb: str, emoji: str) -> Facts:
    chat = within(update, "chat")
    chat_id, number, when = read_number(chat, "id"), read_number(update, "message_id"), read_moment(update, "date")
    user, name, rules = _who(update), f"{chat_id}:{number}", settings.rules(chat_id)
    who, where = content.person(update), content.title(chat)
    did = "marked" if verb == "added" else "unmarked"
    text = (
        f"{who} {verb} {emoji} {'to' if verb == 'added' else 'from'} message {number} in {where}, {readable(when)}.\n"
        "Telegram does not send the text of that message."
    )
    case = chat_id if chat.get("type") == "private" else name
    attributes = {"channel": chat_id, "chat_type": str(chat.get("type")), "reaction": emoji, "user": user}
    return Facts(
        case_key=case,
        source_message_id=f"{name}:{user}:{emoji}:{verb}:{int(when.timestamp())}",
        occurred_at=when,
        started_at=when,
        subject=subject(f"Message in {where} {did} by {who}", name),
        text=text,
        content_digest=digest(verb, emoji),
        priority=rules.priority,
        category=rules.category,
        private=is_private(rules, chat),
        aliases=tuple(dict.fromkeys((case, name))),
        references=named((name, case)),
        author=user,
        participants=(user,),
        attributes=tuple(sorted(attributes.items())),
        answer=receipts.target(chat_id, number) if settings.receipts else None,
    )


def _who(update: Mapping[str, Any]) -> str:
    """Return the id of the person who reacted: a user, or the chat in whose name they acted."""
    for field in ("user", "actor_chat"):
        who = update.get(field)
        if isinstance(who, dict) and (number := maybe_number(who.get("id"))):
            return number
    raise missing(path_of(update, "user"), "user.id or actor_chat.id, who reacted")


def _emojis(update: Mapping[str, Any], field: str) -> list[str]:
    listed = update.get(field)
    if not isinstance(listed, list):
        raise unexpected(update, field, "a list of reactions")
    return list(dict.fromkeys(_read(listed)))


def _read(listed: list[object]) -> Iterator[str]:
    for each in listed:
        if isinstance(each, dict):
            value = each.get("emoji") if each.get("type") == "emoji" else each.get("custom_emoji_id")
            if isinstance(value, str):
                yield _plain(value)


def _plain(emoji: str) -> str:
    return emoji.replace(_VARIATION, "")

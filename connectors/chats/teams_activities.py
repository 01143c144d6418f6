"""What does Microsoft Teams say in an activity, as a webhook or a bot gets them? Where, who, when and what.

A thread is named by its channel and its first message, which stands behind `;messageid=` in the conversation's id.
Teams writes plain text with `<at>` around mentions and `&nbsp;` behind them, or HTML, and does not always say which.

Source: learn.microsoft.com/microsoftteams/platform, "Create Outgoing Webhooks"; Bot Framework, "Activity".
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import StringConstraints

from connectors.chats.channels import Rules
from connectors.chats.facts import MAX_BODY, File, file_lines, first_line, paragraphs
from connectors.toolbox.markup import MAX_HTML, text_of
from connectors.toolbox.strict_json import (
    UnreadableItem,
    found_at,
    object_at,
    objects_in,
    read_time,
    scalar,
    text_at,
    within,
)
from connectors.toolbox.text import clean, cut

ChannelId = Annotated[str, StringConstraints(pattern=r"^(19:[!-:<-?A-~]{1,250}@[a-z0-9.]{1,40}|a:[!-:<-~]{1,297})$")]
"""The id of a conversation (`19:…@thread.tacv2`), without the message that stands behind it in some places."""
Id = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,300}$")]
"""The id of a person: their `aadObjectId`, or what this bot knows them by."""

ROOT = ";messageid="
CHANNEL = "channel"
"""The type of a conversation that a whole team reads; the others are among few."""
BOT_PREFIX = "28:"
"""How the ids of bots begin."""
HTML_FORMATS = ("html", "xml")
"""What `textFormat` says of HTML."""

_ID = re.compile(r"[!-~]{1,200}")
# Bounded: what follows an opening tag is never looked through to the end of the text.
_AT = re.compile(r"<at\b[^<>]{0,200}>([^<>]{0,200})</at>")
_FIRST_AT = re.compile(
    r"\s*((?:<(?:p|div|span)\b[^<>]{0,200}>\s*){0,8})<at\b[^<>]{0,200}>[^<>]{0,200}</at>(?:\s|&nbsp;|[,:])*"
)
_ELEMENT = re.compile(
    r"</?(?:p|div|br|span|b|strong|i|em|u|s|a|ul|ol|li|pre|code|blockquote|table|img|h[1-6])\b[^<>]*>"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message stands."""

    conversation: str
    number: str
    root: str
    """The number of the message that its thread began with; its own where it began one."""

    @property
    def name(self) -> str:
        return f"{self.conversation}:{self.number}"

    @property
    def case_key(self) -> str:
        return f"{self.conversation}:{self.root}"


def read_place(activity: Mapping[str, Any], field: str = "id") -> Place:
    """Where the message that the field names stands. Raises UnreadableItem without a conversation or a message."""
    conversation = read_id(within(activity, "conversation"), "id")
    number = read_id(activity, field)
    base, _, root = conversation.partition(ROOT)
    if not base:
        raise UnreadableItem("conversation.id: it names no conversation")
    return Place(base, number, root or number)


def read_when(activity: Mapping[str, Any]) -> datetime:
    """The time of the activity. Raises UnreadableItem."""
    return read_time(activity, "timestamp").time


def author_of(activity: Mapping[str, Any]) -> str | None:
    """The user's id in the directory; `from.id` is another one for every bot, and only taken where that is missing."""
    who = object_at(activity, "from")
    return maybe_id(who.get("aadObjectId")) or maybe_id(who.get("id"))


def ids_of_person(who: Mapping[str, Any]) -> tuple[str | None, ...]:
    """By which ids a person may be known: in the directory, and to this bot."""
    return maybe_id(who.get("aadObjectId")), maybe_id(who.get("id"))


def kind_of(activity: Mapping[str, Any]) -> object:
    """The type of the conversation; None where it is not told."""
    return object_at(activity, "conversation").get("conversationType")


def is_private(activity: Mapping[str, Any], rules: Rules) -> bool:
    """True unless the conversation is a channel, and may be public."""
    kind = kind_of(activity)
    return rules.is_private(among_few=kind is not None and kind != CHANNEL, known_public=kind == CHANNEL)


def is_of_a_bot(who: Mapping[str, Any]) -> bool:
    """Whether the account is a bot's."""
    return who.get("role") == "bot" or str(who.get("id")).startswith(BOT_PREFIX)


def ids_of(activity: Mapping[str, Any], place: Place) -> dict[str, str]:
    """Channel, team and user, as routes ask for them."""
    data = object_at(activity, "channelData")
    found = {
        "channel": place.conversation,
        "team": maybe_id(data.get("teamsTeamId")) or maybe_id(object_at(data, "team").get("id")),
        "user": author_of(activity),
    }
    return {name: value for name, value in found.items() if value}


def who_and_where(activity: Mapping[str, Any]) -> tuple[str, str]:
    """Who did it and where, as people call them."""
    kind = object_at(activity, "conversation").get("conversationType")
    unnamed = "a channel" if kind in (None, CHANNEL) else "a chat"
    where = first_line(object_at(object_at(activity, "channelData"), "channel").get("name")) or unnamed
    return first_line(object_at(activity, "from").get("name")) or "somebody", where


def maybe_id(value: object) -> str | None:
    """An id; None for whatever is none."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def read_id(document: Mapping[str, Any], field: str) -> str:
    """The id at the field. Raises UnreadableItem."""
    value = maybe_id(document.get(field))
    if value is None:
        raise UnreadableItem(f"{field}: {found_at(document, field)} is no id")
    return value


def raw_text(activity: Mapping[str, Any]) -> str:
    """The text as Teams wrote it; that of the HTML beside it where there is none. Raises UnreadableItem."""
    text = scalar(activity.get("text"))
    if text.strip():
        return text
    return next((text_at(each, "content") for each in _attachments(activity) if _is_text(each)), "")


def spoken(activity: Mapping[str, Any], *, called: bool = True) -> str:
    """The text as people read it; where we are `called`, without the mention that it begins with."""
    raw = raw_text(activity)[:MAX_HTML]
    if called and (at := _FIRST_AT.match(raw)):
        raw = at[1] + raw[at.end() :]
    named = _AT.sub(r"@\1", raw)
    if activity.get("textFormat") in HTML_FORMATS or _ELEMENT.search(named):
        text = text_of(named)
    else:
        text = html.unescape(named)
    return clean(text.replace("\xa0", " ")).strip()


def files(activity: Mapping[str, Any]) -> list[File]:
    """The files that were sent along, and no cards."""
    told = [each for each in _attachments(activity) if not _is_text(each) and each.get("contentUrl")]
    return [File(first_line(each.get("name")) or "a file", link=each.get("contentUrl")) for each in told]


def has_more(activity: Mapping[str, Any]) -> bool:
    """Whether something was sent beside the text: files, cards."""
    return any(not _is_text(each) for each in _attachments(activity))


def whole(text: str, activity: Mapping[str, Any], signature: str) -> str:
    """The text, the files, and who said it where."""
    return paragraphs(cut(text, MAX_BODY), "\n".join(file_lines(files(activity))), signature)


def _attachments(activity: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return objects_in(activity.get("attachments"))


def _is_text(attachment: Mapping[str, Any]) -> bool:
    """True for the message itself, which Teams adds as HTML."""
    return attachment.get("contentType") == "text/html"

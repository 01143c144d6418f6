"""Reads activities of Microsoft Teams, which webhooks and bots receive: place, author, time and text.

A thread is named by its channel and its first message, which follows `;messageid=` in the conversation's id. Teams
writes plain text with `<at>` around mentions and `&nbsp;` behind them, or HTML, and does not always declare the format.

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
from connectors.toolbox.reasons import unexpected
from connectors.toolbox.strict_json import object_at, objects_in, read_time, scalar_at, text_at, within
from connectors.toolbox.text import clean, cut

ChannelId = Annotated[str, StringConstraints(pattern=r"^(19:[!-:<-?A-~]{1,250}@[a-z0-9.]{1,40}|a:[!-:<-~]{1,297})$")]
"""The id of a conversation (`19:…@thread.tacv2`), without the message id that follows it in some places."""
Id = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,300}$")]
"""The id of a person: their `aadObjectId`, or this bot's id for them."""

ROOT = ";messageid="
CHANNEL = "channel"
"""The type of a conversation that a whole team reads. All other types are among few."""
BOT_PREFIX = "28:"
"""Prefix of the ids of bots."""
HTML_FORMATS = ("html", "xml")
"""Values of `textFormat` for HTML."""

ID = "an id, 1 to 200 visible ASCII characters"
"""The expectation in reasons about ids."""

_ID = re.compile(r"[!-~]{1,200}")
# Bounded, so that text after an opening tag is never searched to its end.
_AT = re.compile(r"<at\b[^<>]{0,200}>([^<>]{0,200})</at>")
_FIRST_AT = re.compile(
    r"\s*((?:<(?:p|div|span)\b[^<>]{0,200}>\s*){0,8})<at\b[^<>]{0,200}>[^<>]{0,200}</at>(?:\s|&nbsp;|[,:])*"
)
_ELEMENT = re.compile(
    r"</?(?:p|div|br|span|b|strong|i|em|u|s|a|ul|ol|li|pre|code|blockquote|table|img|h[1-6])\b[^<>]*>"
)


@dataclass(frozen=True, slots=True)
class Place:
    """The position of a message."""

    conversation: str
    number: str
    root: str
    """The number of the first message of the thread; the message's own number if it began one."""

    @property
    def name(self) -> str:
        return f"{self.conversation}:{self.number}"

    @property
    def case_key(self) -> str:
        return f"{self.conversation}:{self.root}"


def read_place(activity: Mapping[str, Any], field: str = "id") -> Place:
    """Read the position of the message in `field`. Raises UnreadableItem without a conversation or a message."""
    told = within(activity, "conversation")
    conversation = read_id(told, "id")
    number = read_id(activity, field)
    base, _, root = conversation.partition(ROOT)
    if not base:
        raise unexpected(told, "id", f"the id of a conversation before {ROOT}")
    return Place(base, number, root or number)


def read_when(activity: Mapping[str, Any]) -> datetime:
    """Return the time of the activity. Raises UnreadableItem."""
    return read_time(activity, "timestamp").time


def author_of(activity: Mapping[str, Any]) -> str | None:
    """Return the author's id in the directory. `from.id` differs for every bot and is only the fallback."""
    who = object_at(activity, "from")
    return maybe_id(who.get("aadObjectId")) or maybe_id(who.get("id"))


def ids_of_person(who: Mapping[str, Any]) -> tuple[str | None, ...]:
    """Return the possible ids of a person: in the directory, and for this bot."""
    return maybe_id(who.get("aadObjectId")), maybe_id(who.get("id"))


def kind_of(activity: Mapping[str, Any]) -> object:
    """Return the type of the conversation; None if it is missing."""
    return object_at(activity, "conversation").get("conversationType")


def is_private(activity: Mapping[str, Any], rules: Rules) -> bool:
    """True unless the conversation is a channel, and may be public."""
    kind = kind_of(activity)
    return rules.is_private(among_few=kind is not None and kind != CHANNEL, known_public=kind == CHANNEL)


def is_of_a_bot(who: Mapping[str, Any]) -> bool:
    """True if the account is a bot's."""
    return who.get("role") == "bot" or str(who.get("id")).startswith(BOT_PREFIX)


def ids_of(activity: Mapping[str, Any], place: Place) -> dict[str, str]:
    """Return channel, team and user, as attributes for routes."""
    data = object_at(activity, "channelData")
    found = {
        "channel": place.conversation,
        "team": maybe_id(data.get("teamsTeamId")) or maybe_id(object_at(data, "team").get("id")),
        "user": author_of(activity),
    }
    return {name: value for name, value in found.items() if value}


def who_and_where(activity: Mapping[str, Any]) -> tuple[str, str]:
    """Return the display names of author and place."""
    kind = object_at(activity, "conversation").get("conversationType")
    unnamed = "a channel" if kind in (None, CHANNEL) else "a chat"
    where = first_line(object_at(object_at(activity, "channelData"), "channel").get("name")) or unnamed
    return first_line(object_at(activity, "from").get("name")) or "somebody", where


def maybe_id(value: object) -> str | None:
    """Return the value as an id; None if it is not an id."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def read_id(document: Mapping[str, Any], field: str) -> str:
    """Return the id at the field. Raises UnreadableItem."""
    value = maybe_id(document.get(field))
    if value is None:
        raise unexpected(document, field, ID)
    return value


def raw_text(activity: Mapping[str, Any]) -> str:
    """Return the text as Teams wrote it; the text of the HTML attachment if it is empty. Raises UnreadableItem."""
    text = scalar_at(activity, "text")
    if text.strip():
        return text
    return next((text_at(each, "content") for each in _attachments(activity) if _is_text(each)), "")


def spoken(activity: Mapping[str, Any], *, called: bool = True) -> str:
    """Return the text as people read it. If the bot was `called`, without the leading mention."""
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
    """Return the files that were sent along, without cards."""
    told = [each for each in _attachments(activity) if not _is_text(each) and each.get("contentUrl")]
    return [File(first_line(each.get("name")) or "a file", link=each.get("contentUrl")) for each in told]


def has_more(activity: Mapping[str, Any]) -> bool:
    """True if the activity has files or cards besides the text."""
    return any(not _is_text(each) for each in _attachments(activity))


def whole(text: str, activity: Mapping[str, Any], signature: str) -> str:
    """Return the text, the files and the signature."""
    return paragraphs(cut(text, MAX_BODY), "\n".join(file_lines(files(activity))), signature)


def _attachments(activity: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return objects_in(activity.get("attachments"))


def _is_text(attachment: Mapping[str, Any]) -> bool:
    """True for the message itself, which Teams adds as HTML."""
    return attachment.get("contentType") == "text/html"

"""Renders Slack messages as plain text, with files and forwarded messages as lines.

Names stay as Slack gives them: `<@U012>` becomes `@U012`, and `@ada` if the message carries the name.

Source: docs.slack.dev, "Formatting message text" (`<…>`, and `&amp;` `&lt;` `&gt;` as the only escapes).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Set
from datetime import datetime
from typing import Any

from connectors.chats.facts import MAX_BODY, MAX_NAME, File, file_lines, first_line, link, paragraphs
from connectors.toolbox.strict_json import objects_in, scalar_at
from connectors.toolbox.text import ELLIPSIS, clean, cut, one_line, readable

MAX_FORWARDED = 8_000  # characters, as all of these but the count
MAX_DIFFERENCE = 4_000
MOST_LINES = 200

_MARKUP = re.compile(r"<([^<>\n]+)>")
_MENTION = re.compile(r"\s*<@([A-Za-z0-9]+)(?:\|[^<>]*)?>[\s,:]*")
_LABEL_ALONE = ("mailto:", "tel:")


def raw_text(message: Mapping[str, Any]) -> str:
    """Return the text as Slack wrote it; empty if it is missing. Raises UnreadableItem for a list or an object."""
    return scalar_at(message, "text")


def mentions(raw: str, users: Set[str]) -> bool:
    """True if the text mentions one of the users."""
    return any(f"<@{user}>" in raw or f"<@{user}|" in raw for user in users)


def without_mention(raw: str, users: Set[str]) -> str:
    """Return the text without leading mentions of the users; without the first mention at all if `users` is empty."""
    match = _MENTION.match(raw)
    if not users:
        return raw[match.end() :] if match else raw
    end = 0
    while match and match[1] in users:
        end = match.end()
        match = _MENTION.match(raw, end)
    return raw[end:]


def plain(raw: str) -> str:
    """Return Slack's markup as clean plain text."""
    text = _MARKUP.sub(lambda match: _plain_markup(match[1]), raw)
    return clean(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")).strip()


def _plain_markup(inside: str) -> str:
    """Return the text for a mention or a link, given the content of the angle brackets."""
    target, _, label = inside.partition("|")
    if target[:1] in ("@", "#"):
        return target[0] + (label.lstrip(target[0]) or target[1:])
    if target.startswith("!"):
        return label or "@" + target[1:].split("^")[-1]
    if target.startswith(_LABEL_ALONE):
        return label or target.partition(":")[2]
    if not label or label in (target, target.partition("://")[2]):
        return target
    return f"{label} ({target})"


def person(user: str | None, message: Mapping[str, Any] | None = None) -> str:
    """Return `@U012`, or `Ada (@U012)` if the message carries the name."""
    profile = message.get("user_profile") if message else None
    told = [profile.get(each) for each in ("display_name", "real_name")] if isinstance(profile, dict) else []
    name = next((line for each in told if isinstance(each, str) and (line := one_line(each))), None)
    if user is None:
        return cut(name, MAX_NAME) if name else "somebody"
    return f"{cut(name, MAX_NAME)} (@{user})" if name else f"@{user}"


def whole(text: str, message: Mapping[str, Any], who: str, channel: str, when: datetime) -> str:
    """Return the text, its attachments, author and channel; at most about 55,000 characters."""
    parts = [
        cut(text, MAX_BODY),
        "\n".join(_forwarded(message.get("attachments"))),
        "\n".join(file_lines(_files(message.get("files")))),
        f"Slack: {who} in #{channel}, {readable(when)}",
    ]
    return paragraphs(*parts)


def forwarded(message: Mapping[str, Any]) -> str:
    """Return the bare words of a forwarded message; empty if there is none."""
    return "\n".join(list(_forwarded(message.get("attachments")))[1:2])


def difference(before: str | None, after: str) -> str:
    """Return the removed and added lines; the whole current text if these are unknown."""
    lines: list[str] = []
    if before is not None:
        old, new = (cut(text, MAX_DIFFERENCE).split("\n")[:MOST_LINES] for text in (before, after))
        matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
        for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
            if tag != "equal":
                lines += [f"- {line}" for line in old[old_from:old_to]]
                lines += [f"+ {line}" for line in new[new_from:new_to]]
    return "\n".join(lines) or f"It says now:\n{cut(after, MAX_DIFFERENCE)}"


def _forwarded(attachments: object) -> Iterator[str]:
    """Yield the lines of the first forwarded message: the forwarding message itself is often empty."""
    for each in objects_in(attachments):
        if each.get("is_share") is not True:
            continue
        author, text, address = (each.get(field) for field in ("author_name", "text", "from_url"))
        name = one_line(author) if isinstance(author, str) else ""
        yield f"Forwarded, from {cut(name, MAX_NAME) or 'somebody'}:"
        yield cut(plain(text), MAX_FORWARDED) if isinstance(text, str) else ELLIPSIS
        if line := link(address):
            yield line
        return


def _files(files: object) -> Iterator[File]:
    """Yield a description of each file."""
    for each in objects_in(files):
        name = first_line(*(each.get(field) for field in ("name", "title", "id"))) or "a file"
        yield File(name, each.get("size"), each.get("permalink"))

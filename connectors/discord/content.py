"""Renders commands, forms and messages of Discord as plain text, with files and embeds as lines.

Source: discord.com/developers/docs, "Message Formatting", "Embed Object", "Application Command Option Type".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from connectors.chats.facts import MAX_BODY, File, file_lines, first_line, paragraphs
from connectors.discord.envelope import maybe_id, person
from connectors.toolbox.strict_json import object_at, objects_at, objects_in, scalar_at, text_at
from connectors.toolbox.text import clean, cut

MAX_EMBEDS = 8_000  # characters
MOST_EMBEDS = 10
MOST_FIELDS = 25
SUBCOMMANDS = (1, 2)
"""Types of options: a subcommand, and a group of subcommands."""
ATTACHMENT = 11
"""The type of an option that is a file."""
TEXT_OPTIONS = ("text", "subject")
"""Options that are shown without their name."""

_MARKUP = re.compile(r"<(@[!&]?|#|a?:[A-Za-z0-9_]{1,64}:)([0-9]{1,20})>")


def subcommand(data: Mapping[str, Any]) -> tuple[str | None, list[Mapping[str, Any]]]:
    """Return the chosen subcommand, if there is one, and the given options."""
    name, options = None, objects_at(data, "options")
    while options and options[0].get("type") in SUBCOMMANDS:
        name, options = text_at(options[0], "name"), objects_at(options[0], "options")
    return name, options


def option_text(options: list[Mapping[str, Any]]) -> str:
    """Return the given options, a line each. Raises UnreadableItem for a value that is a list or an object."""
    lines = []
    for each in options:
        name, value = first_line(each.get("name")) or "", scalar_at(each, "value")
        if each.get("type") != ATTACHMENT and value.strip():
            lines.append(value if name in TEXT_OPTIONS else f"{name}: {value}")
    return clean("\n".join(lines)).strip()


def option_files(data: Mapping[str, Any], options: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the given files."""
    known = object_at(object_at(data, "resolved"), "attachments")
    ids = [each.get("value") for each in options if each.get("type") == ATTACHMENT]
    return [known[each] for each in ids if isinstance(each, str) and isinstance(known.get(each), dict)]


def form_fields(data: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts of a form by field id. Fields stand in rows, or each below a label."""
    found = {}
    for row in objects_in(data.get("components")):
        for each in [*objects_in(row.get("components")), object_at(row, "component")]:
            name, value = text_at(each, "custom_id"), text_at(each, "value")
            if name and value.strip():
                found[name] = clean(value).strip()
    return found


def message_text(message: Mapping[str, Any]) -> str:
    """Return the text of a message and of its embeds, as people read it. Raises UnreadableItem."""
    mentioned = objects_in(message.get("mentions"))
    names = {number: person(each) for each in mentioned if (number := maybe_id(each.get("id")))}
    text = _MARKUP.sub(lambda match: _plain(match, names), scalar_at(message, "content"))
    return paragraphs(clean(text).strip(), cut("\n".join(_embeds(message)), MAX_EMBEDS))


def message_files(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the files of a message."""
    return objects_in(message.get("attachments"))


def whole(text: str, files: list[Mapping[str, Any]], *about: str) -> str:
    """Return the text, the files, and lines about author and place."""
    lines = (File(first_line(each.get("filename")) or "a file", each.get("size"), each.get("url")) for each in files)
    return paragraphs(cut(text, MAX_BODY), "\n".join(file_lines(lines)), "\n".join(about))


def _plain(match: re.Match[str], names: Mapping[str, str]) -> str:
    """Return the text for a mention, a role, a channel or an emoji in angle brackets."""
    mark, number = match[1], match[2]
    if mark in ("@", "@!"):
        return names.get(number, f"@{number}")
    return mark.lstrip("a") if mark.endswith(":") else f"{mark[0]}{number}"


def _embeds(message: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of embeds that bots write: titles, descriptions, fields. Previews of links are left out."""
    for embed in objects_in(message.get("embeds"))[:MOST_EMBEDS]:
        if embed.get("type", "rich") != "rich":
            continue
        yield from (clean(text_at(embed, each)).strip() for each in ("title", "description") if text_at(embed, each))
        for field in objects_in(embed.get("fields"))[:MOST_FIELDS]:
            yield f"{first_line(field.get('name')) or ''}: {clean(text_at(field, 'value')).strip()}"

"""Display names: replaces ids in a text by the names of users and public channels.

Names of private channels are not asked for: a private channel's name may be private itself. Users choose their own
names, so names prove no identity; the author of an event stays an id.

Source: docs.slack.dev, `users.list`, `conversations.list`, "Rate limits" (tier 2).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from connectors.chats.facts import MAX_SUBJECT
from connectors.contract.calls import CallLater, CallRejected, CallUnknown, HttpAnswer, HttpCall, Memory
from connectors.contract.directory import DISPLAY_NAMES, NamesPage
from connectors.contract.events import Event
from connectors.contract.messages import Inbound, Parsed
from connectors.slack import web
from connectors.slack.envelope import maybe_id
from connectors.slack.settings import Settings
from connectors.toolbox.strict_json import objects_in
from connectors.toolbox.text import clean, cut, one_line

PAGE = "200"
MAX_NAME = 40  # characters
MOST = 100  # ids of one delivery, and replacements in one text

_ID = r"[UWC][A-Z0-9]{6,20}"
_IDS = re.compile(rf"(?<![A-Za-z0-9]){_ID}(?![A-Za-z0-9])".encode())
_SHOWN = re.compile(rf"(?<![\w(])([@#])({_ID})(?!\w)")  # in brackets, an id follows its name already


def workspaces(settings: Settings) -> tuple[str, ...]:
    """Return the workspaces with a token; empty if names are not to be resolved."""
    return settings.with_tokens if settings.resolve_names else ()


def begin() -> Memory:
    return {"todo": [{"method": "users.list"}, {"method": "conversations.list", "types": "public_channel"}]}


def ask(memory: Memory, workspace: str, settings: Settings) -> HttpCall | None:
    """Return the first open request."""
    todo, token = memory.get("todo"), settings.token(workspace)
    if not todo or token is None:
        return None
    step = dict(todo[0])
    return web.form(settings, step.pop("method"), token, {**step, "limit": PAGE})


def read(memory: Memory, answer: HttpAnswer) -> NamesPage | CallLater | CallUnknown | CallRejected:
    """Read a page of users or of channels."""
    said = web.answered(answer)
    if isinstance(said, CallLater | CallUnknown | CallRejected):
        return said
    step, *rest = memory["todo"]
    cursor = web.cursor(said)
    page = [{**step, "cursor": cursor}] if cursor is not None else []
    found = _people(said.get("members")) if step["method"] == "users.list" else _channels(said.get("channels"))
    return NamesPage({"todo": [*page, *rest]}, dict(found))


def _people(members: object) -> Iterator[tuple[str, str]]:
    for each in objects_in(members):
        profile = each.get("profile")
        told = [profile.get(field) for field in ("display_name", "real_name")] if isinstance(profile, dict) else []
        yield from _named(each, *told, each.get("real_name"), each.get("name"))


def _channels(channels: object) -> Iterator[tuple[str, str]]:
    for each in objects_in(channels):
        if each.get("is_channel") is True and each.get("is_private") is False:
            yield from _named(each, each.get("name"))


def _named(of: Mapping[str, Any], *told: object) -> Iterator[tuple[str, str]]:
    id_ = maybe_id(of.get("id"))
    lines = ("".join(filter(str.isprintable, one_line(clean(each)))) for each in told if isinstance(each, str))
    name = next((line for line in lines if line.strip()), None)
    if id_ is not None and name is not None:
        yield id_, cut(name, MAX_NAME)


def ids(arrived: Inbound) -> frozenset[str]:
    """Return at most 100 of the ids in the body."""
    found: dict[str, None] = {}
    for match in _IDS.finditer(arrived.body):
        found[match[0].decode()] = None
        if len(found) == MOST:
            break
    return frozenset(found)


def applied(parsed: Parsed, arrived: Inbound) -> Parsed:
    """Replace ids by the names that came with the delivery, in subjects and texts."""
    known = arrived.header(DISPLAY_NAMES)
    if known is None:
        return parsed
    names: Mapping[str, str] = json.loads(known)
    return replace(parsed, events=tuple(_with_names(each, names) for each in parsed.events))


def _with_names(event: Event, names: Mapping[str, str]) -> Event:
    def shown(match: re.Match[str]) -> str:
        return f"{match[1]}{names.get(match[2], match[2])}"

    subject, text = (_SHOWN.sub(shown, each, count=MOST) for each in (event.subject, event.text))
    return replace(event, subject=cut(subject, MAX_SUBJECT), text=text)

"""Reads the envelope of Slack deliveries, and Slack's ids and times.

The keys of an event name a workspace, and Slack gives several. Under Slack Connect a reaction can name the person's
workspace, while its message names the app's workspace. The first workspace makes the keys. Every workspace makes an
alias, so a case is found under each of them.

Source: docs.slack.dev, "The Events API" (`team_id`, `context_team_id`, `authorizations`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.chats.channels import Rules
from connectors.contract.events import Reference
from connectors.slack.settings import Settings
from connectors.toolbox.reasons import unexpected
from connectors.toolbox.strict_json import object_at

ASKED_FOR = "asked_for"
"""A field of deliveries that the backfill made from messages it asked for. Slack has no such field."""
NO_TEAM = "-"
"""Placeholder for the workspace if a delivery names none. Then channel ids alone distinguish messages."""

PRIVATE_TYPES = ("group", "im", "mpim", "app_home")
PRIVATE_PREFIXES = ("D", "G")
"""Prefixes of the ids of direct messages, and of private channels from before 2021. Newer private channels have the
prefix of public ones."""

ID = "an id, like C0123456789"
TS = "the time of a message, like 1595926230.009600"
"""The expectations in reasons about ids and times."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ID = re.compile(r"[!-9;-~]{1,64}")  # printable ASCII without the colon, which separates the parts of a key
_TIME = re.compile(r"([0-9]{1,11})(?:\.([0-9]{1,9}))?")


@dataclass(frozen=True, slots=True)
class Envelope:
    """The data around a delivery's event."""

    teams: tuple[str, ...]
    """Ids of workspaces, at least one. The first makes the keys."""
    bots: frozenset[str]
    """User ids of the app itself; empty if unknown."""
    app: str | None
    asked_for: bool = False
    """The backfill asked for this message, perhaps because a ticket was opened from it or in its thread."""


@dataclass(frozen=True, slots=True)
class Place:
    """The position of a message."""

    channel: str
    ts: str
    """Seconds and microseconds since 1970, `1595926230.009600`: the message's id within its channel."""
    root: str
    """The `ts` of the first message of the thread; the message's own `ts` if it began a thread or is in none."""


def read_envelope(payload: Mapping[str, Any], settings: Settings) -> Envelope:
    """Read the envelope of an `event_callback`. Malformed fields are treated as missing."""
    event = payload.get("event")
    listed = payload.get("authorizations")
    first = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
    teams = (payload.get("team_id"), payload.get("context_team_id"), first.get("team_id"))
    home = event.get("team") if isinstance(event, dict) else None
    organizations = (payload.get("enterprise_id"), first.get("enterprise_id"))
    known = _ids(*teams) or _ids(home) or _ids(*organizations) or (NO_TEAM,)
    bot = maybe_id(first.get("user_id")) if first.get("is_bot") is True else None
    bots = frozenset(each for each in (settings.bot_user_id, bot) if each)
    return Envelope(known, bots, maybe_id(payload.get("api_app_id")), payload.get(ASKED_FOR) is True)


def read_gesture_envelope(payload: Mapping[str, Any], settings: Settings) -> Envelope:
    """Read the envelope of a slash command, with ids as fields, or of a shortcut or modal, with ids in objects."""
    team, user, organization, message = (object_at(payload, each) for each in ("team", "user", "enterprise", "message"))
    teams = (payload.get("team_id"), team.get("id"), user.get("team_id"), message.get("team"))
    known = _ids(*teams) or _ids(payload.get("enterprise_id"), organization.get("id")) or (NO_TEAM,)
    bots = frozenset({settings.bot_user_id} if settings.bot_user_id else ())
    return Envelope(known, bots, maybe_id(payload.get("api_app_id")))


def read_place(event: Mapping[str, Any]) -> Place:
    """Read the position of a message. Raises UnreadableItem if there is no channel or `ts`."""
    channel, ts = read_id(event, "channel"), read_ts(event, "ts")
    root = ts if event.get("thread_ts") is None else read_ts(event, "thread_ts")
    return Place(channel, ts, root)


def names(envelope: Envelope, channel: str, ts: str) -> tuple[str, ...]:
    """Return `team:channel:ts` for each workspace, the workspace of the keys first."""
    return tuple(f"{team}:{channel}:{ts}" for team in envelope.teams)


def references(aliases: tuple[str, ...]) -> tuple[Reference, ...]:
    return tuple(Reference(alias) for alias in aliases)


def is_private(rules: Rules, channel: str, channel_type: object) -> bool:
    """True unless the channel is known to be public and may be: mentions and reactions do not name its type."""
    among_few = channel_type in PRIVATE_TYPES or channel.startswith(PRIVATE_PREFIXES)
    return rules.is_private(among_few=among_few, known_public=channel_type == "channel")


def maybe_id(value: object) -> str | None:
    """Return the value as an id; None if it is not an id."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if _ID.fullmatch(text) else None


def _ids(*values: object) -> tuple[str, ...]:
    """Return the values that are ids, each once."""
    return tuple(dict.fromkeys(each for each in map(maybe_id, values) if each))


def read_id(event: Mapping[str, Any], field: str) -> str:
    """Return the id at `field`. Raises UnreadableItem."""
    value = maybe_id(event.get(field))
    if value is None:
        raise unexpected(event, field, ID)
    return value


def read_ts(event: Mapping[str, Any], field: str) -> str:
    """Return the time at `field` with at least six decimals, in one spelling for texts and numbers.

    Raises UnreadableItem.
    """
    value = event.get(field)
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise unexpected(event, field, TS)
    return f"{match[1]}.{(match[2] or '').ljust(6, '0')}"


def maybe_ts(event: object, field: str) -> str | None:
    """Return the time at `field`; None if it is missing."""
    if not isinstance(event, dict) or event.get(field) is None:
        return None
    return read_ts(event, field)


def moment(ts: str) -> datetime:
    """Convert a result of `read_ts` to a datetime, to the microsecond."""
    seconds, _, fraction = ts.partition(".")
    return _EPOCH + timedelta(seconds=int(seconds), microseconds=int(fraction[:6]))

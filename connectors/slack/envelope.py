"""What does Slack say around an event, and how are its ids and times read?

The keys of an event name a workspace, and Slack gives several: under Slack Connect a reaction can name the workspace
of the person, and the message that it stands on the workspace of the app. The first one named makes the keys; what
is known under any of them is found, since each makes an alias.

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
from connectors.toolbox.strict_json import UnreadableItem, found_at, object_at

ASKED_FOR = "asked_for"
"""The field of a delivery that we made of a message that we asked for; Slack has no such field."""
NO_TEAM = "-"
"""Stands for the workspace where a delivery names none; channel ids alone tell messages apart then."""

PRIVATE_TYPES = ("group", "im", "mpim", "app_home")
PRIVATE_PREFIXES = ("D", "G")
"""Channel ids of direct messages, and of private channels from before 2021; newer ones begin like public ones."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ID = re.compile(r"[!-9;-~]{1,64}")  # printable ASCII without the colon, which separates the parts of a key
_TIME = re.compile(r"([0-9]{1,11})(?:\.([0-9]{1,9}))?")


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a delivery says around its event."""

    teams: tuple[str, ...]
    """Ids of workspaces, at least one; the first is the one that keys are made with."""
    bots: frozenset[str]
    """User ids of the app itself; empty where they are not known."""
    app: str | None
    asked_for: bool = False
    """Slack did not deliver it: we asked for it, maybe since a ticket was opened from it or in its thread."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message stands."""

    channel: str
    ts: str
    """Seconds and microseconds since 1970, `1595926230.009600`: the message's id within its channel."""
    root: str
    """The `ts` of the message that began its thread; its own where it began one or stands alone."""


def read_envelope(payload: Mapping[str, Any], settings: Settings) -> Envelope:
    """The envelope of an `event_callback`; what is missing or malformed in it is as if it were not there."""
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
    """The envelope of a slash command, with ids as fields, or of a shortcut or modal, with objects that have an id."""
    team, user, organization, message = (object_at(payload, each) for each in ("team", "user", "enterprise", "message"))
    teams = (payload.get("team_id"), team.get("id"), user.get("team_id"), message.get("team"))
    known = _ids(*teams) or _ids(payload.get("enterprise_id"), organization.get("id")) or (NO_TEAM,)
    bots = frozenset({settings.bot_user_id} if settings.bot_user_id else ())
    return Envelope(known, bots, maybe_id(payload.get("api_app_id")))


def read_place(event: Mapping[str, Any]) -> Place:
    """Where the message stands. Raises UnreadableItem where there is no channel or `ts`."""
    channel, ts = read_id(event, "channel"), read_ts(event, "ts")
    root = ts if event.get("thread_ts") is None else read_ts(event, "thread_ts")
    return Place(channel, ts, root)


def names(envelope: Envelope, channel: str, ts: str) -> tuple[str, ...]:
    """`team:channel:ts` for each workspace, the one for keys first."""
    return tuple(f"{team}:{channel}:{ts}" for team in envelope.teams)


def references(aliases: tuple[str, ...]) -> tuple[Reference, ...]:
    return tuple(Reference(alias) for alias in aliases)


def is_private(rules: Rules, channel: str, channel_type: object) -> bool:
    """True unless the channel is known to be public and may be: mentions and reactions do not name its type."""
    among_few = channel_type in PRIVATE_TYPES or channel.startswith(PRIVATE_PREFIXES)
    return rules.is_private(among_few=among_few, known_public=channel_type == "channel")


def maybe_id(value: object) -> str | None:
    """An id; None for whatever is none."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if _ID.fullmatch(text) else None


def _ids(*values: object) -> tuple[str, ...]:
    """Those of the values that are ids, each once."""
    return tuple(dict.fromkeys(each for each in map(maybe_id, values) if each))


def read_id(event: Mapping[str, Any], field: str) -> str:
    """The id at `field`. Raises UnreadableItem."""
    value = maybe_id(event.get(field))
    if value is None:
        raise UnreadableItem(f"{field}: {found_at(event, field)} is no id")
    return value


def read_ts(event: Mapping[str, Any], field: str) -> str:
    """The time at `field`, with six decimals at least: one spelling, whether it came as text or as a number.

    Raises UnreadableItem.
    """
    value = event.get(field)
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise UnreadableItem(f"{field}: {found_at(event, field)} is no time of a message")
    return f"{match[1]}.{(match[2] or '').ljust(6, '0')}"


def maybe_ts(event: object, field: str) -> str | None:
    """The time at `field`; None where there is none."""
    if not isinstance(event, dict) or event.get(field) is None:
        return None
    return read_ts(event, field)


def moment(ts: str) -> datetime:
    """The time that `read_ts` gave, to the microsecond."""
    seconds, _, fraction = ts.partition(".")
    return _EPOCH + timedelta(seconds=int(seconds), microseconds=int(fraction[:6]))

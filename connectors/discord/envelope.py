"""Reads author, place and time of an interaction.

A thread has the id of the message that it was made from, so a case that was opened from a message is also found from
the message's thread. Ids contain their time of creation.

Source: discord.com/developers/docs, "Interaction Object", "Channel Types", "Snowflakes".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.chats.channels import Rules
from connectors.chats.facts import first_line
from connectors.discord.settings import Settings
from connectors.toolbox.reasons import unexpected
from connectors.toolbox.strict_json import object_at, text_at

THREADS = (10, 11, 12)
"""Types of channels: an announcement thread, a public thread, a private thread."""
PRIVATE = (1, 3, 12)
"""Types of channels: a direct message, a group message, a private thread."""

_EPOCH = datetime(2015, 1, 1, tzinfo=UTC)
ID = "an id, in digits"
"""The expectation in reasons about ids."""

_ID = re.compile(r"[1-9][0-9]{0,18}")
_TOKEN = re.compile(r"[!-~]{1,1000}")


@dataclass(frozen=True, slots=True)
class Interaction:
    """The data that every interaction carries."""

    id: str
    when: datetime
    channel: str
    channel_type: object
    parent: str | None
    """The channel that contains the thread."""
    guild: str | None
    """The server; None in direct messages."""
    user: str
    roles: tuple[str, ...]
    who: str
    """The user's display name."""
    application: str | None
    token: str = field(repr=False)
    """A token that lets its bearer edit the reply for 15 minutes. Empty if it is missing."""

    @property
    def thread(self) -> str | None:
        """The id of the thread; None outside of threads."""
        return self.channel if self.channel_type in THREADS else None

    @property
    def ids(self) -> tuple[str, ...]:
        """The user's id, and the ids of the user's roles."""
        return (self.user, *self.roles)

    def rules(self, settings: Settings) -> Rules:
        """Return the rules of the place. Settings of a thread take precedence over those of its channel."""
        return settings.rules(self.channel, self.parent if self.thread is not None else None)

    def is_private(self, rules: Rules) -> bool:
        """True unless the channel is known to be a server's, and may be public."""
        among_few = self.guild is None or self.channel_type in PRIVATE
        return rules.is_private(among_few=among_few, known_public=self.channel_type is not None)


def read_interaction(payload: Mapping[str, Any]) -> Interaction:
    """Read the envelope of an interaction. Raises UnreadableItem without an id, a channel or a user."""
    channel = object_at(payload, "channel")
    member = object_at(payload, "member")
    user = object_at(member, "user") or object_at(payload, "user")
    if maybe_id(user.get("id")) is None:
        raise unexpected(user, "id", "the id of the person who acted, in digits")
    number = read_id(payload, "id")
    roles = member.get("roles")
    kind = channel.get("type")
    return Interaction(
        id=number,
        when=moment(number),
        channel=maybe_id(channel.get("id")) or read_id(payload, "channel_id"),
        channel_type=kind if isinstance(kind, int) and not isinstance(kind, bool) else None,
        parent=maybe_id(channel.get("parent_id")),
        guild=maybe_id(payload.get("guild_id")),
        user=read_id(user, "id"),
        roles=tuple(each for each in roles if maybe_id(each)) if isinstance(roles, list) else (),
        who=person(user, member),
        application=maybe_id(payload.get("application_id")),
        token=token if _TOKEN.fullmatch(token := text_at(payload, "token")) else "",
    )


def person(user: Mapping[str, Any], member: Mapping[str, Any] | None = None) -> str:
    """Return `Ada (@ada)`, with the nickname on the server or the user's display name."""
    handle = first_line(user.get("username"))
    called = first_line((member or {}).get("nick"), user.get("global_name"))
    if called and handle and called != handle:
        return f"{called} (@{handle})"
    return f"@{handle}" if handle else called or "somebody"


def maybe_id(value: object) -> str | None:
    """Return the value as an id; None if it is not an id."""
    return value if isinstance(value, str) and _ID.fullmatch(value) and int(value) < 2**63 else None


def read_id(document: Mapping[str, Any], field: str) -> str:
    """Return the id at the field. Raises UnreadableItem."""
    value = maybe_id(document.get(field))
    if value is None:
        raise unexpected(document, field, ID)
    return value


def moment(number: str) -> datetime:
    """Return the creation time of the id, to the millisecond."""
    return _EPOCH + timedelta(milliseconds=int(number) >> 22)

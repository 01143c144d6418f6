"""Settings of a Slack source."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import (
    AnyHttpUrl,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from connectors.chats.channels import ChannelSettings, ChatSettings
from connectors.chats.facts import listed
from connectors.contract.durations import Seconds
from connectors.contract.secrets import Issued
from connectors.contract.settings import Secret

SIGNING_SECRET = Issued(re.compile(r"[0-9a-f]{32}"), "the app's Signing Secret, 32 hex digits in lower case")
BOT_TOKEN = Issued(re.compile(r"xox[a-z](\.xox[a-z])?-[A-Za-z0-9-]{8,500}"), "the app's Bot User OAuth Token, xoxb-…")
APP_TOKEN = Issued(re.compile(r"xapp-[A-Za-z0-9-]{8,500}"), "an app-level token, xapp-…")
"""Source: docs.slack.dev, "Verifying requests from Slack" and "Tokens"."""

ChannelId = Annotated[str, StringConstraints(pattern=r"^[CDG][A-Z0-9]{1,63}$")]
"""The id of a channel, a direct message or a group conversation; not its name."""
Id = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,64}$")]
Gesture = Literal[
    "mention",
    "message",
    "direct",
    "reply",
    "close_word",
    "edit",
    "delete",
    "open_reaction",
    "close_reaction",
    "command",
    "shortcut",
    "form",
]
Emoji = Annotated[str, StringConstraints(pattern=r"^[^:\s]{1,100}$")]
"""The name of an emoji, without its colons."""
CallbackId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,255}$")]
"""The name that an app gives one of its shortcuts."""


def _in_capitals(value: object) -> object:
    """Write workspace ids in upper case, as Slack does: names from environment variables arrive in lower case."""
    if not isinstance(value, Mapping):
        return value
    if len({str(each).upper() for each in value}) < len(value):
        raise ValueError("name each workspace once; upper and lower case are the same")
    return {str(name).upper(): each for name, each in value.items()}


class Workspace(BaseModel):
    """One of several workspaces that the app is installed in."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    bot_token: Annotated[Secret, BOT_TOKEN]
    """The app's Bot User OAuth Token (`xoxb-…`) in this workspace."""


def _by_comma(value: object) -> object:
    """Split `Network, Hardware request` into a list."""
    return [each.strip() for each in value.split(",") if each.strip()] if isinstance(value, str) else value


Categories = Annotated[
    tuple[Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=75)], ...],
    BeforeValidator(_by_comma),
    Field(max_length=100),
]
"""Slack shows at most 100 options, of at most 75 characters."""


class SlackChannel(ChannelSettings[Id, Gesture], use_attribute_docstrings=True):
    """Settings of one channel that differ from the source's."""


class Settings(ChatSettings[ChannelId, Id, Gesture, SlackChannel], use_attribute_docstrings=True):
    """A source of kind `slack`; the secret is the app's Signing Secret."""

    secret: Annotated[Secret, SIGNING_SECRET]
    """The app's Signing Secret: 32 hex digits."""
    previous_secret: Annotated[Secret, SIGNING_SECRET] | None = None
    """Accepted too, while the sender is moved to the new secret."""

    close_emoji: Emoji = "white_check_mark"
    """A reaction that closes the ticket."""
    open_emoji: Emoji = "ticket"
    """A reaction that opens a ticket from the message."""
    command: Annotated[str, StringConstraints(pattern=r"^/\S{1,31}$")] = "/ticket"
    """The slash command that opens a ticket from its words. A command without words opens a form."""
    open_shortcut: CallbackId = "open_ticket"
    """The callback ID of the message shortcut that opens a ticket from a message."""
    close_shortcut: CallbackId = "close_ticket"
    """The callback ID of the message shortcut that closes the ticket of a message."""
    new_shortcut: CallbackId = "new_ticket"
    """The callback ID of the global shortcut that asks for a new ticket."""
    categories: Categories = ()
    """The categories to choose from in the modal. Empty: the category is a text field."""
    bot_user_id: Id | None = None
    """The id of the app's own user; only needed if deliveries do not name it in `authorizations`."""

    receipts: bool = False
    """Post the ticket and its state in the thread; needs `bot_token`."""
    bot_token: Annotated[Secret, BOT_TOKEN] | None = None
    """The app's Bot User OAuth Token (`xoxb-…`), with the scope `chat:write`; modals and receipts need it."""
    workspaces: Annotated[dict[Id, Workspace], BeforeValidator(_in_capitals)] = Field(default_factory=dict)
    """Tokens by workspace id (`T…`), for an app that is installed in several workspaces. `bot_token` is used for all
    other workspaces."""
    api_url: AnyHttpUrl = AnyHttpUrl("https://slack.com/api")
    """The URL of Slack's Web API. Another one only for GovSlack, and for tests."""
    app_token: Annotated[Secret, APP_TOKEN] | None = None
    """An app-level token (`xapp-…`) with the scope `connections:write`: deliveries arrive on a connection that we open
    to Slack (Socket Mode), so that Slack does not have to reach us."""
    resolve_names: bool = False
    """Ask Slack once a day for the names of users and public channels; needs `bot_token`, with the scopes `users:read`
    and `channels:read`."""
    backfill_every: Seconds | None = Field(default=None, ge=10)
    """How often Slack is asked for messages that it did not deliver; needs `bot_token`, and the scopes on
    the set-up page. None: never."""
    backfill_channels: Annotated[tuple[ChannelId, ...], BeforeValidator(listed)] = ()
    """Ids of the channels to ask for. Empty: all channels that the bot is a member of."""

    @model_validator(mode="after")
    def _one_meaning_each(self) -> Self:
        if self.close_emoji == self.open_emoji:
            raise ValueError(f"open_emoji, close_emoji: both are {self.open_emoji!r}; give each its own")
        if self.close_shortcut == self.open_shortcut:
            raise ValueError(f"open_shortcut, close_shortcut: both are {self.open_shortcut!r}; give each its own")
        if self.receipts and not self.with_tokens:
            raise ValueError("receipts: need bot_token")
        if self.backfill_every is not None and not self.with_tokens:
            raise ValueError("backfill_every: needs bot_token")
        if self.resolve_names and not self.with_tokens:
            raise ValueError("resolve_names: needs bot_token")
        return self

    @property
    def with_tokens(self) -> tuple[str, ...]:
        """The ids of workspaces with a token. An empty id stands for the workspace of `bot_token`."""
        return (*(("",) if self.bot_token is not None else ()), *self.workspaces)

    def token(self, team: str | None) -> str | None:
        """Return the token for a workspace; None if there is none."""
        own = self.workspaces.get(team) if team is not None else None
        token = own.bot_token if own is not None else self.bot_token
        return token.get_secret_value() if token is not None else None

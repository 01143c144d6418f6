"""What is a Slack app configured with?"""

from __future__ import annotations

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
from connectors.contract.settings import Secret

ChannelId = Annotated[str, StringConstraints(pattern=r"^[CDG][A-Z0-9]{1,63}$")]
"""The id of a channel, a direct message or a conversation of several; not its name."""
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
"""What an app calls one of its shortcuts."""


def _in_capitals(value: object) -> object:
    """Ids of workspaces as Slack writes them: names of environment variables are read in small letters."""
    if not isinstance(value, Mapping):
        return value
    if len({str(each).upper() for each in value}) < len(value):
        raise ValueError("one workspace is there twice")
    return {str(name).upper(): each for name, each in value.items()}


class Workspace(BaseModel):
    """One of several workspaces that the app is installed in."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    bot_token: Secret
    """The app's Bot User OAuth Token (`xoxb-…`) there."""


def _by_comma(value: object) -> object:
    """`Network, Hardware request` as a list."""
    return [each.strip() for each in value.split(",") if each.strip()] if isinstance(value, str) else value


Categories = Annotated[
    tuple[Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=75)], ...],
    BeforeValidator(_by_comma),
    Field(max_length=100),
]
"""Slack shows no more of them, and no longer ones."""


class SlackChannel(ChannelSettings[Id, Gesture]):
    """What one channel has otherwise than its source."""


class Settings(ChatSettings[ChannelId, Id, Gesture, SlackChannel]):
    """A source of kind `slack`; the secret is the app's Signing Secret."""

    close_emoji: Emoji = "white_check_mark"
    """A reaction that closes the ticket."""
    open_emoji: Emoji = "ticket"
    """A reaction that opens a ticket from the message."""
    command: Annotated[str, StringConstraints(pattern=r"^/\S{1,31}$")] = "/ticket"
    """The slash command that opens a ticket from its words, and asks for them where it has none."""
    open_shortcut: CallbackId = "open_ticket"
    """The callback ID of the message shortcut that opens a ticket from a message."""
    close_shortcut: CallbackId = "close_ticket"
    """The callback ID of the message shortcut that closes the ticket of a message."""
    new_shortcut: CallbackId = "new_ticket"
    """The callback ID of the global shortcut that asks for a new ticket."""
    categories: Categories = ()
    """What can be chosen as category in the modal; where this is empty, it is written."""
    bot_user_id: Id | None = None
    """The id of the app's own user; only needed where deliveries do not name it in `authorizations`."""

    receipts: bool = False
    """Say in the thread which ticket there is, and in which state; needs `bot_token`."""
    bot_token: Secret | None = None
    """The app's Bot User OAuth Token (`xoxb-…`), with the scope `chat:write`; modals and receipts need it."""
    workspaces: Annotated[dict[Id, Workspace], BeforeValidator(_in_capitals)] = Field(default_factory=dict)
    """By the workspace's id (`T…`), where the app is installed in several: a token each. `bot_token` is that of any
    other."""
    api_url: AnyHttpUrl = AnyHttpUrl("https://slack.com/api")
    """Where Slack's Web API is; another one only for GovSlack, and for tests."""
    app_token: Secret | None = None
    """An app-level token (`xapp-…`) with the scope `connections:write`: deliveries are taken in on a connection that we
    open to Slack (Socket Mode), and nothing has to reach us."""
    resolve_names: bool = False
    """Ask Slack once a day what users and public channels are called; needs `bot_token`, with the scopes `users:read`
    and `channels:read`."""
    backfill_every: Seconds | None = Field(default=None, ge=10)
    """So often Slack is asked for messages that it did not deliver; needs `bot_token`, and scopes that the README
    names. None: never."""
    backfill_channels: Annotated[tuple[ChannelId, ...], BeforeValidator(listed)] = ()
    """Ids of the channels that are asked for. None of them: all that the bot is a member of."""

    @model_validator(mode="after")
    def _one_meaning_each(self) -> Self:
        if self.close_emoji == self.open_emoji:
            raise ValueError(f"open_emoji and close_emoji are both {self.open_emoji!r}: one reaction, one meaning")
        if self.close_shortcut == self.open_shortcut:
            raise ValueError(f"open_shortcut and close_shortcut are both {self.open_shortcut!r}: one of them closes")
        if self.receipts and not self.with_tokens:
            raise ValueError("receipts: they need bot_token")
        if self.backfill_every is not None and not self.with_tokens:
            raise ValueError("backfill_every: needs bot_token")
        if self.resolve_names and not self.with_tokens:
            raise ValueError("resolve_names: needs bot_token")
        return self

    @property
    def with_tokens(self) -> tuple[str, ...]:
        """The workspaces whose tokens are known, by id; empty stands for the one that `bot_token` is of."""
        return (*(("",) if self.bot_token is not None else ()), *self.workspaces)

    def token(self, team: str | None) -> str | None:
        """The token for a workspace; None where there is none for it."""
        own = self.workspaces.get(team) if team is not None else None
        token = own.bot_token if own is not None else self.bot_token
        return token.get_secret_value() if token is not None else None

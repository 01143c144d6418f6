"""Settings of a Discord source."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AnyHttpUrl, StringConstraints, model_validator

from connectors.chats.channels import ChannelSettings, ChatSettings
from connectors.contract.secrets import Issued
from connectors.contract.settings import Secret
from connectors.discord.keys import is_mistyped, unusable

PUBLIC_KEY = Issued(re.compile(r"[0-9a-fA-F]{64}"), "the application's Public Key, 64 hex digits", unusable)
BOT_TOKEN = Issued(re.compile(r"[A-Za-z0-9_-]{18,40}\.[A-Za-z0-9_-]{5,10}\.[A-Za-z0-9_-]{25,80}"), "the bot's Token")
"""Source: discord.com/developers/docs, "Interactions: Receiving and Responding" and "Reference"."""
Id = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,20}$")]
Gesture = Literal["command", "shortcut", "form", "button", "close_word"]
Name = Annotated[str, StringConstraints(pattern=r"^\S(.{0,30}\S)?$")]
"""The name of a command, as registered at Discord."""


class DiscordChannel(ChannelSettings[Id, Gesture], use_attribute_docstrings=True):
    """Settings of one channel that differ from the source's."""


class Settings(ChatSettings[Id, Id, Gesture, DiscordChannel], use_attribute_docstrings=True):
    """A source of kind `discord`; the secret is the application's Public Key, 64 hex digits.

    The ids of a person are their own and those of their roles. Settings of a channel also apply to its threads.
    """

    secret: Annotated[Secret, PUBLIC_KEY]
    """The application's Public Key: 64 hex digits."""
    previous_secret: Annotated[Secret, PUBLIC_KEY] | None = None
    """Accepted too, while the application is replaced by another."""
    command: Name = "ticket"
    """The slash command that opens, notes and closes."""
    open_message_command: Name = "Open a ticket"
    """The command in a message's menu that opens a ticket from it."""
    close_message_command: Name = "Close its ticket"
    """The command in a message's menu that closes its ticket."""

    receipts: bool = False
    """Add the ticket and its state to the reply to an interaction, for 15 minutes; with `bot_token` as long as the
    ticket changes."""
    bot_token: Annotated[Secret, BOT_TOKEN] | None = None
    """The token of the application's bot, which needs access to the channels."""
    api_url: AnyHttpUrl = AnyHttpUrl("https://discord.com/api/v10")
    """The URL of Discord's API. Another one only for tests."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for name in ("secret", "previous_secret"):
            value = getattr(self, name)
            if value is not None and is_mistyped(value.get_secret_value()):
                count = len(value.get_secret_value())
                raise ValueError(
                    f"{name}: has {count} hex digit{'' if count == 1 else 's'}; the application's Public Key has 64"
                )
            if value is not None and (problem := unusable(value.get_secret_value())):
                raise ValueError(f"{name}: {problem}")
        if self.open_message_command.casefold() == self.close_message_command.casefold():
            raise ValueError("open_message_command, close_message_command: both are the same; give each its own")
        return self

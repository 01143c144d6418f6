"""Settings of a Telegram source."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AnyHttpUrl, BeforeValidator, SecretStr, StringConstraints, model_validator

from connectors.chats.channels import ChannelSettings, ChatSettings
from connectors.contract.secrets import Chosen, Issued
from connectors.contract.settings import Secret


def _without_at(value: object) -> object:
    return value.removeprefix("@") if isinstance(value, str) else value


def _is_token(token: SecretStr) -> SecretStr:
    if not _TOKEN.fullmatch(token.get_secret_value()):
        raise ValueError("must be the token of a bot: a number, a colon, and letters, digits, `_` and `-`")
    return token


_TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{1,200}")
SECRET_TOKEN = Chosen(re.compile(r"[A-Za-z0-9_-]{1,256}"), "at most 256 letters, digits, _ and -")
BOT_TOKEN = Issued(re.compile(r"[0-9]{5,20}:[A-Za-z0-9_-]{30,64}"), "the token from @BotFather, 123456:ABC…")
"""Source: core.telegram.org/bots/api, "setWebhook" and "Authorizing your bot"."""

Id = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,19}$")]
"""The id of a user, or of a chat in whose name people write."""
ChatId = Annotated[str, StringConstraints(pattern=r"^-?[1-9][0-9]{0,18}$")]
"""The id of a chat, as text. Ids of groups and channels are negative."""
Gesture = Literal[
    "mention", "message", "direct", "reply", "close_word", "edit", "open_reaction", "close_reaction", "command"
]
Emoji = Annotated[str, StringConstraints(pattern=r"^\S{1,40}$")]
"""An emoji, or the id of a custom one."""
Command = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,32}$")]
"""The name of a command, without its slash."""


class TelegramChannel(ChannelSettings[Id, Gesture], use_attribute_docstrings=True):
    """Settings of one channel that differ from the source's."""


class Settings(ChatSettings[ChatId, Id, Gesture, TelegramChannel], use_attribute_docstrings=True):
    """A source of kind `telegram`: one bot. The secret is the `secret_token` that its webhook was set with."""

    secret: Annotated[Secret, SECRET_TOKEN]
    """The `secret_token` that the webhook was set with: 16 to 256 letters, digits, `_` and `-`."""
    previous_secret: Annotated[Secret, SECRET_TOKEN] | None = None
    """Accepted too, while the webhook is set with the new secret."""

    bot_username: (
        Annotated[str, BeforeValidator(_without_at), StringConstraints(pattern=r"^[A-Za-z0-9_]{1,32}$")] | None
    ) = None
    """The bot's username. Messages that mention it are for us; commands to another bot are not."""
    topics: bool = True
    """Treat a forum topic as one case, like a thread. False: each message in a topic stands for itself."""
    open_command: Command = "ticket"
    """The command that opens a ticket."""
    close_command: Command = "close"
    """The command that closes a ticket."""
    open_emoji: Emoji = "✍"
    """A reaction that opens a ticket from the message."""
    close_emoji: Emoji = "🏆"
    """A reaction that closes the ticket."""

    receipts: bool = False
    """Reply to a message that opened a ticket with its number and state, and edit that reply; needs `bot_token`."""
    bot_token: Annotated[Secret, AfterValidator(_is_token), BOT_TOKEN] | None = None
    """The bot's token (`123456:ABC…`), from @BotFather."""
    api_url: AnyHttpUrl = AnyHttpUrl("https://api.telegram.org")
    """The URL of the Bot API. Another one only for a Bot API server of your own, and for tests."""

    @model_validator(mode="after")
    def _one_meaning_each(self) -> Self:
        if self.close_emoji == self.open_emoji:
            raise ValueError(f"open_emoji, close_emoji: both are {self.open_emoji!r}; give each its own")
        if self.close_command == self.open_command:
            raise ValueError(f"open_command, close_command: both are {self.open_command!r}; give each its own")
        if self.receipts and self.bot_token is None:
            raise ValueError("receipts: need bot_token")
        return self

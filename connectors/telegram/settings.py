"""What is a Telegram bot configured with?"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BeforeValidator, StringConstraints, model_validator

from connectors.base import SourceSettings
from connectors.chat import listed


def _without_at(value: object) -> object:
    return value.removeprefix("@") if isinstance(value, str) else value


Id = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,19}$")]
"""The id of a chat or a user; those of groups and channels are negative."""
Ids = Annotated[tuple[Id, ...], BeforeValidator(listed)]
Emoji = Annotated[str, StringConstraints(pattern=r"^\S{1,40}$")]
"""An emoji, or the id of a custom one."""
Command = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,32}$")]
"""The name of a command, without its slash."""


class Settings(SourceSettings):
    """A source of kind `telegram`: one bot. The secret is the `secret_token` that its webhook was set with."""

    private: bool = True
    """Text goes into private notes only. Where it is false, what is said in groups and channels with a public name is
    public."""
    public_chats: Ids = ()
    """Ids of groups and channels whose text is public whatever `private` says."""
    bot_username: (
        Annotated[str, BeforeValidator(_without_at), StringConstraints(pattern=r"^[A-Za-z0-9_]{1,32}$")] | None
    ) = None
    """The bot's name: what mentions it is for us, and a command to another bot is not."""
    mention_only: bool = True
    """A message in a group or channel opens a ticket where it mentions the bot or is the command; where this is false,
    every one does."""
    topics: bool = True
    """A topic of a forum is a case, as a thread is; where this is false, each message in a topic stands for itself."""
    open_command: Command = "ticket"
    """The command that opens a ticket."""
    close_command: Command = "close"
    """The command that closes a ticket."""
    close_word: Annotated[str, StringConstraints(pattern=r"^\S{1,50}$")] = "close"
    """A reply whose first word is this, in upper or lower case, closes the ticket."""
    open_emoji: Emoji = "✍"
    """A reaction that opens a ticket from the message."""
    close_emoji: Emoji = "🏆"
    """A reaction that closes the ticket."""
    closers: Ids = ()
    """Ids of users who may close any ticket; others close those that they opened."""

    @model_validator(mode="after")
    def _one_meaning_each(self) -> Self:
        if self.close_emoji == self.open_emoji:
            raise ValueError(f"open_emoji and close_emoji are both {self.open_emoji!r}: one reaction, one meaning")
        if self.close_command == self.open_command:
            raise ValueError(f"open_command and close_command are both {self.open_command!r}: one command, one meaning")
        return self

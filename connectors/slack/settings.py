"""What is a Slack app configured with?"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AnyHttpUrl, StringConstraints, model_validator

from connectors.base import Secret
from connectors.channels import ChannelSettings, ChatSettings

ChannelId = Annotated[str, StringConstraints(pattern=r"^[CDG][A-Z0-9]{1,63}$")]
"""The id of a channel, a direct message or a conversation of several; not its name."""
Id = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,64}$")]
Gesture = Literal[
    "mention", "message", "direct", "reply", "close_word", "edit", "delete", "open_reaction", "close_reaction"
]
Emoji = Annotated[str, StringConstraints(pattern=r"^[^:\s]{1,100}$")]
"""The name of an emoji, without its colons."""


class SlackChannel(ChannelSettings[Id, Gesture]):
    """What one channel has otherwise than its source."""


class Settings(ChatSettings[ChannelId, Id, Gesture, SlackChannel]):
    """A source of kind `slack`; the secret is the app's Signing Secret."""

    close_emoji: Emoji = "white_check_mark"
    """A reaction that closes the ticket."""
    open_emoji: Emoji = "ticket"
    """A reaction that opens a ticket from the message."""
    bot_user_id: Id | None = None
    """The id of the app's own user; only needed where deliveries do not name it in `authorizations`."""

    receipts: bool = False
    """Say in the thread which ticket there is, and in which state; needs `bot_token`."""
    bot_token: Secret | None = None
    """The app's Bot User OAuth Token (`xoxb-…`), with the scope `chat:write`."""
    api_url: AnyHttpUrl = AnyHttpUrl("https://slack.com/api")
    """Where Slack's Web API is; another one only for GovSlack, and for tests."""

    @model_validator(mode="after")
    def _one_meaning_each(self) -> Self:
        if self.close_emoji == self.open_emoji:
            raise ValueError(f"open_emoji and close_emoji are both {self.open_emoji!r}: one reaction, one meaning")
        if self.receipts and self.bot_token is None:
            raise ValueError("receipts: they need bot_token")
        return self

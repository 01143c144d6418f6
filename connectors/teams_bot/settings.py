"""Settings of a Teams bot, and the clouds of Microsoft that it can use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import AnyHttpUrl, StringConstraints, model_validator

from connectors.chats.channels import ChannelSettings, ChatSettings
from connectors.chats.teams_activities import ChannelId, Id
from connectors.contract.secrets import Issued
from connectors.contract.settings import Secret

Gesture = Literal["mention", "direct", "reply", "close_word", "edit", "delete", "open_reaction", "close_reaction"]
Guid = Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", to_lower=True)]
Reaction = Annotated[str, StringConstraints(pattern=r"^[!-9;-~]{1,60}$")]
"""The name of a reaction in Teams: `like`, `heart`, `1f44b_wavinghand`."""


def _is_a_value(secret: str) -> str | None:
    is_id = _GUID.fullmatch(secret) is not None
    return "is the ID of the client secret: expected its Value, which Azure shows only once" if is_id else None


_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
CLIENT_SECRET = Issued(
    re.compile(r"[!-~]{16,128}"),
    "the Value of the bot's client secret, 16 to 128 visible ASCII characters",
    _is_a_value,
)
"""Source: learn.microsoft.com/entra, "Add and manage application credentials"."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """One of Microsoft's clouds."""

    issuer: str
    """The issuer of the Bot Connector's tokens, and the audience of our tokens for it."""
    keys: str
    """The URL of the keys that sign the Bot Connector's tokens."""
    login: str
    """The URL where a bot gets its own tokens; `{}` stands for the tenant."""
    tenant: str
    """The tenant of a multi-tenant bot."""
    hosts: re.Pattern[str]
    """Hosts of the Bot Connector: matched against the whole host."""


CLOUDS: Mapping[str, Cloud] = {
    "public": Cloud(
        issuer="https://api.botframework.com",
        keys="https://login.botframework.com/v1/.well-known/keys",
        login="https://login.microsoftonline.com/{}/oauth2/v2.0/token",
        tenant="botframework.com",
        hosts=re.compile(
            r"smba\.trafficmanager\.net|smba\.infra\.gcc\.teams\.microsoft\.com|([a-z0-9-]{1,63}\.){1,4}botframework\.com"
        ),
    ),
    "us_government": Cloud(
        issuer="https://api.botframework.us",
        keys="https://login.botframework.azure.us/v1/.well-known/keys",
        login="https://login.microsoftonline.us/{}/oauth2/v2.0/token",
        tenant="MicrosoftServices.onmicrosoft.us",
        hosts=re.compile(r"smba\.infra\.(gov|dod)\.teams\.microsoft\.us"),
    ),
}


class BotChannel(ChannelSettings[Id, Gesture], use_attribute_docstrings=True):
    """Settings of one channel that differ from the source's."""


class Settings(ChatSettings[ChannelId, Id, Gesture, BotChannel], use_attribute_docstrings=True):
    """A source of kind `teams_bot`.

    Microsoft proves itself by its signature, and only messages for `app_id` are taken. The secret is the bot's own
    client secret, which its receipts need.
    """

    secret: Annotated[Secret, CLIENT_SECRET]
    """The bot's own client secret: its Value, not its ID."""
    previous_secret: Annotated[Secret, CLIENT_SECRET] | None = None
    """Accepted too, while the sender is moved to the new secret."""

    app_id: Guid | None = None
    """The bot's Microsoft App ID. Without it, no message is taken."""
    tenant_id: Guid | None = None
    """The one organization whose messages are taken, and in which a single-tenant bot is registered. None: all
    organizations."""
    cloud: Literal["public", "us_government"] = "public"
    """The Microsoft cloud in which the bot is registered. GCC is in `public`; GCC High and DoD are in
    `us_government`."""

    open_reaction: Reaction | None = None
    """A reaction that opens a ticket from the message."""
    close_reaction: Reaction | None = None
    """A reaction that closes the ticket."""

    receipts: bool = False
    """Reply to a message that opened a ticket with its number and state, and edit that reply; needs `secret` and
    `app_id`."""
    api_url: AnyHttpUrl | None = None
    """The URL for receipts in place of the activity's service URL; only for tests."""
    token_url: AnyHttpUrl | None = None
    """The URL for the bot's tokens in place of Microsoft's login; only for tests."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.open_reaction is not None and self.open_reaction == self.close_reaction:
            raise ValueError(f"open_reaction, close_reaction: both are {self.open_reaction!r}; give each its own")
        if self.receipts and self.app_id is None:
            raise ValueError("receipts: need app_id")
        return self

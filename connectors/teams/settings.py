"""Settings of an outgoing webhook of Teams."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from connectors.chats.channels import ChannelSettings, ChatSettings
from connectors.chats.teams_activities import ChannelId, Id
from connectors.contract.secrets import Issued
from connectors.contract.settings import Secret

Gesture = Literal["mention", "close_word"]


SECURITY_TOKEN = Issued(
    re.compile(r"[A-Za-z0-9+/]{43}="),
    "the security token that Teams showed when the webhook was made: Base64 of 32 bytes",
)
"""Source: learn.microsoft.com/microsoftteams/platform, "Create Outgoing Webhooks"."""


class TeamsChannel(ChannelSettings[Id, Gesture], use_attribute_docstrings=True):
    """Settings of one channel that differ from the source's."""


class Settings(ChatSettings[ChannelId, Id, Gesture, TeamsChannel], use_attribute_docstrings=True):
    """A source of kind `teams`; the secret is the security token that Teams showed when the webhook was made.

    The id of a person is their `aadObjectId`.
    """

    secret: Annotated[Secret, SECURITY_TOKEN]
    """The security token of the webhook: Base64 of 32 bytes."""
    previous_secret: Annotated[Secret, SECURITY_TOKEN] | None = None
    """Accepted too, while the sender is moved to the new secret."""

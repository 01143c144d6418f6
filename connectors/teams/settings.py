"""What is an outgoing webhook of Teams configured with?"""

from __future__ import annotations

from typing import Literal

from connectors.chats.channels import ChannelSettings, ChatSettings
from connectors.chats.teams_activities import ChannelId, Id

Gesture = Literal["mention", "close_word"]


class TeamsChannel(ChannelSettings[Id, Gesture]):
    """What one channel has otherwise than its source."""


class Settings(ChatSettings[ChannelId, Id, Gesture, TeamsChannel]):
    """A source of kind `teams`; the secret is the security token that Teams showed when the webhook was made.

    People have their `aadObjectId` as id.
    """

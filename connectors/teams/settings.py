"""Settings of an outgoing webhook of Teams."""

from __future__ import annotations

from typing import Literal

from connectors.chats.channels import ChannelSettings, ChatSettings
from connectors.chats.teams_activities import ChannelId, Id

Gesture = Literal["mention", "close_word"]


class TeamsChannel(ChannelSettings[Id, Gesture], use_attribute_docstrings=True):
    """Settings of one channel that differ from the source's."""


class Settings(ChatSettings[ChannelId, Id, Gesture, TeamsChannel], use_attribute_docstrings=True):
    """A source of kind `teams`; the secret is the security token that Teams showed when the webhook was made.

    The id of a person is their `aadObjectId`.
    """

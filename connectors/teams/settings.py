"""What is an outgoing webhook of Teams configured with?"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import StringConstraints

from connectors.channels import ChannelSettings, ChatSettings

ChannelId = Annotated[str, StringConstraints(pattern=r"^(19:[!-:<-?A-~]{1,250}@[a-z0-9.]{1,40}|a:[!-:<-~]{1,297})$")]
"""The id of a conversation (`19:…@thread.tacv2`), without the message that stands behind it in some places."""
Id = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,300}$")]
Gesture = Literal["mention", "close_word"]


class TeamsChannel(ChannelSettings[Id, Gesture]):
    """What one channel has otherwise than its source."""


class Settings(ChatSettings[ChannelId, Id, Gesture, TeamsChannel]):
    """A source of kind `teams`; the secret is the security token that Teams showed when the webhook was made.

    People have their `aadObjectId` as id.
    """

"""What is an outgoing webhook of Teams configured with?"""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, StringConstraints

from connectors.base import SourceSettings
from connectors.chat import listed

Id = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,300}$")]
Ids = Annotated[tuple[Id, ...], BeforeValidator(listed)]


class Settings(SourceSettings):
    """A source of kind `teams`; the secret is the security token that Teams showed when the webhook was made."""

    private: bool = True
    """Text goes into private notes only. Where it is false, what is said in channels of the team is public."""
    public_channels: Ids = ()
    """Ids of channels (`19:…@thread.tacv2`) whose text is public whatever `private` says."""
    close_word: Annotated[str, StringConstraints(pattern=r"^\S{1,50}$")] = "close"
    """A reply whose first word behind the mention is this, in upper or lower case, closes the ticket."""
    closers: Ids = ()
    """Ids of users (their `aadObjectId`) who may close any ticket; others close those that they opened."""

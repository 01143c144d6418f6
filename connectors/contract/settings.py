"""The settings that every kind of source has; a kind adds its own fields."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from connectors.contract.durations import Seconds
from connectors.contract.events import Priority
from connectors.contract.secrets import Chosen, Password


def _usable(secret: SecretStr) -> SecretStr:
    value = secret.get_secret_value()
    if not value.strip():
        raise ValueError("a secret must not be blank")
    if value != value.strip():
        # HTTP strips white space from the ends of a header, so such a secret would deny every sender.
        raise ValueError("a secret must not begin or end with white space")
    return secret


Secret = Annotated[SecretStr, AfterValidator(_usable)]
"""A secret that is never blank, has no white space around it, and is never shown. A field needs its kind, too."""
ChosenSecret = Annotated[Secret, Chosen()]
"""A secret that we choose, such as a bearer token."""
PasswordSecret = Annotated[Secret, Password()]
"""A password or API key of a server that we log in to."""


class SourceSettings(BaseModel):
    """Settings of every kind of source; a kind adds its own fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    routes_publish: ClassVar[bool] = True
    """True: a route can make private text public with `private` alone. False: only the source's own settings can."""

    secret: ChosenSecret
    """The secret with which the sender proves itself; for mail, also the proof of our own addresses. Never blank."""
    previous_secret: ChosenSecret | None = None
    """Accepted too, while senders are moved to the new secret."""
    category: str | None = Field(default=None, min_length=1, max_length=255)
    """The tickets' category."""
    private: bool = False
    """Keep the text out of subject and description, in private notes only."""
    max_items: int = Field(default=10_000, ge=1)
    """Maximum items of one delivery; more are refused with 413."""
    max_body: int | None = Field(default=None, ge=1)
    """Maximum bytes of one delivery. None: `server.max_body`."""
    quiet_after: Seconds | None = None
    """Open a ticket if the source sends nothing for this long. The ticket closes with the next delivery. None:
    never."""
    quiet_priority: Priority = "high"
    """Priority of that ticket."""
    expire_after: Seconds | None = None
    """Close an alert that its sender has not mentioned for this many seconds. Must be longer than the interval at which
    the sender repeats open alerts. None: never."""

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """The current secret first, then the previous one; as UTF-8 bytes."""
        both = (self.secret, self.previous_secret)
        return tuple(each.get_secret_value().encode() for each in both if each is not None)

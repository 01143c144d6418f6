"""The settings that every kind of source has; a kind adds its own fields."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from connectors.contract.durations import Seconds
from connectors.contract.events import Priority


def _usable(secret: SecretStr) -> SecretStr:
    value = secret.get_secret_value()
    if not value.strip():
        raise ValueError("a secret must not be blank")
    if value != value.strip():
        # HTTP takes white space off the ends of a header: such a secret would deny everybody, for ever.
        raise ValueError("a secret must not begin or end with white space")
    return secret


Secret = Annotated[SecretStr, AfterValidator(_usable)]
"""A secret that is never blank, without white space around it, and never shown."""


class SourceSettings(BaseModel):
    """What every kind of source is configured with; a kind adds its own fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    routes_publish: ClassVar[bool] = True
    """A route can make public what is private by `private` alone; else only what is set for the source does."""

    secret: Secret
    """What the sender proves itself with."""
    previous_secret: Secret | None = None
    """Accepted too, while senders are moved to the new one."""
    category: str | None = Field(default=None, min_length=1, max_length=255)
    """The tickets' category."""
    private: bool = False
    """Keep the text out of subject and description, in private notes only."""
    max_items: int = Field(default=10_000, ge=1)
    """Items of one delivery; more is refused with 413."""
    max_body: int | None = Field(default=None, ge=1)
    """Bytes of one delivery; None: as `server.max_body` says."""
    quiet_after: Seconds | None = None
    """Nothing was sent for so long: a ticket says so, which closes with the next delivery. None: it may be quiet."""
    quiet_priority: Priority = "high"
    """Of that ticket."""
    expire_after: Seconds | None = None
    """Close an alert that its sender has not mentioned for so many seconds. Set it longer than the interval at which
    the sender repeats open alerts. None: never."""

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """The current secret first, then the previous one; as UTF-8 bytes."""
        both = (self.secret, self.previous_secret)
        return tuple(each.get_secret_value().encode() for each in both if each is not None)

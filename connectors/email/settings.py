"""What is a mailbox group configured with? Its address, how replies are read, and how much one mail may hold."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from connectors.base import SourceSettings

Username = Annotated[str, StringConstraints(pattern=r"^[^:\x00-\x1f\x7f]*[^:\s\x00-\x1f\x7f]$")]
Address = Annotated[
    str, StringConstraints(to_lower=True, max_length=100, pattern=r"^[A-Za-z0-9._-]{1,20}@[A-Za-z0-9.-]+$")
]


class Settings(SourceSettings):
    """A source of kind `email`: one mailbox, or several that are one to their users."""

    address: Address = "support@localhost"
    """Where people write to; answers come back to `support+t-…@…` too. What stands before the @ has 20 characters at
    the most, for the token has to fit beside it (RFC 5321 allows 64)."""
    username: Username | None = None
    """Accept `Basic` with this name and the secret as password too; it holds no colon (RFC 7617)."""
    max_body: int | None = Field(default=25 * 1024 * 1024, ge=1)
    """Bytes of one mail."""
    max_depth: int = Field(default=50, ge=1, le=100)
    """Levels of parts within parts; a mail with more stays in quarantine."""
    max_parts: int = Field(default=500, ge=1)
    """Parts of one mail; a mail with more stays in quarantine."""
    max_text: int = Field(default=60_000, ge=1_000, le=60_000)
    """Characters of a ticket's or note's text."""
    strip_replies: bool = True
    """Put what a reply says before what it quotes."""

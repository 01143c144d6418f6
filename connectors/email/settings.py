"""What is a mailbox group configured with? How its mail is read, which mails are alerts, whose commands count."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from connectors.contract.events import Priority
from connectors.contract.mailbox import ImapMailbox, MailboxName
from connectors.contract.settings import Secret, SourceSettings
from connectors.toolbox.patterns import Expression, Glob, groups
from connectors.toolbox.signatures import Username

Address = Annotated[
    str, StringConstraints(to_lower=True, max_length=100, pattern=r"^[A-Za-z0-9._-]{1,20}@[A-Za-z0-9.-]+$")
]
AlertState = Literal["firing", "repeat", "recovery"]
AddressGlob = Annotated[Glob, Field(min_length=3, max_length=320)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
GroupName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,39}$")]

STATE = "state"
"""The group in which states are looked for, where an expression has it."""


class AlertRule(BaseModel):
    """Which mails of one sender are alerts, what they are about, and what they say of it."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: Name
    """Part of the case key: another name makes other tickets."""
    sender: AddressGlob
    """Whose mails: a glob for the address in From."""
    subject: Expression | None = None
    """A regular expression (RE2) that is found in the subject; its named groups are labels."""
    text: Expression | None = None
    """Likewise in the text; where both have a group of one name, the subject's counts."""
    case: tuple[GroupName, ...] = Field(default=(), max_length=5)
    """The groups that tell what it is about; a mail in which one is missing is no alert. None: all is one case."""
    firing: Expression | None = None
    """Found in the group `state`, or without such a group in the subject: it began, or happened again."""
    repeat: Expression | None = None
    """Likewise: it goes on. Tried before `firing`."""
    recovery: Expression | None = None
    """Likewise: it is over. Tried first."""
    priority: Priority | None = None
    """Of its tickets; without it as the mail says."""
    authenticated: bool = False
    """Only where DMARC or DKIM passed, by the server that `authserv_id` names."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        known = {name for each in (self.subject, self.text) if each is not None for name in groups(each)}
        if missing := [name for name in self.case if name not in known]:
            raise ValueError(f"no expression has a group named {missing[0]!r}, which `case` asks for")
        if self.subject is None and self.text is None:
            raise ValueError("a rule needs an expression for the subject or for the text")
        if self.firing is None and self.repeat is None:
            raise ValueError("a rule needs an expression for firing, for how else would a ticket begin?")
        return self


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
    receipts_by: Annotated[str, StringConstraints(pattern=r"^(\[[0-9a-fA-F:]+\]|[^:\s]+):[0-9]{1,5}$")] | None = None
    """HOST:PORT of a mail server that tells people which ticket their mail became; None: nobody is told."""
    receipts_security: Literal["none", "starttls", "tls"] = "starttls"
    """How that server is spoken to; `none` is for one on this machine."""
    receipts_username: str | None = None
    """Who logs in there; None: nobody."""
    receipts_password: Secret | None = None
    strip_replies: bool = True
    """Put what a reply says before what it quotes."""
    imap: dict[MailboxName, ImapMailbox] = Field(default_factory=dict)
    """Mailboxes that are read over IMAP, by names that are chosen once; what is in all of them is one conversation."""
    per_mailbox: bool = False
    """A mail that is in several mailboxes of the source makes a ticket in each; else one ticket."""
    loop_limit: int = Field(default=20, ge=2, le=100)
    """Mails of one sender with one subject that have an effect within `loop_minutes`; the rest become one note."""
    loop_minutes: int = Field(default=60, ge=1, le=1440)
    """The time that `loop_limit` counts in."""
    alerts: tuple[AlertRule, ...] = Field(default=(), max_length=100)
    """Which mails are alerts; the first rule that fits counts."""
    authserv_id: str | None = Field(default=None, min_length=1, max_length=255, pattern=r"^[A-Za-z0-9._-]+$")
    """What the mail server in front calls itself in Authentication-Results. It has to take out those of others."""
    commands_from: tuple[AddressGlob, ...] = Field(default=(), max_length=100)
    """Whose mails may hold commands, where `authserv_id` vouches for them: addresses, or globs like `*@example.net`."""

    @model_validator(mode="after")
    def _a_password_is_not_shown_to_a_network(self) -> Self:
        host = (self.receipts_by or "").rpartition(":")[0].strip("[]")
        is_here = host in ("localhost", "::1") or host.startswith("127.")
        if self.receipts_security == "none" and self.receipts_password is not None and not is_here:
            raise ValueError("receipts_security: none would send receipts_password in clear; use starttls or tls")
        return self

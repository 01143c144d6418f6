"""Settings of a mail source: reading, alert rules, commands and receipts."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from connectors.contract.events import Priority
from connectors.contract.mailbox import ImapMailbox, MailboxName
from connectors.contract.settings import PasswordSecret, SourceSettings
from connectors.toolbox.patterns import Expression, Glob, groups
from connectors.toolbox.signatures import Username

Address = Annotated[
    str, StringConstraints(to_lower=True, max_length=100, pattern=r"^[A-Za-z0-9._-]{1,20}@[A-Za-z0-9.-]+$")
]
AlertState = Literal["firing", "repeat", "recovery"]
Domain = Annotated[str, StringConstraints(to_lower=True, max_length=255, pattern=r"^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$")]
AddressGlob = Annotated[Glob, Field(min_length=3, max_length=320)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
GroupName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,39}$")]

STATE = "state"
"""The group that holds the state, if an expression has it."""


class AlertRule(BaseModel):
    """A rule that reads certain mails of one sender as alerts."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: Name
    """Part of the case key: another name makes other tickets."""
    sender: AddressGlob
    """A glob for the address in From."""
    subject: Expression | None = None
    """A regular expression (RE2) that must match in the subject. Its named groups are labels."""
    text: Expression | None = None
    """A regular expression (RE2) that must match in the text. If both have a group of one name, the subject's
    counts."""
    case: tuple[GroupName, ...] = Field(default=(), max_length=5)
    """The groups that identify the case. A mail in which one is missing is not an alert. None given: all alerts of the
    rule are one case."""
    firing: Expression | None = None
    """Matches in the group `state`, or without such a group in the subject: the alert began, or happened again."""
    repeat: Expression | None = None
    """A regular expression (RE2) that matches in the subject of a repeat: the alert goes on. Tried before `firing`."""
    recovery: Expression | None = None
    """A regular expression (RE2) that matches in the subject of a recovery: the alert ended. Tried first."""
    priority: Priority | None = None
    """Priority of the rule's tickets. None: the mail's importance."""
    authenticated: bool = False
    """Apply the rule only if DMARC or DKIM passed, according to the server in `authserv_id`."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        known = {name for each in (self.subject, self.text) if each is not None for name in groups(each)}
        if missing := [name for name in self.case if name not in known]:
            raise ValueError(f"case: names {missing[0]!r}, which is a group of neither subject nor text")
        if self.subject is None and self.text is None:
            raise ValueError("subject, text: give at least one of them")
        if self.firing is None and self.repeat is None:
            raise ValueError("firing, repeat: give at least one of them, which opens tickets")
        return self


class Settings(SourceSettings):
    """A source of kind `email`: one mailbox, or several that act as one for their users."""

    address: Address = "support@localhost"
    """The address that people write to. Answers come back to `support+t-…@…` too. The part before the @ has at most 20
    characters, since the token has to fit beside it (RFC 5321 allows 64)."""
    username: Username | None = None
    """Accept `Basic` with this name and the secret as password too; it holds no colon (RFC 7617)."""
    max_body: int | None = Field(default=25 * 1024 * 1024, ge=1)
    """Maximum bytes of one mail."""
    max_depth: int = Field(default=50, ge=1, le=100)
    """Maximum levels of nested parts; a mail with more goes into quarantine."""
    max_parts: int = Field(default=500, ge=1)
    """Maximum parts of one mail; a mail with more goes into quarantine."""
    max_text: int = Field(default=60_000, ge=1_000, le=60_000)
    """Maximum characters of a ticket's or note's text."""
    receipts_by: Annotated[str, StringConstraints(pattern=r"^(\[[0-9a-fA-F:]+\]|[^:\s]+):[0-9]{1,5}$")] | None = None
    """HOST:PORT of a mail server that sends receipts with the ticket's number. None: no receipts."""
    receipts_security: Literal["none", "starttls", "tls"] = "starttls"
    """Encryption of the connection to that server; `none` is for a server on this machine."""
    receipts_username: str | None = None
    """Name to log in with at that server. None: no login."""
    receipts_password: PasswordSecret | None = None
    """The password of `receipts_username`."""
    strip_replies: bool = True
    """Put a reply's own words before the quoted text."""
    imap: dict[MailboxName, ImapMailbox] = Field(default_factory=dict)
    """Mailboxes that are read over IMAP, by names that never change. Conversations span all of them, unless
    `per_mailbox` is set."""
    per_mailbox: bool = False
    """Open a ticket per mailbox for a mail that is in several mailboxes of the source. False: one ticket."""
    loop_limit: int = Field(default=20, ge=2, le=100)
    """Mails of one sender with one subject that have an effect within `loop_minutes`; the rest become one note."""
    loop_minutes: int = Field(default=60, ge=1, le=1440)
    """The period of `loop_limit`, in minutes."""
    alerts: tuple[AlertRule, ...] = Field(default=(), max_length=100)
    """Rules for mails that are alerts; the first matching rule counts."""
    authserv_id: str | None = Field(default=None, min_length=1, max_length=255, pattern=r"^[A-Za-z0-9._-]+$")
    """The name of our mail server in Authentication-Results. The server must remove such headers of others. A sender
    for whom it reports `dmarc=fail` counts as a stranger."""
    unverified: Literal["accept", "mark", "stranger"] = "mark"
    """Treatment of a sender for whom the server in `authserv_id` reports neither a pass nor a failure. `mark`: the
    ticket says once that the sender is not verified; `stranger`: as after a failure."""
    trusted_arc: tuple[Domain, ...] = Field(default=(), max_length=100)
    """Domains of forwarders whose ARC seal vouches for a mail in spite of `dmarc=fail`. The server in `authserv_id`
    must check the seal."""
    trusted_forwarders: tuple[Domain, ...] = Field(default=(), max_length=100)
    """Domains of forwarders and mailing lists that vouch for a mail in spite of `dmarc=fail`. The server in
    `authserv_id` must confirm the domain by DKIM, or by SPF."""
    commands_from: tuple[AddressGlob, ...] = Field(default=(), max_length=100)
    """Senders whose mails may hold commands, if `authserv_id` confirms them: addresses, or globs like
    `*@example.net`."""

    @model_validator(mode="after")
    def _a_password_is_not_shown_to_a_network(self) -> Self:
        host, _, port = (self.receipts_by or "").rpartition(":")
        host = host.strip("[]")
        if port and not 1 <= int(port) <= 65535:
            raise ValueError("receipts_by: the port must be from 1 to 65535")
        is_here = host in ("localhost", "::1") or host.startswith("127.")
        if self.receipts_security == "none" and self.receipts_password is not None and not is_here:
            raise ValueError("receipts_security: 'none' would send receipts_password in clear; use starttls or tls")
        return self

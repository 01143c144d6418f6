"""Shapes of `audit` and `mail audit`: the ledger compared with the Tickets API, and with the mailboxes."""

from __future__ import annotations

from dataclasses import dataclass

from worker.ledger import Finding, Outcomes


@dataclass(frozen=True, slots=True)
class Audited:
    """The document of `audit`."""

    findings: list[Finding]
    compared: dict[str, int]
    """bound: tickets of the ledger; found: tickets of the API; requests: made for the audit."""
    updated: int | None
    """Tickets recorded with `--update`."""


@dataclass(frozen=True, slots=True)
class FolderAudited:
    """A folder of a mailbox: the mails on the server, compared with those in the ledger."""

    folder: str
    on_server: int
    """Mails that are there now."""
    before_us: int
    """Mails among them that were there before the mailbox was watched."""
    accounted: int
    """Mails among them that are in the ledger."""
    missing: list[int]
    """UIDs of the remaining mails: the gaps."""
    not_read_yet: int
    """Gaps above the cursor: the next poll takes them."""
    owed: int
    """Mails in the ledger that were not flagged or moved yet."""
    outcomes: Outcomes
    """All mails of the folder in the ledger, by outcome; includes mails that have left the server."""


@dataclass(frozen=True, slots=True)
class MailboxAudited:
    """A mailbox, compared with the ledger."""

    source: str
    mailbox: str
    folders: list[FolderAudited]
    error: str | None
    """Why the mailbox could not be compared."""


@dataclass(frozen=True, slots=True)
class DeliveriesAudited:
    """The deliveries of a source that takes mail in any way, by outcome."""

    source: str
    outcomes: Outcomes


@dataclass(frozen=True, slots=True)
class MailAudited:
    """The document of `mail audit`."""

    mailboxes: list[MailboxAudited]
    deliveries: list[DeliveriesAudited]
    gaps: int
    """Mails on the servers that are not accounted for."""

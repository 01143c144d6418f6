"""Shapes of `audit` and `mail audit`: the ledger compared with the Tickets API, and with the mailboxes."""

from __future__ import annotations

from dataclasses import dataclass

from worker.ledger import Finding, Outcomes


@dataclass(frozen=True, slots=True)
class Audited:
    """`audit`"""

    findings: list[Finding]
    compared: dict[str, int]
    """bound: tickets of the ledger; found: of the API; requests: made for it."""
    updated: int | None
    """Tickets recorded with `--update`."""


@dataclass(frozen=True, slots=True)
class FolderAudited:
    """A folder of a mailbox: what the server has, and what the ledger knows of it."""

    folder: str
    on_server: int
    """Mails that are there now."""
    before_us: int
    """Those of them that were there before the mailbox was watched."""
    accounted: int
    """Those of them that the ledger knows."""
    missing: list[int]
    """The UIDs of the others: the gaps."""
    not_read_yet: int
    """Those of the gaps that are above the cursor: the next poll takes them."""
    owed: int
    """Mails that are in the ledger and were not flagged or moved yet."""
    outcomes: Outcomes
    """All that the ledger knows of the folder, also what is not there any more, by what it became."""


@dataclass(frozen=True, slots=True)
class MailboxAudited:
    """A mailbox, compared with the ledger."""

    source: str
    mailbox: str
    folders: list[FolderAudited]
    error: str | None
    """Why it could not be compared."""


@dataclass(frozen=True, slots=True)
class DeliveriesAudited:
    """The deliveries of a source that takes mail, by whatever way, by what they became."""

    source: str
    outcomes: Outcomes


@dataclass(frozen=True, slots=True)
class MailAudited:
    """`mail audit`"""

    mailboxes: list[MailboxAudited]
    deliveries: list[DeliveriesAudited]
    gaps: int
    """Mails on the servers that are not accounted for."""

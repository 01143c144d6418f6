"""Compares the mailboxes with the ledger, and finds mails on a server that are in no delivery."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime

from connectors.contract.mailbox import ImapMailbox
from worker.documents.audit import DeliveriesAudited, FolderAudited, MailAudited, MailboxAudited
from worker.intake.imap.oauth import TokenSource
from worker.intake.imap.plan import start, work
from worker.intake.imap.server import ImapError, ImapServer, connect
from worker.intake.imap.supervisor import configured
from worker.intake.smtp import mailboxes
from worker.ledger import Ledger, Mailbox
from worker.settings import Settings


def audit(ledger: Ledger, settings: Settings, since: datetime | None) -> MailAudited:
    """Compare every configured mailbox, and count the deliveries since then by outcome."""
    wanted = configured(settings.sources)
    found = [_compare(ledger, mailbox, box) for mailbox, (_, box) in sorted(wanted.items(), key=lambda e: str(e[0]))]
    sources = sorted({source.id for source in mailboxes(settings.sources).values()})
    counted = [DeliveriesAudited(each, ledger.reading.outcomes(each, since)) for each in sources]
    return MailAudited(found, counted, sum(len(folder.missing) for each in found for folder in each.folders))


def _compare(ledger: Ledger, mailbox: Mailbox, settings: ImapMailbox) -> MailboxAudited:
    folders: list[FolderAudited] = []
    tokens = TokenSource(settings, lambda _: None) if settings.oauth is not None else None
    error: str | None = None
    try:
        with closing(connect(settings, tokens.access if tokens is not None else None)) as server:
            folders.extend(_compare_folder(ledger, server, mailbox, settings, each) for each in settings.folders)
    except ImapError as refused:
        error = str(refused)
    return MailboxAudited(mailbox.source, mailbox.name, folders, error)


def _compare_folder(
    ledger: Ledger, server: ImapServer, mailbox: Mailbox, settings: ImapMailbox, folder: str
) -> FolderAudited:
    """Read the server before the ledger, so that a mail found is in the ledger, unless it is under way."""
    there = server.open(folder, read_only=True)
    present = server.uids(1, there.uidnext)
    kept = ledger.mailboxes
    cursor = start(kept.cursor(mailbox, folder), there, settings.begin, kept.now()).cursor
    known = kept.known(mailbox, folder, there.uidvalidity, cursor.first_uid - 1)
    missing = work(cursor, present, known).take
    ours = {uid for uid in present if uid >= cursor.first_uid}
    return FolderAudited(
        folder=folder,
        on_server=len(present),
        before_us=len(present) - len(ours),
        accounted=len(ours) - len(missing),
        missing=list(missing),
        not_read_yet=sum(uid > cursor.last_uid for uid in missing),
        owed=len(known.owed & present),
        outcomes=ledger.reading.uid_outcomes(mailbox, folder, there.uidvalidity),
    )

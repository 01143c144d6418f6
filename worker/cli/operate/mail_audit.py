"""`ticketrelay mail audit`: is every mail of our mailboxes in the ledger?"""

from __future__ import annotations

import sys
from contextlib import closing
from datetime import datetime
from pathlib import Path

import click

from connectors.email.imap import ImapMailbox
from worker.cli.operate.byhand import Moment, opened
from worker.cli.shell.common import data_option
from worker.cli.shell.output import cell, emit, output_option
from worker.documents.audit import DeliveriesAudited, FolderAudited, MailAudited, MailboxAudited
from worker.intake.imap.keeper import configured
from worker.intake.imap.oauth import TokenSource
from worker.intake.imap.plan import start, work
from worker.intake.imap.server import ImapError, ImapServer, connect
from worker.intake.smtp import mailboxes
from worker.ledger import Ledger, Mailbox
from worker.ledger.reports.accounting import Outcomes

SHOWN = 20  # UIDs in the table


@click.command()
@click.option("--since", type=Moment(), metavar="DURATION|TIME",
              help="Count only deliveries since then: 24h, 7d, or a time; all of them by default.")  # fmt: skip
@data_option
@output_option
def audit(since: datetime | None, data: Path, output: str) -> None:
    """Compare the mailboxes with the ledger: mails that are on the server and in no delivery.

    It asks each server for its UIDs, changes nothing there, and may run while mail is read. It counts what became of
    all mails and deliveries: ticket, note, duplicate, suppressed, quarantined. Exits 1 when a mail is unaccounted for,
    or a mailbox cannot be asked.

    \b
    Example: ticketrelay mail audit -o json | jq .gaps
    """
    with opened(data) as (ledger, settings):
        wanted = configured(settings.sources)
        found = [
            _compare(ledger, mailbox, box) for mailbox, (_, box) in sorted(wanted.items(), key=lambda e: str(e[0]))
        ]
        sources = sorted({source.id for source in mailboxes(settings.sources).values()})
        counted = [DeliveriesAudited(each, ledger.reading.outcomes(each, since)) for each in sources]
    gaps = sum(len(folder.missing) for each in found for folder in each.folders)
    if output == "json":
        emit("mail-audit", MailAudited(found, counted, gaps))
    else:
        _print(found, counted, gaps)
    sys.exit(1 if gaps or any(each.error for each in found) else 0)


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
    """The server's side first, then the ledger's: what is found is then in the ledger, unless it is under way."""
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


def _print(found: list[MailboxAudited], counted: list[DeliveriesAudited], gaps: int) -> None:
    for each in found:
        name = f"{each.source}/{each.mailbox}"
        for folder in each.folders:
            click.echo(f"{name} {cell(folder.folder)}: {folder.on_server} mails, {folder.accounted} accounted for, "
                       f"{folder.before_us} from before")  # fmt: skip
            click.echo(f"  became    {_told(folder.outcomes)}")
            if folder.owed:
                click.echo(f"  owed      {folder.owed} are not flagged or moved yet")
            if folder.missing:
                uids = ", ".join(map(str, folder.missing[:SHOWN])) + (" …" if len(folder.missing) > SHOWN else "")
                later = f"; {folder.not_read_yet} of them come with the next poll" if folder.not_read_yet else ""
                click.secho(f"  GAPS      {len(folder.missing)} are not in the ledger{later}: UID {uids}", fg="red")
        if each.error is not None:
            click.secho(f"{name}: cannot be asked: {cell(each.error)}", fg="red")
    for source in counted:
        click.echo(f"deliveries of {source.source}: {_told(source.outcomes)}")
    click.echo(f"compared  {sum(len(each.folders) for each in found)} folders: {gaps} gaps")


def _told(outcomes: Outcomes) -> str:
    return " · ".join(f"{number} {word}" for word, number in outcomes.items())

"""`ticketrelay mail audit`: compares the mailboxes with the ledger."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from worker.actions.mail_audit import audit as compared
from worker.cli.operate.byhand import Moment, ledger_and_settings
from worker.cli.shell.common import data_option
from worker.cli.shell.output import cell, counts, output_option, print_document
from worker.documents.audit import FolderAudited, MailAudited
from worker.runtime.terminal import echo, secho
from worker.wording import counted, plural

SHOWN = 20  # UIDs in the table


@click.command()
@click.option("--since", type=Moment(), metavar="DURATION|TIME",
              help="Count only deliveries since then: 24h, 7d, or a time. All by default.")  # fmt: skip
@data_option
@output_option
def audit(since: datetime | None, data: Path, output: str) -> None:
    """Compare the mailboxes with the ledger, and list the mails that are missing from the ledger.

    The audit requests each server's UIDs, changes nothing there, and may run while mail is read. It counts all mails
    and deliveries by outcome: ticket, note, duplicate, suppressed, quarantined. Exits 1 when a mail is unaccounted for,
    or a mailbox cannot be read.

    \b
    Example: ticketrelay mail audit -o json | jq .gaps
    """
    with ledger_and_settings(data) as (ledger, settings):
        found = compared(ledger, settings, since)
    print_document("mail-audit", found, output, _print)
    sys.exit(1 if found.gaps or any(each.error for each in found.mailboxes) else 0)


def _print(found: MailAudited) -> None:
    for each in found.mailboxes:
        name = f"{each.source}/{each.mailbox}"
        for folder in each.folders:
            _print_folder(name, folder)
        if each.error is not None:
            secho(f"{name}: the mailbox cannot be read: {cell(each.error)}", fg="red")
    for source in found.deliveries:
        echo(f"deliveries of {source.source}: {counts(source.outcomes, _became)}")
    folders = counted(sum(len(each.folders) for each in found.mailboxes), "folder")
    echo(f"compared  {folders}: {counted(found.gaps, 'gap')}")


def _print_folder(name: str, folder: FolderAudited) -> None:
    echo(f"{name} {cell(folder.folder)}: {counted(folder.on_server, 'mail')}, {folder.accounted} accounted for, "
               f"{folder.before_us} older than the first poll")  # fmt: skip
    echo(f"  became    {counts(folder.outcomes, _became)}")
    if folder.owed:
        echo(f"  owed      {folder.owed} to flag or move")
    if folder.missing:
        uids = ", ".join(map(str, folder.missing[:SHOWN])) + (" …" if len(folder.missing) > SHOWN else "")
        later = f", {folder.not_read_yet} of them to come with the next poll" if folder.not_read_yet else ""
        missing = counted(len(folder.missing), "mail")
        secho(f"  GAPS      {missing} missing from the ledger{later}: UID {uids}", fg="red")


def _became(word: str, number: int) -> str:
    """Return the result of mails in words: "2 tickets", but "2 suppressed"."""
    return plural(word) if number != 1 and word in ("ticket", "note", "duplicate") else word

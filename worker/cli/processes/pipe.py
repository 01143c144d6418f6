"""`ticketrelay pipe`: takes one mail from standard input, for a mail server's pipe transport.

Exit codes are those of sysexits.h, by which a mail server decides whether to try again: 0 when the mail is durable, 65
for input that can never be a mail, and 75 for everything else, a wrong flag or setting too. Any other code would bounce
mail.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import click
import structlog

from connectors.contract.messages import OverLimit, Verified
from worker.actions.same_settings import differing, named
from worker.cli.shell.common import data_option, loaded_without_api, log_to_stderr
from worker.intake.reading import read_verified
from worker.intake.smtp import boxes_of, enveloped, max_body_of
from worker.ledger import Ledger, LedgerAway, open_ledger, why_away
from worker.runtime.terminal import echo
from worker.settings import Settings, Source
from worker.settings.loader import Loaded

log = structlog.get_logger()

EX_OK, EX_DATAERR, EX_TEMPFAIL = 0, 65, 75


class _Pipe(click.Command):
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.show()
            ctx.exit(EX_TEMPFAIL)


@click.command(cls=_Pipe)
@click.option(
    "--source", "source_id", help="The source of the mail. By default the one whose address is in --recipient."
)
@click.option("--sender", help="The envelope's sender (Postfix: ${sender}).")
@click.option(
    "--recipient",
    "recipients",
    multiple=True,
    help="The envelope's recipient (Postfix: ${recipient}). May be given several times.",
)
@data_option
def pipe(source_id: str | None, sender: str | None, recipients: tuple[str, ...], data: Path) -> None:
    """Take one mail from standard input into the ledger; a worker or `run` delivers it.

    Exits 0 when the mail is durable, 65 for input that can never be a mail, and 75 for every other error: try again.

    \b
    Example: ticketrelay pipe --source email --sender ada@example.org < mail.eml
    """
    log_to_stderr("warning")
    try:
        code = _take(source_id, sender, recipients, data)
    except SystemExit:
        code = EX_TEMPFAIL  # a setting is wrong, and the error was printed
    except LedgerAway as error:
        echo(f"Error: {why_away(error)}: the mail was not stored; the mail server keeps it, and tries again", err=True)
        code = EX_TEMPFAIL
    except Exception:
        log.exception("pipe.failed")  # after any error, the mail server must keep the mail
        code = EX_TEMPFAIL
    sys.exit(code)


def _take(source_id: str | None, sender: str | None, recipients: tuple[str, ...], data: Path) -> int:
    loaded = loaded_without_api(data)
    settings = loaded.settings
    meant = _meant(settings, source_id, recipients)
    if not meant:
        wanted = source_id or ", ".join(recipients)
        echo(f"Error: no source takes mail {f'for {wanted}' if wanted else 'without --recipient'}", err=True)
        return EX_TEMPFAIL
    limit = min(max_body_of(source) for source, _ in meant)
    body = sys.stdin.buffer.read(limit + 1)
    if not body.strip() or len(body) > limit:
        echo(f"Error: a mail must have 1 to {limit} bytes", err=True)
        return EX_DATAERR
    ledger, patience = open_ledger(settings), settings.ledger.intake_patience
    try:
        if ledger.database.is_sqlite:
            ledger.upgrade(patience)  # no other process may have started on this folder yet
        now = datetime.now(UTC)
        try:
            deliveries = [
                read_verified(source, Verified(enveloped(source, body, sender, own, now))) for source, own in meant
            ]
        except OverLimit as error:
            echo(f"Error: {error}", err=True)
            return EX_DATAERR
        recorded, _ = ledger.record(deliveries, patience)
        _warn_of_other_settings(ledger, loaded)
    finally:
        ledger.close()
    for each in recorded:
        echo(f"in-{each.inbound_id} {each.outcome}")
    return EX_OK


def _warn_of_other_settings(ledger: Ledger, loaded: Loaded) -> None:
    """Print a line if the live processes plan with other settings. The mail is stored by now, and stays so."""
    with suppress(*LedgerAway):
        if ledger.is_current() and (found := differing(ledger, loaded)):
            echo(f"Warning: the mail was stored with settings that no live process has: {named(found)}", err=True)


def _meant(
    settings: Settings, source_id: str | None, recipients: tuple[str, ...]
) -> list[tuple[Source, Sequence[str]]]:
    """Return each source with its recipients; none when a recipient has no source, so that none is dropped silently."""
    boxes = boxes_of(settings)
    sources = list(boxes.by_address.values())
    if source_id is not None:
        return [(each, recipients) for each in sources if each.id == source_id]
    if not recipients:
        return [(each, recipients) for each in sources] if len(sources) == 1 else []
    if any(boxes.of(each) is None for each in recipients):
        return []
    return [*boxes.by_source(recipients)]

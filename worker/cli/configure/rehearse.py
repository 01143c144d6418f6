"""`ticketrelay rehearse`: shows the effect of another configuration on the stored deliveries."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import click

from worker.actions import rehearse as actions
from worker.cli.operate.byhand import Moment, ledger_and_settings
from worker.cli.shell.common import config_file, data_option, fail, fail_settings, read_without_api
from worker.cli.shell.output import cell, notice, output_option, print_document, progress
from worker.rehearsal.difference import Was
from worker.rehearsal.report import Asked, Limit, Limits, Rehearsed, Sides, TicketLine
from worker.runtime.terminal import echo
from worker.settings import Settings, SettingsError
from worker.settings.layers import CONFIG
from worker.wording import counted

SHOWN = 10  # items of each list, in text
_COUNT = click.IntRange(min=0)


@click.command()
@click.option("--against", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
              help="The present configuration. By default TICKETRELAY_CONFIG, else the environment.")  # fmt: skip
@click.option("--since", type=Moment(), default="7d", show_default=True, metavar="DURATION|TIME",
              help="Only deliveries since then: 90m, 24h, 7d, or 2026-02-20T12:00:00Z.")  # fmt: skip
@click.option("--source", metavar="ID", help="Only deliveries of this source.")
@click.option(
    "--max-new", type=_COUNT, metavar="N", help="Allow N more tickets: new ones, and those that a split adds."
)
@click.option(
    "--max-gone", type=_COUNT, metavar="N", help="Allow N fewer tickets: gone ones, and those merged into one."
)
@click.option("--max-changed", type=_COUNT, metavar="N", help="Allow N tickets that exist in both and differ.")
@click.option("--max-calls-more", type=click.FloatRange(min=0), metavar="PERCENT", help="Allow PERCENT more calls.")
@data_option
@output_option
def rehearse(
    against: Path | None,
    since: datetime,
    source: str | None,
    max_new: int | None,
    max_gone: int | None,
    max_changed: int | None,
    max_calls_more: float | None,
    data: Path,
    output: str,
) -> None:
    """Compare what the configuration of --config and the present one make of stored deliveries.

    No data is written or sent. Deliveries are read from the ledger of --config. Exits 1 when a --max limit is passed.

    \b
    Example: ticketrelay rehearse --config new.yaml --against ticketrelay.yaml --max-gone 0 --max-calls-more 20
    """
    new, present = _files(against)
    old_settings = _settings(present, data)
    asked = Asked(str(new), str(present or "the environment"), since, source)
    with ledger_and_settings(data, says_other=False) as (ledger, settings):
        if source is not None and source not in settings.sources.keys() | old_settings.sources.keys():
            there = ", ".join(sorted(settings.sources.keys() | old_settings.sources.keys())) or "none"
            fail([f"--source {source!r}: neither configuration has such a source; there are: {there}"])
        try:
            with progress("rehearsing", actions.span_of(ledger, asked).number) as bar:
                found = actions.rehearse(ledger, asked, old_settings.sources, settings.sources, bar.update)
        except KeyboardInterrupt:
            notice("Stopped. The ledger is unchanged.")
            sys.exit(1)
    told = found(Limits(max_new, max_gone, max_changed, max_calls_more))
    print_document("rehearse", told, output, _print)
    for each in told.limits:
        if each.passed:
            notice(f"Error: the limit --{each.limit} {each.allowed:g} is passed: {_size(each)}")
    sys.exit(1 if any(each.passed for each in told.limits) else 0)


def _files(against: Path | None) -> tuple[Path, Path | None]:
    """Return the new configuration and the present one.

    Ends the command with exit code 2 when both are the same file, or the new one is missing.
    """
    new = config_file()
    present = against or (Path(os.environ[CONFIG]) if os.environ.get(CONFIG) else None)
    if new is None:
        fail(["--config is missing: name the new configuration with it"])
    if present is not None and present.resolve() == new.resolve():
        fail([f"{new} is the present configuration too: name another one with --config or --against"])
    return new, present


def _settings(file: Path | None, data: Path) -> Settings:
    try:
        return read_without_api(file, data).settings
    except SettingsError as error:
        fail_settings(error)


def _print(told: Rehearsed) -> None:
    kept = f", {told.pruned} of them without a body" if told.pruned else ""
    read = counted(told.deliveries, "delivery")
    echo(f"{told.config} beside {told.against}: {read} since {cell(told.since)}{kept}")
    width = max([15, *(len(kind) + 2 for kind in told.calls)])
    echo(f"{'':<{width}}  before   after")
    echo(_sides("tickets", told.tickets, width))
    echo(_sides("calls", told.calls_total, width))
    for kind, sides in told.calls.items():
        echo(_sides(f"  {kind}", sides, width))
    _list("would be new", [_ticket(each) for each in told.new])
    _list("would be gone", [_ticket(each.ticket) + (f": {each.why}" if each.why else "") for each in told.gone])
    _list("would be changed", [_ticket(each.ticket) + _fields(each.fields) for each in told.changed])
    for how in ("merged", "split", "regrouped"):
        found = [each for each in told.regrouped if each.how == how]
        _list(f"would be {how}", [f"{_tickets(each.before)} → {_tickets(each.after)}" for each in found])
    changes = [each for each in told.dropped if each.after or each.before]
    _list("dropped", [_reason(each.reason, each.before, each.after, each.first) for each in changes], "reason")
    failed = [(f"{each.template} of route {each.route}: {each.why}", each) for each in told.templates]
    _list("templates fail", [_reason(what, each.before, each.after, each.first) for what, each in failed], "reason")
    unread = [_reason(each.reason, each.before, each.after, each.first) for each in told.unread]
    _list("cannot be read", unread, "reason")


def _sides(what: str, sides: Sides, width: int) -> str:
    more = sides.after - sides.before
    return f"{what:<{width}}  {sides.before:>6}  {sides.after:>6}{f'  {more:+d}' if more else ''}"


def _list(title: str, lines: Sequence[str], what: str = "ticket") -> None:
    if not lines:
        return
    echo(f"\n{title}: {counted(len(lines), what)}")
    for line in lines[:SHOWN]:
        echo(f"  {cell(line)}")
    if len(lines) > SHOWN:
        echo(f"  and {len(lines) - SHOWN} more: -o json prints all")


def _ticket(ticket: TicketLine) -> str:
    return f"{ticket.delivery}  {ticket.source}  {ticket.priority}  {ticket.subject}"


def _tickets(tickets: Sequence[TicketLine]) -> str:
    return " + ".join(f"{each.delivery} {each.source} {each.subject}" for each in tickets[:3]) + (
        f" + {len(tickets) - 3} more" if len(tickets) > 3 else ""
    )


def _fields(fields: Mapping[str, Was]) -> str:
    told = ", ".join(f"{name} {_value(each.before)} → {_value(each.after)}" for name, each in fields.items())
    return f": {told}"


def _value(value: str | bool | None) -> str:
    return {True: "yes", False: "no", None: "none"}[value] if not isinstance(value, str) else repr(value)


def _reason(what: str, before: int, after: int, first: str) -> str:
    return f"{what}: {before} → {after} (such as {first})"


def _size(limit: Limit) -> str:
    if limit.found is None:
        return "there were no calls before"
    return f"{limit.found:.1f} % more calls" if limit.limit == "max-calls-more" else counted(int(limit.found), "ticket")

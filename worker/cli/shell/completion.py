"""`ticketrelay completion`: a shell script with which Tab completes commands, flags, sources and dead letters."""

from __future__ import annotations

from contextlib import redirect_stderr
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem, get_completion_class

from worker.runtime.terminal import echo

if TYPE_CHECKING:
    from worker.settings import Settings

PROGRAM = "ticketrelay"
VARIABLE = "_TICKETRELAY_COMPLETE"
MOST = 50  # dead letters

_INSTALL = {
    "bash": "ticketrelay completion bash > ~/.local/share/bash-completion/completions/ticketrelay",
    "zsh": "ticketrelay completion zsh > ~/.zfunc/_ticketrelay   # a folder of $fpath",
    "fish": "ticketrelay completion fish > ~/.config/fish/completions/ticketrelay.fish",
}


@click.command()
@click.argument("shell", type=click.Choice(list(_INSTALL)))
def completion(shell: str) -> None:
    """Print the script with which a shell completes ticketrelay's commands, flags, sources and dead letters.

    Sources and dead letters come from the settings and the ledger in the shell's environment.

    \b
    Example: ticketrelay completion bash > ~/.local/share/bash-completion/completions/ticketrelay
    """
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"click completes nothing for {shell}")
    made = found(click.Command(PROGRAM), {}, PROGRAM, VARIABLE)
    # Not `source()`, which runs the shell of this machine to ask for its version.
    echo(made.source_template % made.source_vars())
    echo(f"To install it: {_INSTALL[shell]}", err=True)


def sources(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the matching source ids of the settings."""
    try:
        settings = _settings(ctx)
    except SystemExit:
        return []
    kinds = {name: each.connector.kind for name, each in settings.sources.items()}
    return [CompletionItem(name, help=kind) for name, kind in sorted(kinds.items()) if name.startswith(incomplete)]


def dead_letters(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the ids of matching dead letters, each with its reason; the oldest fifty."""
    from worker.cli.shell.common import upgraded_ledger
    from worker.cli.shell.output import cell
    from worker.ledger import LedgerAway

    try:
        with redirect_stderr(StringIO()):
            ledger = upgraded_ledger(_settings(ctx))
        try:
            fit = (each for each in ledger.reading.dead() if each.id.startswith(incomplete))
            return [CompletionItem(each.id, help=cell(each.reason)[:60]) for each in islice(fit, MOST)]
        finally:
            ledger.close()
    except (SystemExit, *LedgerAway):
        return []  # a completing shell has no place for an error; the command itself prints it


def _settings(ctx: click.Context) -> Settings:
    from worker.cli.shell.common import DEFAULT_DATA, settings_without_api

    with redirect_stderr(StringIO()), ctx.scope(cleanup=False):
        return settings_without_api(Path(ctx.params.get("data") or DEFAULT_DATA))

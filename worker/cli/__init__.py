"""The command line, with one module for each noun.

Exit codes: 0 done; 1 the answer is no (an expectation failed, an alarm is up, nothing found); 2 a flag or a setting is
wrong, printed with its place, the problem, and the probable intention.
"""

from __future__ import annotations

import difflib
import gc
import os
import sys
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple

import click
from click.shell_completion import CompletionItem

DRIVER = "psycopg"
DRIVER_MISSING = (
    "PostgreSQL needs the package psycopg, which is not installed: pip install 'psycopg[binary]' "
    "(it comes with the extra ticketrelay[postgresql])"
)


class Entry(NamedTuple):
    """The place of a command, and the first sentence of its help."""

    place: str
    help: str


# Commands are imported on demand: `status` need not wait for a web server and a message queue, nor `--help` for a
# database. So the help texts are repeated here; a test compares them with those of the commands.
COMMANDS = {
    "run": Entry(
        "worker.cli.processes.run:run",
        "Run intake, delivery and a local Tickets API in this process, and play a short scenario.",
    ),
    "serve": Entry("worker.cli.processes.serve:serve", "Take messages in over HTTP, for workers elsewhere to deliver."),
    "worker": Entry("worker.cli.processes.worker:worker", "Deliver to the Tickets API."),
    "mail": Entry(
        "worker.cli.processes.mail:mail",
        "Take mail in over SMTP and LMTP, and read mailboxes over IMAP, for workers elsewhere to deliver.",
    ),
    "pipe": Entry(
        "worker.cli.processes.pipe:pipe",
        "Take one mail from standard input into the ledger; a worker or `run` delivers it.",
    ),
    "send": Entry("worker.cli.operate.send:send", "Send a sample message to SOURCE, signed with its secret."),
    "explain": Entry(
        "worker.cli.configure.explain:explain",
        "Show what would happen with the message in FILE (- for standard input), "
        "as if it were the first of its source.",
    ),
    "tail": Entry(
        "worker.cli.inspect.tail:tail",
        "Show deliveries as they arrive and calls as they are made, each with its outcome, of all processes.",
    ),
    "events": Entry("worker.cli.inspect.events:events", "The outcome of a message."),
    "cases": Entry(
        "worker.cli.inspect.cases:cases",
        "Cases: an incident, a conversation by mail or a thread in chat, with its ticket.",
    ),
    "dead": Entry(
        "worker.cli.operate.dead:dead",
        "Dead letters: operations that were rejected (op-CASE-SEQ), deliveries that could not be read (in-NUMBER).",
    ),
    "replay": Entry("worker.cli.operate.replay:replay", "Read stored deliveries again and plan what they say today."),
    "rehearse": Entry(
        "worker.cli.configure.rehearse:rehearse",
        "Show what the configuration of --config would make of stored deliveries, beside the present one.",
    ),
    "audit": Entry(
        "worker.cli.operate.audit:audit",
        "Compare the ledger with the Tickets API: "
        "tickets that are missing, doubled, orphaned, foreign or were changed.",
    ),
    "sources": Entry("worker.cli.operate.sources:sources", "The sources of messages, and pausing their operations."),
    "interventions": Entry(
        "worker.cli.operate.interventions:interventions", "The interventions of people: who, when, what, and on what."
    ),
    "status": Entry("worker.cli.inspect.status:status", "Show what is under way."),
    "budget": Entry(
        "worker.cli.inspect.budget:budget",
        "Show what the last minute's requests were spent on, and what waits for more.",
    ),
    "check": Entry(
        "worker.cli.configure.check:check",
        "Check the configuration FILE (else that of --config), together with the environment.",
    ),
    "test": Entry(
        "worker.cli.configure.test:test",
        "Try the configuration of --config on the samples of its `tests` section, and of FILES.",
    ),
    "config": Entry("worker.cli.configure.config:config", "The settings that are in force."),
    "reload": Entry(
        "worker.cli.processes.reload:reload",
        "Ask the process that listens at server.control to read its settings again, and say what came of it.",
    ),
    "schema": Entry(
        "worker.cli.configure.schema:schema",
        "Print the JSON Schema (draft 2020-12) of the configuration file, for editors and for checks elsewhere.",
    ),
    "db": Entry(
        "worker.cli.operate.db:db",
        "The tables of the ledger: made, measured, pruned, copied, and told that they come from a backup.",
    ),
    "doctor": Entry(
        "worker.cli.inspect.doctor:doctor",
        "Write a bundle for support: versions, settings without secrets, status, counts, disk; no message and no text.",
    ),
    "completion": Entry(
        "worker.cli.shell.completion:completion",
        "Print what a shell needs to complete ticketrelay's commands, flags, sources and dead letters.",
    ),
    "tickets-api": Entry("worker.cli.processes.tickets_api:tickets_api", "Serve the Tickets API on this machine."),
}


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; end it with exit code 2 where a PostgreSQL database is configured without its package."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            if error.name != DRIVER:
                raise
            click.echo(f"Error: {DRIVER_MISSING}", err=True)
            ctx.exit(2)

    def list_commands(self, _: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            close = difflib.get_close_matches(cmd_name, COMMANDS, n=1)
            if close:
                ctx.fail(f"no such command {cmd_name!r}; did you mean {close[0]!r}?")
            return None
        return command(cmd_name)

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        named = [
            CompletionItem(name, help=entry.help) for name, entry in COMMANDS.items() if name.startswith(incomplete)
        ]
        return named + click.Command.shell_complete(self, ctx, incomplete)


def command(name: str) -> click.Command:
    """Return the command of that name, imported now."""
    module, _, attribute = COMMANDS[name].place.partition(":")
    found: click.Command = getattr(_loaded(module), attribute)
    return found


def _loaded(name: str) -> ModuleType:
    """Import a module with the garbage collector off, and freeze its objects, which live until the end anyway.

    Repeated passes over the growing heap would take a third of the start. Frozen objects cost no later pass anything.
    """
    if name in sys.modules or not gc.isenabled():
        return import_module(name)
    gc.disable()
    try:
        return import_module(name)
    finally:
        gc.freeze()
        gc.enable()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="ticketrelay", prog_name="ticketrelay")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Turn alerts, mail and chat into tickets: each message exactly one effect.

    Settings are environment variables, TICKETRELAY_SECTION__NAME. A setting may also be given as ..._FILE, or in a
    configuration file (--config, `ticketrelay check`).
    """
    if os.environ.get("NO_COLOR"):  # https://no-color.org: set, and not empty
        ctx.color = False

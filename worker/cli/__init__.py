"""The command line, with one module for each noun.

Exit codes: 0 done; 1 the answer is no (an expectation failed, an alarm is up, nothing found); 2 a flag or a setting is
wrong, printed with its place, the problem, and the probable intention.
"""

from __future__ import annotations

import difflib
import gc
import os
import sys
from contextlib import suppress
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple

import click
from click.shell_completion import CompletionItem

from worker.runtime.terminal import echo, give_the_output_up, is_of_the_output

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
        "Show the effect that the message in FILE (- for standard input) would have as the first of its source.",
    ),
    "tail": Entry(
        "worker.cli.inspect.tail:tail",
        "Show deliveries as they arrive and calls as they are made, each with its outcome, of all processes.",
    ),
    "events": Entry("worker.cli.inspect.events:events", "List, find, show and export messages, each with its outcome."),
    "cases": Entry(
        "worker.cli.inspect.cases:cases",
        "List and show cases: an incident, a conversation by mail or a thread in chat, with its ticket.",
    ),
    "dead": Entry(
        "worker.cli.operate.dead:dead",
        "List and decide on dead letters: rejected operations (op-CASE-SEQ) and unreadable deliveries (in-NUMBER).",
    ),
    "replay": Entry("worker.cli.operate.replay:replay", "Read stored deliveries again, with the settings of today."),
    "rehearse": Entry(
        "worker.cli.configure.rehearse:rehearse",
        "Compare what the configuration of --config and the present one make of stored deliveries.",
    ),
    "audit": Entry(
        "worker.cli.operate.audit:audit",
        "Compare the ledger with the Tickets API: "
        "tickets that are missing, doubled, orphaned, foreign or were changed.",
    ),
    "sources": Entry(
        "worker.cli.operate.sources:sources", "List, show, test, pause and resume the sources of messages."
    ),
    "interventions": Entry(
        "worker.cli.operate.interventions:interventions",
        "List the interventions of people: who did what, when, to what, and why.",
    ),
    "status": Entry(
        "worker.cli.inspect.status:status",
        "Say in one sentence whether all is well; show the work under way, the processes, and the alarms.",
    ),
    "alarms": Entry("worker.cli.operate.alarms:alarms", "Try whether alarms reach those who are to know of them."),
    "budget": Entry(
        "worker.cli.inspect.budget:budget",
        "Show the requests of the last minute, by rank and source, and what waits: for the budget, or for what else.",
    ),
    "check": Entry(
        "worker.cli.configure.check:check",
        "Check the configuration FILE (else that of --config), together with the environment.",
    ),
    "test": Entry(
        "worker.cli.configure.test:test",
        "Try the configuration of --config on the samples in its `tests` section and in FILES.",
    ),
    "secret": Entry("worker.cli.configure.secret:secret", "Make secrets for sources, and for the control listener."),
    "config": Entry("worker.cli.configure.config:config", "Show the settings that are in force."),
    "reload": Entry(
        "worker.cli.processes.reload:reload",
        "Ask the process that listens at server.control to read its settings again, and print the changes.",
    ),
    "schema": Entry(
        "worker.cli.configure.schema:schema",
        "Print the JSON Schema (draft 2020-12) of the configuration file, for editors and other checks.",
    ),
    "db": Entry(
        "worker.cli.operate.db:db",
        "Make, measure, prune and copy the tables of the ledger, and mark them as restored from a backup.",
    ),
    "doctor": Entry(
        "worker.cli.inspect.doctor:doctor",
        "Write a bundle for support: versions, settings without secrets, status, counts, disk; no text of a message.",
    ),
    "completion": Entry(
        "worker.cli.shell.completion:completion",
        "Print the script with which a shell completes ticketrelay's commands, flags, sources and dead letters.",
    ),
    "tickets-api": Entry("worker.cli.processes.tickets_api:tickets_api", "Serve the Tickets API on this machine."),
}


class _Commands(click.Group):
    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command line. Where its output cannot be written, one line says so, and the exit code is 1.

        click itself ends without a word when the program that reads the output has ended.
        """
        if (why_not := unsupported(os.name)) is not None:
            echo(f"Error: {why_not}", err=True)
            sys.exit(2)
        try:
            return super().main(*args, **extra)
        except OSError as error:
            if not is_of_the_output(error):
                raise
            give_the_output_up()
            with suppress(OSError):  # standard error may be on the same disk
                echo(f"Error: the output cannot be written: {error.strerror}", err=True)
            sys.exit(1)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; end it with exit code 2 where a PostgreSQL database is configured without its package."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            if error.name != DRIVER:
                raise
            echo(f"Error: {DRIVER_MISSING}", err=True)
            ctx.exit(2)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # Python reads other bytes as surrogates, which no database, terminal or JSON document takes. `pipe` gets
        # addresses of mails, which anybody may have written, and must not bounce a mail for them.
        for number, each in enumerate([] if args[:1] == ["pipe"] else args, 1):
            if not _is_utf_8(each):
                echo(f"Error: argument {number} is not UTF-8: {os.fsencode(each)!r}", err=True)
                ctx.exit(2)
        return super().parse_args(ctx, args)

    def list_commands(self, _: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            close = difflib.get_close_matches(cmd_name, COMMANDS, n=1)
            if close:
                ctx.fail(f"No such command {cmd_name!r}. Did you mean {close[0]!r}?")
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


def unsupported(system: str) -> str | None:
    """Return why Ticketrelay does not run on a system with this `os.name`; None where it runs."""
    if system == "posix":
        return None
    return "Windows is not supported: Ticketrelay runs on Linux and other POSIX systems (on Windows: in WSL 2)"


def _is_utf_8(argument: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in argument)


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

    Settings are environment variables, TICKETRELAY_SECTION__NAME, or stand in the YAML file of --config. A variable
    with _FILE at its end names a file that holds the value. `ticketrelay check` checks all settings.
    """
    if os.environ.get("NO_COLOR"):  # https://no-color.org: set, and not empty
        ctx.color = False

"""The command line: one module per noun.

Exit codes: 0 done; 1 the answer is no (an expectation failed, an alarm is up, nothing found); 2 a flag or a setting is
wrong, with where, what, and what was probably meant.
"""

from __future__ import annotations

import difflib
from importlib import import_module

import click

# Loaded when they are asked for: `status` need not wait for a web server and a message queue to be imported.
COMMANDS = {
    "run": "worker.cli.run:run",
    "serve": "worker.cli.serve:serve",
    "worker": "worker.cli.worker:worker",
    "mail": "worker.cli.mail:mail",
    "pipe": "worker.cli.pipe:pipe",
    "send": "worker.cli.send:send",
    "explain": "worker.cli.explain:explain",
    "events": "worker.cli.events:events",
    "dead": "worker.cli.dead:dead",
    "replay": "worker.cli.replay:replay",
    "audit": "worker.cli.audit:audit",
    "sources": "worker.cli.sources:sources",
    "interventions": "worker.cli.interventions:interventions",
    "status": "worker.cli.status:status",
    "db": "worker.cli.db:db",
    "tickets-api": "worker.cli.tickets_api:tickets_api",
}


class _Commands(click.Group):
    def list_commands(self, _: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            close = difflib.get_close_matches(cmd_name, COMMANDS, n=1)
            if close:
                ctx.fail(f"no such command {cmd_name!r}; did you mean {close[0]!r}?")
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="ticketrelay", prog_name="ticketrelay")
def main() -> None:
    """Turn alerts, mail and chat into tickets: each message exactly one effect.

    Settings are environment variables, TICKETRELAY_SECTION__NAME; each may be given as ..._FILE instead.
    """

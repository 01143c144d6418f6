"""The command line: one module per noun.

Exit codes: 0 done; 1 the answer is no (an expectation failed, an alarm is up, nothing found); 2 a flag or a setting is
wrong, with where, what, and what was probably meant.
"""

from __future__ import annotations

import click

from worker.cli.db import db
from worker.cli.dead import dead
from worker.cli.events import events
from worker.cli.explain import explain
from worker.cli.run import run
from worker.cli.send import send
from worker.cli.serve import serve
from worker.cli.status import status
from worker.cli.tickets_api import tickets_api
from worker.cli.worker import worker


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="ticketrelay", prog_name="ticketrelay")
def main() -> None:
    """Turn alerts, mail and chat into tickets: each message exactly one effect.

    Settings are environment variables, TICKETRELAY_SECTION__NAME; each may be given as ..._FILE instead.
    """


for command in (run, serve, worker, send, explain, events, dead, status, db, tickets_api):
    main.add_command(command)

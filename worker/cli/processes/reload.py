"""`ticketrelay reload`: makes a process take new settings without a restart."""

from __future__ import annotations

import os
import sys
from typing import Any

import click
import httpx

from worker.cli.shell.common import config_file, config_option, fail, fail_settings
from worker.cli.shell.output import emit, output_option
from worker.reloading.control import unix_path
from worker.runtime.terminal import echo
from worker.settings import ServerSettings, SettingsError
from worker.settings.loader import gather, judge, only
from worker.settings.problems import variable

TIMEOUT_S = 30.0
RELOADED, REFUSED = 200, 422


@click.command()
@config_option
@output_option
def reload(output: str) -> None:
    """Ask the process that listens at server.control to read its settings again, and print the changes.

    The process reads the file and the environment that it was started with. Of the settings given here, only
    server.control and its token are used. Exits 1 when the process refused the settings and goes on with the old ones,
    or does not answer.

    \b
    Example: ticketrelay reload --config ticketrelay.yaml
    """
    server = _server()
    if server.control is None:
        fail(
            [f"{variable('server', 'control')} is missing: set the address of the process, or send the process SIGHUP"]
        )
    answer = _ask(server.control, server.control_token.get_secret_value() if server.control_token else None)
    if answer.status_code not in (RELOADED, REFUSED):
        echo(f"Error: {server.control} answered {answer.status_code}: {answer.text}", err=True)
        sys.exit(1)
    told = answer.json()
    if output == "json":
        emit("reload", {each: told.get(each, []) for each in ("changed", "needs_restart", "warnings", "problems")})
    elif answer.status_code == RELOADED:
        _say_what_changed(told)
    if answer.status_code == REFUSED:
        for problem in told["problems"] if output == "table" else ():
            echo(problem, err=True)
        echo("Error: the new settings are wrong; the process goes on with the old ones", err=True)
        sys.exit(1)


def _server() -> ServerSettings:
    """Return the section `server` alone: the process reports the problems of the others."""
    try:
        return judge(only("server", gather(os.environ, config_file()))).settings.server
    except SettingsError as error:
        fail_settings(error)


def _ask(address: str, token: str | None) -> httpx.Response:
    path = unix_path(address)
    transport = httpx.HTTPTransport(uds=str(path)) if path is not None else None
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    url = f"http://{address if path is None else 'localhost'}/reload"
    try:
        with httpx.Client(transport=transport, timeout=TIMEOUT_S, trust_env=False) as client:
            return client.post(url, headers=headers)
    except httpx.TransportError as error:
        echo(
            f"Error: no process answers at {address} ({error}); does `ticketrelay run`, `serve`, `mail` or `worker` "
            "run with that address?",
            err=True,
        )
        sys.exit(1)


def _say_what_changed(told: dict[str, Any]) -> None:
    for each in told["changed"]:
        echo(f"{each['what']:<8} {each['setting']}")
    for each in told.get("warnings", ()):  # a process of the version before tells none
        echo(each, err=True)
    for each in told["needs_restart"]:
        echo(f"WARNING {each['setting']} is unchanged until the process is restarted", err=True)
    if not told["changed"]:
        echo("Reloaded. No setting that can be reloaded has changed.")

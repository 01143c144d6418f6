"""`run` takes in Slack's messages over a Socket Mode connection, and ends cleanly; real process, stand-in for Slack."""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.acceptance.deployments import QUICK, SECRET, Embedded
from tests.acceptance.processes import wait_until
from tests.connectors.slack.builders import envelope, mention
from tests.no_tls import NO_TLS
from tests.worker.slack_stand_in import slack
from tests.worker.socket_stand_in import APP_TOKEN, sockets


def test_run_listens_delivers_and_ends_and_what_it_did_not_hear_of_is_heard_of_after_its_start(tmp_path: Path) -> None:
    with slack() as web, sockets(web) as server:
        source = {"KIND": "slack", "SECRET": SECRET, "APP_TOKEN": APP_TOKEN, "API_URL": web.url}
        own = {f"TICKETRELAY_SOURCES__CHAT__{name}": value for name, value in source.items()}
        site = Embedded(tmp_path, QUICK | own)
        try:
            site.start()
            wait_until(lambda: bool(server.connections), "a connection")
            first = server.send(envelope(mention()))
            wait_until(lambda: first in server.ids(), "an acknowledgement")
            wait_until(lambda: len(site.site.tickets()) == 1, "a ticket")
            metrics = httpx.get(f"{site.site.intake}/metrics", timeout=10, trust_env=False, verify=NO_TLS).text
            assert 'ticketrelay_socket_connected{source="chat"} 1.0' in metrics
            site.end()
            wait_until(lambda: not server.connections, "no connection")
            site.start()
            wait_until(lambda: bool(server.connections), "a connection")
            again = server.send(envelope(mention()))
            wait_until(lambda: again in server.ids(), "an acknowledgement")
            assert len(site.site.tickets()) == 1
        finally:
            site.stop()

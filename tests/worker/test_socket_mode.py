"""Socket Mode takes Slack's deliveries as HTTP does; against a WebSocket server in Slack's place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from prometheus_client import generate_latest
from structlog.testing import capture_logs

from connectors import connector
from tests.acceptance.processes import wait_until
from tests.connectors.slack.builders import ADA, BOT, TRIGGER, envelope, message, reply, slash
from worker.intake.intake import Intake
from worker.intake.prompting import ask_meanwhile
from worker.intake.socket_mode import supervisor as module
from worker.intake.socket_mode.supervisor import SocketSupervisor
from worker.ledger import Delivery, Ledger
from worker.ledger.schema.tables import inbound
from worker.runtime.metrics import Metrics
from worker.settings import Source

from .builders import kinds_of, rows
from .slack_stand_in import TOKEN, Slack, slack
from .socket_stand_in import APP_TOKEN, Sockets, sockets

PATIENCE_S = 30


@pytest.fixture
def web() -> Iterator[Slack]:
    with slack() as made:
        yield made


@pytest.fixture
def server(web: Slack) -> Iterator[Sockets]:
    with sockets(web) as made:
        yield made


def of_slack(web: Slack, **settings: Any) -> Source:
    made = connector("slack")
    own = {"secret": "s3cret", "app_token": APP_TOKEN, "api_url": web.url, "private": False} | settings
    return Source("chat", made, made.settings.model_validate(own))


def asked(text: str = "The VPN is down") -> dict[str, Any]:
    """A mention in a public channel."""
    return message(f"<@{BOT}> {text}")


class Listener:
    """The listener of Socket Mode, with sources that a test may change."""

    def __init__(self, ledger: Ledger, *sources: Source) -> None:
        self.sources = {each.id: each for each in sources}
        self.followed: list[Delivery] = []
        self.metrics = Metrics()
        self.intake = Intake(ledger, lambda _: None, self.metrics)
        self.supervisor = SocketSupervisor(self.intake, ledger, lambda: self.sources, 1024 * 1024, self._follow)
        self.metrics.add_gauges(self.supervisor.gauges)

    def _follow(self, source: Source, delivery: Delivery) -> None:
        self.followed.append(delivery)
        ask_meanwhile(source, delivery)

    @property
    def is_connected(self) -> bool:
        return 'ticketrelay_socket_connected{source="chat"} 1.0' in generate_latest(self.metrics.registry).decode()


@contextmanager
def listening(ledger: Ledger, *sources: Source, is_connected: bool = True) -> Iterator[Listener]:
    made = Listener(ledger, *sources)
    made.intake.start()
    made.supervisor.start()
    try:
        if is_connected:
            wait_until(lambda: made.is_connected, "a connection", PATIENCE_S)
        yield made
    finally:
        made.supervisor.stop()
        made.intake.stop()


def wait_for_acknowledgements(server: Sockets, *ids: str) -> None:
    wait_until(lambda: set(ids) <= set(server.ids()), f"acknowledgements of {ids}", PATIENCE_S)


def test_a_delivery_is_in_the_ledger_when_it_is_acknowledged_and_again_it_is_known(
    sqlite_ledger: Ledger, web: Slack, server: Sockets
) -> None:
    stored: list[int] = []
    server.on_acknowledged = lambda: stored.append(len(rows(sqlite_ledger, inbound)))
    with listening(sqlite_ledger, of_slack(web)) as found:
        with sqlite_ledger.database.write():  # no other transaction can commit
            first = server.send(envelope(asked()))
            server.connections[-1].ping().wait(PATIENCE_S)
            assert server.ids() == []
        wait_for_acknowledgements(server, first)
        for each in (reply(), asked()):
            wait_for_acknowledgements(server, server.send(envelope(each)))
        assert len(found.followed) == 3
    assert stored == [1, 2, 3]
    assert kinds_of(sqlite_ledger) == ["create_ticket", "add_note"]
    assert server.acknowledged[0] == {"envelope_id": first}


def test_while_the_ledger_is_away_nothing_is_acknowledged_and_what_is_sent_again_is_one_ticket(
    sqlite_ledger: Ledger, web: Slack, server: Sockets
) -> None:
    with capture_logs() as logs, listening(sqlite_ledger, of_slack(web)):
        with sqlite_ledger.database.write() as connection:
            connection.exec_driver_sql("ALTER TABLE inbound RENAME TO away")
        server.send(envelope(asked()))
        wait_until(lambda: any(each["event"] == "socket_mode.not_taken" for each in logs), "a refusal", PATIENCE_S)
        with sqlite_ledger.database.write() as connection:
            connection.exec_driver_sql("ALTER TABLE away RENAME TO inbound")
        again = server.send(envelope(asked()), retry_attempt=1, retry_reason="timeout")
        wait_for_acknowledgements(server, again)
    assert server.ids() == [again]
    assert kinds_of(sqlite_ledger) == ["create_ticket"]


def test_when_slack_leaves_the_next_connection_is_opened_and_the_old_one_still_listened_to(
    sqlite_ledger: Ledger, web: Slack, server: Sockets
) -> None:
    with listening(sqlite_ledger, of_slack(web)):
        (old,) = server.connections
        server.say({"type": "disconnect", "reason": "warning", "debug_info": {}})
        wait_until(lambda: len(server.connections) == 2, "a second connection", PATIENCE_S)
        server.connections.reverse()
        assert server.connections[-1] is old
        late = server.send(envelope(asked()))
        wait_for_acknowledgements(server, late)
        old.close()
        wait_until(lambda: len(server.connections) == 1, "one connection", PATIENCE_S)
        wait_for_acknowledgements(server, server.send(envelope(reply())))
    assert kinds_of(sqlite_ledger) == ["create_ticket", "add_note"]
    assert server.opened == 2


def test_a_connection_that_breaks_is_opened_again(
    sqlite_ledger: Ledger, web: Slack, server: Sockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 0.05)
    with listening(sqlite_ledger, of_slack(web)):
        for number in (2, 3):
            server.connections[-1].socket.shutdown(2)
            wait_until(lambda: server.opened == number and bool(server.connections), "a connection", PATIENCE_S)  # noqa: B023
        wait_for_acknowledgements(server, server.send(envelope(asked())))
    assert kinds_of(sqlite_ledger) == ["create_ticket"]


def test_a_token_that_is_refused_is_told_once_and_a_reload_with_another_one_connects(
    sqlite_ledger: Ledger, web: Slack, server: Sockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 0.01)
    with capture_logs() as logs, listening(sqlite_ledger, of_slack(web, app_token="xapp-no"), is_connected=False) as it:
        wait_until(lambda: len(web.calls) >= 3, "three attempts", PATIENCE_S)
        assert not it.is_connected
        it.sources = {"chat": of_slack(web)}
        wait_until(lambda: it.is_connected, "a connection", PATIENCE_S)
        it.sources = {"chat": of_slack(web, app_token=None)}
        wait_until(lambda: not server.connections, "no connection", PATIENCE_S)
    told = [each["reason"] for each in logs if each["event"] == "socket_mode.not_connected"]
    assert told == [f"{web.url}/apps.connections.open: Slack said invalid_auth"]


def test_what_is_no_delivery_or_too_large_ends_nothing(sqlite_ledger: Ledger, web: Slack, server: Sockets) -> None:
    with listening(sqlite_ledger, of_slack(web, max_body=4096)):
        for each in ({"type": "hello"}, {"envelope_id": 7}, {"envelope_id": "x", "payload": []}):
            server.say(each)
        server.connections[-1].send("no JSON")
        server.connections[-1].send(b"\xff\xfe")
        server.send(envelope(asked("x" * 5000)))
        unreadable = server.send(envelope({"type": "message"}))
        wait_for_acknowledgements(server, unreadable)
    assert server.ids() == [unreadable]
    assert [each["outcome"] for each in rows(sqlite_ledger, inbound)] == ["quarantined"]


def test_a_reply_goes_with_the_acknowledgement_where_slack_takes_one(
    sqlite_ledger: Ledger, web: Slack, server: Sockets
) -> None:
    challenge = {"type": "url_verification", "challenge": "3eZbrw1aB"}
    with listening(sqlite_ledger, of_slack(web)):
        taken = server.send(challenge, accepts_response_payload=True)
        without = server.send(challenge)
        wait_for_acknowledgements(server, taken, without)
    said = {each["envelope_id"]: each.get("payload") for each in server.acknowledged}
    assert said == {taken: {"challenge": "3eZbrw1aB"}, without: None}


def test_people_read_the_names_that_the_ledger_knows(sqlite_ledger: Ledger, web: Slack, server: Sockets) -> None:
    sqlite_ledger.job_store.keep_display_names("chat", {ADA: "ada"})
    with listening(sqlite_ledger, of_slack(web, bot_token=TOKEN, resolve_names=True)) as found:
        wait_for_acknowledgements(server, server.send(envelope(asked())))
        (event,) = found.followed[0].parsed.events
    assert "Slack: @ada in" in event.text


def test_a_process_that_ends_takes_nothing_more_and_leaves_no_connection(
    sqlite_ledger: Ledger, web: Slack, server: Sockets
) -> None:
    with listening(sqlite_ledger, of_slack(web)):
        sent = server.send(envelope(asked()))
        wait_for_acknowledgements(server, sent)
    wait_until(lambda: not server.connections, "no connection", PATIENCE_S)
    with suppress(IndexError):
        server.send(envelope(reply()))
    assert kinds_of(sqlite_ledger) == ["create_ticket"]


def test_a_slash_command_without_words_is_acknowledged_before_its_modal_is_there(
    ledger: Ledger, web: Slack, server: Sockets
) -> None:
    source = of_slack(web, bot_token=TOKEN)
    with listening(ledger, source) as listener:
        name = server.send(slash(""), "slash_commands", accepts_response_payload=True)
        wait_for_acknowledgements(server, name)
        assert web.views == {}
        web.may_open.set()
        wait_until(lambda: TRIGGER in web.views, "a modal", PATIENCE_S)
        assert [each.parsed.events for each in listener.followed] == [()]
    assert kinds_of(ledger) == []

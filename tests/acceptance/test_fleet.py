"""The same code as a fleet: intake and two workers on PostgreSQL, with Redis or RabbitMQ."""

from __future__ import annotations

import json
import secrets
import smtplib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.chaos.checker import Effect, judge
from tests.acceptance.deployments import MAILBOX, Fleet, alert, body, resolved
from tests.acceptance.processes import ticketrelay, wait_until
from tests.servers import Broker, empty_database, own_queue
from worker.ledger import Ledger

pytestmark = pytest.mark.postgresql

BROKERS = [pytest.param(name, marks=getattr(pytest.mark, name)) for name in ("redis", "rabbitmq")]


@pytest.fixture(scope="module", params=BROKERS)
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    with own_queue(request.param) as queue:
        yield queue


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, broker: Broker) -> Iterator[Fleet]:
    with empty_database() as ledger_url:
        started = Fleet(tmp_path_factory.mktemp("fleet"), ledger_url, broker.environment)
        try:
            started.start()
            yield started
        finally:
            started.stop()


@pytest.fixture
def fleet(shared: Fleet) -> Iterator[Fleet]:
    """The fleet of this module, complete and idle before and after each test."""
    yield shared
    shared.site.clear_faults()
    shared.wait_until_idle()


def is_clean_for(fleet: Fleet, fired: list[dict[str, Any]], ended: list[dict[str, Any]]) -> bool:
    """True if each of `fired` was created once, each of `ended` then closed once, without other effects."""
    closed = {each["fingerprint"] for each in ended}
    steps = {each["fingerprint"]: ["create_ticket"] for each in fired}
    expected = {name: [*step, "close_ticket"] if name in closed else step for name, step in steps.items()}
    return judge(expected, [Effect(case, kind) for kind, case in fleet.site.effects_on(fired)]).is_clean


def test_each_alert_of_a_stream_is_one_ticket_closed_when_it_resolves_and_both_workers_share_the_work(
    fleet: Fleet,
) -> None:
    alerts = [alert() for _ in range(60)]
    for start in range(0, 60, 5):
        assert fleet.site.post(body(alerts[start : start + 5])).status_code == 200
    wait_until(lambda: len(fleet.site.tickets()) == 60, "60 tickets")
    for start in range(0, 60, 5):
        assert fleet.site.post(body(resolved(each) for each in alerts[start : start + 5])).status_code == 200
    fleet.wait_until_idle()
    assert Counter(each["status"] for each in fleet.site.tickets()) == {"closed": 60}
    before = fleet.site.effects()
    assert Counter(each["kind"] for each in before) == {"create_ticket": 60, "close_ticket": 60}
    assert fleet.site.post(body(alerts)).json()["planned"] == 0
    fleet.wait_until_idle()
    assert fleet.site.effects() == before
    made = [fleet.metric(name, "ticketrelay_attempts_total") for name in fleet.workers]
    assert all(made), made
    assert sum(made) == 120


def test_both_workers_hear_the_wake_ups_and_the_broker_holds_one_queue_of_ours(fleet: Fleet, broker: Broker) -> None:
    wait_until(lambda: broker.listeners() >= len(fleet.workers), "heard by both workers")
    for name in fleet.workers:
        assert "delayed delivery" not in fleet.log(name)


def test_every_role_answers_probes_and_shows_its_metrics(fleet: Fleet) -> None:
    for address in fleet.health.values():
        answers = {path: fleet.site.http.get(f"http://{address}{path}") for path in ("/livez", "/readyz", "/metrics")}
        assert {path: each.status_code for path, each in answers.items()} == dict.fromkeys(answers, 200)
        assert "ticketrelay_ledger_up 1.0" in answers["/metrics"].text
    for name in fleet.workers:
        assert fleet.site.http.post(f"http://{fleet.health[name]}/in/alertmanager").status_code == 404


def test_status_names_every_process_and_the_broker_is_reached(fleet: Fleet) -> None:
    def roles() -> Counter[str]:
        told = json.loads(fleet.ticketrelay("status", "-o", "json").stdout)
        return Counter(each["role"] for each in told["processes"] if each["state"] == "live")

    wait_until(lambda: roles() == {"serve": 1, "mail": 1, "worker": 2}, "a heartbeat of each process")
    assert fleet.metric("serve", 'ticketrelay_processes{role="worker"}') == 2
    wait_until(lambda: fleet.metric("serve", "ticketrelay_broker_up") == 1, "a broker that is reached")


def test_every_role_records_the_settings_that_it_plans_with_and_a_replay_with_others_is_refused(fleet: Fleet) -> None:
    with closing(Ledger(fleet.environment["TICKETRELAY_LEDGER__URL"])) as ledger:
        wait_until(lambda: len(ledger.processes.live()) == 4, "a heartbeat of each process")
        live = ledger.processes.live()
    assert {each.role for each in live} == {"serve", "mail", "worker"}
    assert len({each.settings_digest for each in live}) == 1
    assert all("sources.mail.address" in (each.settings_parts or {}) for each in live)
    assert fleet.ticketrelay("replay", "--since", "1d").returncode == 0
    others = fleet.environment | {"TICKETRELAY_SOURCES__MAIL__ADDRESS": "others@example.net"}
    refused = ticketrelay("replay", "--since", "1d", environment=others)
    assert (refused.returncode, "these differ: sources.mail.address." in refused.stderr) == (2, True)


def test_a_killed_worker_loses_nothing_and_doubles_nothing(fleet: Fleet) -> None:
    fleet.site.add_fault(action="latency", when="after", seconds=0.2, path="/tickets$", method="POST")
    alerts = [alert() for _ in range(100)]
    for start in range(0, 100, 10):
        assert fleet.site.post(body(alerts[start : start + 10])).status_code == 200
        if start in (20, 60):
            wait_until(lambda: len(fleet.site.effects_on(alerts)) > 0, "under way")
            name = fleet.workers[start // 60]
            fleet.kill(name)
            fleet.start_one(name)
    fleet.wait_until_idle()
    assert is_clean_for(fleet, alerts, [])


def test_a_wiped_broker_costs_nothing_and_is_heard_again(fleet: Fleet, broker: Broker) -> None:
    alerts = [alert() for _ in range(40)]
    for half in (alerts[:20], alerts[20:]):
        wait_until(lambda: broker.listeners() >= len(fleet.workers), "heard by both workers")
        for start in range(0, 20, 4):
            assert fleet.site.post(body(half[start : start + 4])).status_code == 200
            if start == 8:
                broker.wipe()
    fleet.wait_until_idle()
    assert is_clean_for(fleet, alerts, [])
    wait_until(lambda: broker.listeners() >= len(fleet.workers), "heard by both workers again")


def test_a_worker_that_is_told_to_stop_finishes_its_calls_first(fleet: Fleet) -> None:
    fleet.site.add_fault(action="latency", when="after", seconds=0.5, path="/tickets$", method="POST")
    alerts = [alert() for _ in range(10)]
    assert fleet.site.post(body(alerts)).status_code == 200
    wait_until(lambda: len(fleet.site.effects_on(alerts)) > 0, "under way")
    for name in fleet.workers:
        assert fleet.stop_one(name) == 0
    assert fleet.metric("serve", 'ticketrelay_cases{state="leased"}') == 0
    for name in fleet.workers:
        fleet.start_one(name)
        fleet.wait_until_ready(name)
    fleet.wait_until_idle()
    assert is_clean_for(fleet, alerts, [])


def test_rolling_restarts_of_every_role_under_load_lose_and_double_nothing(fleet: Fleet, broker: Broker) -> None:
    fired: list[dict[str, Any]] = []
    ended: list[dict[str, Any]] = []
    over = threading.Event()
    mailed: list[str] = []
    restarts = ("serve", "mail", *fleet.workers) * (
        1 if broker.is_rabbitmq else 2
    )  # the second round is about the ledger

    def source() -> None:
        while not over.is_set():
            one = alert()
            fleet.site.deliver(body([one]))
            fired.append(one)
            if len(fired) % 2:
                fleet.site.deliver(body([resolved(one)]))
                ended.append(one)

    def mail_server() -> None:
        while not over.is_set():
            mailed.append(secrets.token_hex(8))
            while not send_mail(fleet, mailed[-1]):
                time.sleep(0.1)

    senders = [threading.Thread(target=source), threading.Thread(target=mail_server)]
    for sender in senders:
        sender.start()
    try:
        for name in restarts:
            before = (len(fired), len(mailed))
            fleet.restart(name)
            wait_until(
                lambda before=before: len(fired) > before[0] + 3 and len(mailed) > before[1] + 1,  # type: ignore[misc]
                "under load",
            )
    finally:
        over.set()
        for sender in senders:
            sender.join()
    assert len(fired) > 3 * len(restarts)
    fleet.wait_until_idle()
    assert is_clean_for(fleet, fired, ended)
    tickets = Counter(each["subject"] for each in fleet.site.tickets())
    assert [tickets[f"Mail {name}"] for name in mailed] == [1] * len(mailed)


def send_mail(fleet: Fleet, name: str) -> bool:
    """Send the mail of that name; False if it was not accepted and must be sent again."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "ada@customer.example", MAILBOX, f"Mail {name}"
    mail["Message-ID"], mail["Date"] = f"<{name}@customer.example>", "Mon, 02 Mar 2026 10:00:00 +0000"
    mail.set_content("It does not work.")
    try:
        with smtplib.SMTP("127.0.0.1", fleet.smtp_port, timeout=10) as server:
            server.send_message(mail)
    except (OSError, smtplib.SMTPException):
        return False
    return True


def test_serve_and_worker_refuse_a_ledger_without_tables(tmp_path: Path, postgresql_url: str, broker: Broker) -> None:
    fleet = Fleet(tmp_path, postgresql_url, broker.environment)
    for command in ("serve", "worker"):
        refused = ticketrelay(command, environment=fleet.environment)
        assert refused.returncode == 2
        assert "db upgrade" in refused.stderr
    fleet.site.close()

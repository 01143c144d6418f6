"""The compose file, without a container engine: its commands run as processes, its rules are read from the file."""

from __future__ import annotations

import smtplib
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import sqlalchemy

from tests.acceptance.compose import ROOT, SECRETS_AT, Document, Here, Missing, example, read, seconds
from tests.acceptance.deployments import API_KEY, alert, body, resolved
from tests.acceptance.processes import (
    TICKETRELAY,
    Process,
    clean_environment,
    kept_port,
    refuses,
    ticketrelay,
    wait_until,
)
from tests.no_tls import NO_TLS
from tests.servers import POSTGRESQL, Broker, empty_database, own_queue
from worker.settings import TimingSettings

COMPOSE = read(example())
SERVICES: dict[str, Document] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("ticketrelay:")}
STAYING = {name: service for name, service in SERVICES.items() if service["restart"] != "no"}


class Deployment:
    """The services of the compose file as processes on this machine."""

    def __init__(self, folder: Path, ledger_url: str, broker: Broker) -> None:
        self._folder = folder
        self._broker = broker
        self._processes: dict[str, Process] = {}
        self.secret = "correct-horse-battery-staple"
        self._secrets = {
            "ledger_url": ledger_url,
            "api_key": API_KEY,
            "alertmanager_secret": self.secret,
            "mail_secret": "another-secret-of-the-tests",
        }
        for name, value in self._secrets.items():
            (folder / name).write_text(value + "\n")
        self.api = f"127.0.0.1:{kept_port()}"
        self.here = {name: self._places() for name in (*OURS, "worker-2")}

    def _places(self) -> Here:
        """Return, for one process, the replacements of a container's addresses and folders."""
        redis_here = urlsplit(self._broker.url)
        ports = {number: kept_port() for number in (8080, 8081, 8025)}
        return Here(
            (
                ("tickets-api:8090", self.api),
                ("0.0.0.0:8090", self.api),
                ("127.0.0.1:8090", self.api),
                ("redis:6379/0", f"{redis_here.netloc}{redis_here.path}"),
                *((f"{host}:{number}", f"127.0.0.1:{port}") for number, port in ports.items()
                  for host in ("0.0.0.0", "127.0.0.1")),
                (SECRETS_AT, f"{self._folder}/"),
                ("/var/lib/ticketrelay", str(self._folder)),
            )
        )  # fmt: skip

    def environment(self, name: str) -> dict[str, str]:
        given = self.here[name].environment(_service(name))
        # Only the test's own queue is added to the settings of the file.
        return given | ({"TICKETRELAY_BROKER__QUEUE": self._broker.queue} if "TICKETRELAY_BROKER__URL" in given else {})

    def start(self) -> None:
        """Start in the order of dependence, as an engine would; raises if a service does not become healthy."""
        migrated = ticketrelay(*self.here["migrate"].command(OURS["migrate"]), environment=self.environment("migrate"))
        assert migrated.returncode == 0, migrated.stderr
        for name in ("tickets-api", "serve", "mail", "worker", "worker-2"):
            command = self.here[name].command(_service(name))
            output = self._folder / f"{name}.txt"
            self._processes[name] = Process(command, self.environment(name), output, command=TICKETRELAY)
        for name, process in self._processes.items():
            wait_until(lambda name=name: self.is_healthy(name), f"{name} healthy: {process.log()}")  # type: ignore[misc]

    def is_healthy(self, name: str) -> bool:
        """Run the service's own healthcheck."""
        command = self.here[name].healthcheck(_service(name))
        command = [sys.executable if word == "python" else word for word in command]
        return (
            subprocess.run(command, env=clean_environment({}), capture_output=True, timeout=60, check=False).returncode
            == 0
        )

    def address(self, name: str, port: int) -> str:
        return self.here[name].text(f"127.0.0.1:{port}")

    def tickets(self) -> Counter[str]:
        """The number of tickets by status."""
        url, headers = f"http://{self.api}/api/v1/tickets", {"X-API-Key": API_KEY}
        listed = httpx.get(url, headers=headers, timeout=20, trust_env=False, verify=NO_TLS).raise_for_status()
        return Counter(each["status"] for each in listed.json()["data"])

    def ask_to_end(self, name: str) -> None:
        self._processes[name].ask_to_end()

    def stop(self) -> list[int]:
        return [process.stop() for process in self._processes.values()]


def _service(name: str) -> Document:
    return OURS["worker" if name.startswith("worker") else name]


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    with ExitStack() as stack:
        started = Deployment(tmp_path, stack.enter_context(empty_database()), stack.enter_context(own_queue("redis")))
        stack.callback(started.stop)
        started.start()
        yield started


@pytest.mark.postgresql
@pytest.mark.redis
def test_its_own_commands_get_healthy_do_the_main_job_and_end_in_order(deployment: Deployment) -> None:
    alerts = [alert() for _ in range(4)]
    intake = f"http://{deployment.address('serve', 8080)}/in/alertmanager"
    with httpx.Client(timeout=20, trust_env=False, verify=NO_TLS) as http:
        for content in (body(alerts), body([resolved(alerts[0]), *alerts[1:]]), body(alerts)):
            answer = http.post(intake, content=content, headers={"Authorization": f"Bearer {deployment.secret}"})
            assert answer.status_code == 200, answer.text
        assert http.post(intake, content=body(alerts), headers={"Authorization": "Bearer no"}).status_code == 401
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "ann@example.org", "support@example.org", "Printer on fire"
        mail["Message-ID"] = "<1@example.org>"
        mail.set_content("It burns.")
        with smtplib.SMTP(*_host_and_port(deployment.address("mail", 8025)), timeout=20) as smtp:
            for _ in range(2):
                assert smtp.send_message(mail) == {}
        wait_until(
            lambda: deployment.tickets() == {"closed": 1, "open": 4}, "four alerts, one of them over, and a mail"
        )
    assert deployment.stop() == [0] * 5


@pytest.mark.postgresql
@pytest.mark.redis
def test_intake_that_is_told_to_stop_takes_the_rest_of_what_is_being_sent(deployment: Deployment) -> None:
    content = body([alert()])
    web = _host_and_port(deployment.address("serve", 8080))
    with socket.create_connection(web, 20) as sender:
        head = f"POST /in/alertmanager HTTP/1.1\r\nHost: intake\r\nAuthorization: Bearer {deployment.secret}\r\n"
        sender.sendall(f"{head}Expect: 100-continue\r\nContent-Length: {len(content)}\r\n\r\n".encode())
        assert sender.recv(1000).startswith(b"HTTP/1.1 100 ")
        deployment.ask_to_end("serve")
        wait_until(lambda: refuses(*web), "closed to others")
        sender.sendall(content)
        assert sender.recv(1000).startswith(b"HTTP/1.1 200 ")
    post = _host_and_port(deployment.address("mail", 8025))
    with closing(smtplib.SMTP(*post, timeout=20)) as smtp:  # without QUIT: the server may say 421 before
        smtp.ehlo()
        smtp.mail("ann@example.org")
        smtp.rcpt("support@example.org")
        assert smtp.docmd("DATA")[0] == 354
        deployment.ask_to_end("mail")
        wait_until(lambda: refuses(*post), "closed to others")
        smtp.send(b"From: ann@example.org\r\nMessage-ID: <2@example.org>\r\nSubject: Smoke\r\n\r\nSmoke.\r\n.\r\n")
        assert smtp.getreply()[0] == 250
    wait_until(lambda: deployment.tickets() == {"open": 2}, "an alert and a mail")
    assert deployment.stop() == [0] * 5


def _host_and_port(address: str) -> tuple[str, int]:
    host, _, port = address.partition(":")
    return host, int(port)


@pytest.mark.postgresql
def test_the_database_answers_to_its_healthcheck() -> None:
    url = sqlalchemy.make_url(POSTGRESQL)
    here = Here((("127.0.0.1", str(url.host)), ("--quiet", f"--port={url.port or 5432}")))
    assert subprocess.run(here.healthcheck(SERVICES["postgres"]), timeout=60, check=False).returncode == 0


@pytest.mark.redis
def test_redis_answers_to_its_healthcheck_and_takes_its_options(tmp_path: Path) -> None:
    port = kept_port()
    command = [*SERVICES["redis"]["command"], "--port", str(port), "--bind", "127.0.0.1", "--dir", str(tmp_path)]
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    cli, *options = Here(()).healthcheck(SERVICES["redis"])
    check = [cli, "-p", str(port), *options]
    try:
        wait_until(lambda: subprocess.run(check, capture_output=True, check=False).returncode == 0, "healthy")
    finally:
        server.terminate()
        server.wait(10)


@pytest.mark.parametrize("name", sorted(STAYING))
def test_every_service_that_stays_has_a_healthcheck_without_a_shell_and_starts_again(name: str) -> None:
    assert STAYING[name]["healthcheck"]["test"][0] == "CMD"
    assert STAYING[name]["restart"] == "unless-stopped"


def test_what_ends_by_itself_is_waited_for() -> None:
    assert SERVICES.keys() - STAYING.keys() == {"migrate"}
    waiting = {name for name, each in OURS.items() if "migrate" in each["depends_on"]}
    assert waiting == {"serve", "mail", "worker"}
    assert {OURS[name]["depends_on"]["migrate"]["condition"] for name in waiting} == {"service_completed_successfully"}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_may_do_no_more_than_it_must(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["user"].split(":")[0]) > 0
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_an_image_is_of_a_named_version(name: str) -> None:
    _, _, tag = SERVICES[name]["image"].partition(":")
    assert tag[:1].isdigit()


def test_secrets_are_files_that_somebody_has_to_write_and_each_service_sees_its_own_only() -> None:
    assert all(set(secret) == {"file"} for secret in COMPOSE["secrets"].values())
    for service in SERVICES.values():
        environment = service.get("environment", {})
        used = {value.removeprefix(SECRETS_AT) for value in environment.values() if value.startswith(SECRETS_AT)}
        assert used == set(service.get("secrets", []))
        secret_names = [each for each in environment if any(word in each for word in ("PASSWORD", "SECRET", "KEY"))]
        assert [each for each in secret_names if not each.endswith("_FILE")] == []
        assert all("@" not in value or "://" not in value for value in environment.values())
    assert "api_key" not in [*SERVICES["serve"]["secrets"], *SERVICES["mail"]["secrets"]]


@pytest.mark.parametrize("name", ["RELAY_API_URL", "RELAY_MAIL_ADDRESS"])
def test_what_has_no_sensible_default_must_be_set(name: str) -> None:
    with pytest.raises(Missing, match=name):
        read({**example(), name: ""})


@pytest.mark.parametrize("name", sorted(OURS))
def test_who_is_told_to_stop_has_more_time_than_its_longest_call_takes(name: str) -> None:
    timing = TimingSettings()
    assert seconds(OURS[name]["stop_grace_period"]) > timing.http_timeout + timing.margin + 10


def test_database_and_broker_are_reached_by_our_services_only() -> None:
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    for name in ("postgres", "redis"):
        assert SERVICES[name]["networks"] == ["inside"]
        assert "ports" not in SERVICES[name]


def test_the_image_runs_locked_hashed_requirements_as_nobody_in_particular() -> None:
    text = (ROOT / "Dockerfile").read_text()
    stages = [line for line in text.splitlines() if line.startswith("FROM ")]
    assert stages == ["FROM python:3.12-slim-bookworm AS build", "FROM python:3.12-slim-bookworm"]
    final = text.rpartition(stages[1])[2]
    assert "--require-hashes -r requirements/runtime.lock" in text
    assert "pip install" not in final
    assert "apt-get" not in text
    assert f"USER {OURS['serve']['user']}" in final
    assert 'ENTRYPOINT ["ticketrelay"]' in final
    assert "HEALTHCHECK NONE" in final

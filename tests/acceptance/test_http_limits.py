"""The limits of HTTP in the settings hold in every process that listens."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.worker.listening import Sender
from worker.intake.listener import FEW, limits_of
from worker.runtime.health import PROBES
from worker.settings.models import ServerSettings

from .processes import Process, answers, kept_port, ticketrelay, wait_until

SETTINGS = {
    "TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1",
    "TICKETRELAY_API__KEY": "ak_test_1",
    "TICKETRELAY_BROKER__URL": "redis://127.0.0.1:1/0",
    "TICKETRELAY_SOURCES__MAIL__KIND": "email",
    "TICKETRELAY_SOURCES__MAIL__ADDRESS": "support@example.org",
    "TICKETRELAY_SOURCES__MAIL__SECRET": "secret-of-the-tests",
    "TICKETRELAY_SERVER__HEAD_DEADLINE": "200ms",
    "TICKETRELAY_SERVER__BODY_DEADLINE": "200ms",
}
COMMANDS = {
    "run": ["run", "--no-demo", "--smtp", "off"],
    "serve": ["serve"],
    "mail": ["mail", "--smtp", "127.0.0.1:0"],
    "worker": ["worker"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_sender_that_is_too_slow_is_answered_408_by_every_process(tmp_path: Path, name: str) -> None:
    settings = {**SETTINGS, "TICKETRELAY_LEDGER__URL": f"sqlite:///{tmp_path / 'ledger.db'}"}
    assert ticketrelay("db", "upgrade", environment=settings).returncode == 0
    port = kept_port()
    more = ["--data", str(tmp_path / "data")] if name == "run" else []
    if name == "run":
        del settings["TICKETRELAY_BROKER__URL"]
    process = Process([*COMMANDS[name], *more, "--listen", f"127.0.0.1:{port}"], settings, tmp_path / "output.txt")
    try:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/readyz"), "ready")
        slow = Sender(("127.0.0.1", port)).send(b"GET /livez HTTP/1.1\r\n")
        assert slow.answer().status == 408
        assert slow.rest() == b""
        slow.close()
    finally:
        process.stop()


def test_the_limits_are_those_of_the_settings() -> None:
    server = ServerSettings.model_validate(
        {"head_deadline": "1s", "body_deadline": "2s", "keep_alive": "3s", "connections": 100}
    )
    limits = limits_of(server)
    assert (limits.head_s, limits.body_s, limits.keep_alive_s, limits.connections) == (1, 2, 3, 100)
    assert limits_of(server, FEW).connections == FEW
    assert limits_of(ServerSettings.model_validate({"connections": 7}), FEW).connections == 7
    assert limits.probes == PROBES

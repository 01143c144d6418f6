"""A wrong address of anything is one line that names its setting or flag, and never a traceback."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from kombu import Connection

from tests.acceptance.processes import ticketrelay
from worker.broker.reach import reach
from worker.cli import main
from worker.ledger import Ledger, LedgerAway, will_stay_away
from worker.settings import BrokerSettings

API = {"TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1", "TICKETRELAY_API__KEY": "ak_test_1"}
LEDGER = "TICKETRELAY_LEDGER__URL"
NOWHERE = "/proc/nowhere"
"""A folder that nobody can make."""


@pytest.mark.parametrize(
    ("command", "environ", "said"),
    [
        (["status"], {LEDGER: "postgresql://u@127.0.0.1:abc/x"}, "the port must be a number"),
        (["status"], {LEDGER: "postgresql://u@127.0.0.1/x?nonsense=1"}, 'invalid connection option "nonsense"'),
        (["status"], {LEDGER: "postgresql://u@127.0.0.1:1/x"}, "Connection refused"),
        (["db", "upgrade"], {LEDGER: "postgresql://u@127.0.0.1:1/x"}, "Connection refused"),
        (["db", "upgrade"], {LEDGER: f"sqlite:///{NOWHERE}/ledger.db"}, NOWHERE),
        (["tickets-api", "--listen", "127.0.0.1:0", "--database", f"sqlite:///{NOWHERE}/t.db"], {}, "--database"),
        (["check"], {"TICKETRELAY_BROKER__URL": "redis://127.0.0.1:6379/abc"}, "the number of a database"),
        (["check"], {"TICKETRELAY_BROKER__URL": "redis://127.0.0.1:abc/0"}, "the port must be a number"),
        (["check"], {"TICKETRELAY_API__URL": "http://127.0.0.1:abc/api/v1"}, "TICKETRELAY_API__URL"),
    ],
)  # fmt: skip
def test_a_wrong_address_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], environ: dict[str, str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    none = {name: None for name in os.environ if name.startswith("TICKETRELAY_")}
    ended = CliRunner().invoke(main, command, env={**none, **API, **environ})
    assert ended.exit_code in (1, 2)
    assert isinstance(ended.exception, SystemExit)
    assert said in ended.stderr + ended.stdout
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("more", "environ", "said"),
    [
        ([], {LEDGER: "postgresql://u@127.0.0.1:1/x"}, "Connection refused"),
        (["--data", NOWHERE], {}, f"--data {NOWHERE}"),
    ],
)
def test_run_says_in_one_line_why_it_cannot_start(
    tmp_path: Path, more: list[str], environ: dict[str, str], said: str
) -> None:
    folder = more or ["--data", str(tmp_path / "var")]
    ended = ticketrelay("run", "--once", "--listen", "127.0.0.1:0", "--smtp", "off", *folder, environment=environ)
    assert ended.returncode in (1, 2)
    (line,) = ended.stderr.splitlines()
    assert said in line


@pytest.mark.parametrize(
    ("url", "is_final"),
    [
        ("postgresql://u@127.0.0.1:1/x", False),
        ("postgresql://u@nowhere.invalid/x", False),
        ("postgresql://u@127.0.0.1/x?nonsense=1", True),
        (f"sqlite:///{NOWHERE}.db", True),
    ],
)
def test_only_an_error_that_waiting_mends_is_waited_for(tmp_path: Path, url: str, is_final: bool) -> None:
    ledger = Ledger(url)
    with pytest.raises(LedgerAway) as raised, ledger.database.write():
        pass
    ledger.close()
    assert will_stay_away(raised.value) is is_final


def test_the_broker_of_run_has_a_host_so_that_the_library_does_not_warn(caplog: pytest.LogCaptureFixture) -> None:
    broker = reach(BrokerSettings(), 1.0)
    with Connection(broker.url, transport_options=broker.options) as connection:
        assert connection.info()["hostname"] == "localhost"
    assert caplog.records == []

"""Units of systemd, started without systemd: what a service is given, and that a failure is told."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.limits import ROOT

UNITS = Path(__file__).parent / "units.py"


@pytest.fixture
def system(tmp_path: Path) -> Path:
    """The folder of the units, with a drop-in of all and a settings file."""
    folder = tmp_path / "etc" / "systemd" / "system"
    (folder / "ticketrelay-.service.d").mkdir(parents=True)
    (folder / "ticketrelay-.service.d" / "common.conf").write_text(
        "[Service]\nEnvironmentFile=/etc/settings\nEnvironmentFile=-/etc/absent\nLoadCredential=key:/etc/key\n"
        "Environment=KEY_FILE=%d/key\n"
    )
    (tmp_path / "etc" / "settings").write_text("# a comment\nCOLOUR=green\n")
    (tmp_path / "etc" / "key").write_text("secret")
    return folder


def start(folder: Path, *units: str) -> subprocess.CompletedProcess[str]:
    """Start units until one of them fails or ends."""
    table = folder / "table.json"
    table.write_text(json.dumps([("/etc/", f"{folder.parents[1]}/")]))
    command = [sys.executable, str(UNITS), str(table), *units]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_service_gets_its_settings_credentials_and_instance_and_no_other_environment(
    system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKETRELAY_API__URL", "http://elsewhere")
    service = "Type=oneshot\nExecStart=sh -c 'echo %i $COLOUR $(cat $KEY_FILE) [$TICKETRELAY_API__URL]'\n"
    (system / "ticketrelay-worker@.service").write_text(service)
    (system / "ticketrelay.target").write_text("[Unit]\nWants=ticketrelay-worker@1.service ticketrelay-end.service\n")
    (system / "ticketrelay-end.service").write_text("[Service]\nExecStart=sh -c 'exit 5'\n")
    ended = start(system, "ticketrelay.target")
    assert ended.stdout == "1 green secret []\n"
    assert (ended.returncode, ended.stderr) == (1, "ticketrelay-end.service ended with exit code 5\n")


def test_a_service_does_not_start_when_what_it_requires_failed(system: Path) -> None:
    (system / "ticketrelay-migrate.service").write_text("[Service]\nType=oneshot\nExecStart=sh -c 'exit 2'\n")
    (system / "ticketrelay-serve.service").write_text(
        "[Unit]\nRequires=ticketrelay-migrate.service\n[Service]\nExecStart=sh -c 'echo started'\n"
    )
    ended = start(system, "ticketrelay-serve.service")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "ticketrelay-migrate.service failed with exit code 2\n"


def test_a_missing_credential_is_told(system: Path) -> None:
    (system / "ticketrelay-serve.service").write_text(
        "[Service]\nLoadCredential=more:/etc/more\nExecStart=sh -c 'echo started'\n"
    )
    ended = start(system, "ticketrelay-serve.service")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("ticketrelay-serve.service: there is no ")


def test_drop_ins_are_read_in_the_order_of_their_names_and_the_last_file_wins(system: Path) -> None:
    for folder, name, settings in (
        ("ticketrelay-serve.service.d", "10-first.conf", "first"),
        ("ticketrelay-.service.d", "20-second.conf", "second"),
        ("ticketrelay-.service.d", "30-third.conf", "replaced"),
        ("ticketrelay-serve.service.d", "30-third.conf", "third"),
    ):
        (system / folder).mkdir(exist_ok=True)
        (system / folder / name).write_text(f"[Service]\nEnvironmentFile=/etc/{settings}\n")
        (system.parents[1] / settings).write_text(f"LAST={settings}\n{settings.upper()}=read\n")
    (system / "ticketrelay-serve.service").write_text(
        "[Service]\nExecStart=sh -c 'echo $LAST $SECOND [$REPLACED]; exit 1'\n"
    )
    assert start(system, "ticketrelay-serve.service").stdout == "third read []\n"


def test_the_own_settings_of_workers_and_mail_win_over_those_of_all(tmp_path: Path) -> None:
    system = tmp_path / "etc" / "systemd" / "system"
    shutil.copytree(ROOT / "deploy" / "systemd", system)
    for unit in system.glob("*.service"):
        command = f"Type=oneshot\nExecStart=sh -c 'echo {unit.stem} $COLOUR $BROKER'"
        unit.write_text(re.sub(r"^ExecStart=.*$", command, unit.read_text(), flags=re.MULTILINE))
    (system / "ticketrelay-end.service").write_text("[Service]\nExecStart=sh -c 'exit 5'\n")
    credentials = tmp_path / "etc" / "ticketrelay" / "credentials"
    credentials.mkdir(parents=True)
    for name in ("ledger_url", "alertmanager_secret", "mail_secret", "api_key"):
        (credentials / name).write_text("secret")
    for name, text in {
        "settings": "BROKER=redis\nCOLOUR=of-all",
        "worker.settings": "COLOUR=of-workers",
        "mail.settings": "COLOUR=of-mail",
    }.items():
        (credentials.parent / name).write_text(f"{text}\n")
    ended = start(system, "ticketrelay.target", "ticketrelay-mail.service", "ticketrelay-end.service")
    assert ended.stderr == "ticketrelay-end.service ended with exit code 5\n"
    assert set(ended.stdout.splitlines()) == {
        "ticketrelay-migrate of-all redis",
        "ticketrelay-serve of-all redis",
        "ticketrelay-worker@ of-workers redis",
        "ticketrelay-mail of-mail redis",
    }

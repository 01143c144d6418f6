"""The systemd units are valid, hardened, and run existing commands; checked by systemd itself if available."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tickets.http_listener.limits import ABOVE_CAP, KEPT_FILES
from worker.cli import main
from worker.settings import TimingSettings
from worker.settings.models import ServerSettings, SmtpSettings

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
COMMON = (UNITS / "ticketrelay-.service.d" / "50-common.conf").read_text()
INSTALLED = "/opt/ticketrelay/bin/ticketrelay"
EXPOSURE = "20"  # in tenths; systemd calls everything below 2.0 "OK"

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units as installed, but with an existing program."""
    copy = tmp_path / "system"
    shutil.copytree(UNITS, copy)
    for path in copy.glob("*.service"):
        path.write_text(path.read_text().replace(INSTALLED, sys.executable))
    (copy / "ticketrelay-worker@.service").rename(copy / "ticketrelay-worker@1.service")
    return copy


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", *(str(each) for each in arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@needs_systemd
def test_systemd_has_nothing_to_say_against_the_units(units: Path) -> None:
    verified = analyze(
        "verify", "--man=no", "--recursive-errors=no", *sorted(each for each in units.iterdir() if each.is_file())
    )
    assert (verified.returncode, verified.stderr) == (0, "")


@needs_systemd
def test_systemd_finds_what_is_wrong_with_a_unit(units: Path) -> None:
    unit = units / "ticketrelay-serve.service"
    unit.write_text(unit.read_text().replace("Restart=always", "Restart=perhaps\nType=oneshot\nRestart=always"))
    assert analyze("verify", "--man=no", unit).returncode != 0


@needs_systemd
def test_a_service_is_exposed_to_little(units: Path) -> None:
    for unit in sorted(units.glob("*.service")):
        rated = analyze("security", "--offline=yes", f"--threshold={EXPOSURE}", unit)
        assert rated.returncode == 0, rated.stdout[-2000:]


@pytest.mark.parametrize("name", SERVICES)
def test_the_command_of_a_unit_is_one_of_ours_with_its_flags(name: str) -> None:
    found = re.search(rf"^ExecStart={INSTALLED} (.+)$", (UNITS / name).read_text(), re.MULTILINE)
    assert found is not None
    asked = CliRunner().invoke(main, [*shlex.split(found[1].replace("%i", "1")), "--help"])
    assert asked.exit_code == 0, asked.output


@pytest.mark.parametrize("name", SERVICES)
def test_secrets_reach_a_unit_as_credentials(name: str) -> None:
    text = COMMON + (UNITS / name).read_text()
    loaded = set(re.findall(r"^LoadCredential=(\w+):/etc/ticketrelay/credentials/\1$", text, re.MULTILINE))
    used = set(re.findall(r"^Environment=TICKETRELAY_\w+_FILE=%d/(\w+)$", text, re.MULTILINE))
    assert loaded == used >= {"ledger_url"}
    assert re.findall(r"^Environment=\w*(?:KEY|SECRET|PASSWORD)=", text, re.MULTILINE) == []


def test_who_is_told_to_stop_has_more_time_than_its_longest_call_takes() -> None:
    found = re.search(r"^TimeoutStopSec=(\d+)$", COMMON, re.MULTILINE)
    assert found is not None
    timing = TimingSettings()
    assert int(found[1]) > timing.http_timeout + timing.margin + 10


@pytest.mark.parametrize("name", [name for name in SERVICES if "migrate" not in name])
def test_a_service_that_stays_starts_again_and_waits_for_its_tables(name: str) -> None:
    text = (UNITS / name).read_text()
    assert "\nRestart=always\n" in text
    assert "\nRequires=ticketrelay-migrate.service\nAfter=ticketrelay-migrate.service\n" in text


def test_a_service_may_open_more_files_than_its_connections_need() -> None:
    found = re.search(r"^LimitNOFILE=(\d+)$", COMMON, re.MULTILINE)
    assert found is not None
    connections = ServerSettings().connections + SmtpSettings().connections
    assert int(found[1]) > 2 * (connections + KEPT_FILES + ABOVE_CAP)

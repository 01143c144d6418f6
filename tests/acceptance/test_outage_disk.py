"""A full disk: senders are asked to try again, an alarm is raised, and work goes on once there is room."""

from __future__ import annotations

import secrets
import shutil
import smtplib
from collections.abc import Iterator
from contextlib import ExitStack
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.acceptance.deployments import MAILBOX, QUICK, Embedded, Fleet, Site, alert, body
from tests.acceptance.disks import TinyDisk, can_mount, tiny_disk
from tests.acceptance.outages import TIMEOUT_S, alerts_all_the_time, created_once
from tests.acceptance.processes import wait_until
from tests.own_servers import POSTGRESQL_USER, own_postgresql
from tests.servers import own_queue

pytestmark = [
    pytest.mark.skipif(not can_mount(), reason="only root may mount a small file system"),
    pytest.mark.timeout(TIMEOUT_S),
]


def large_alert() -> dict[str, Any]:
    """Return an alert that does not fit into the existing pages."""
    one = alert()
    return one | {"annotations": one["annotations"] | {"description": secrets.token_hex(20_000)}}


def gauge(site: Site, address: str) -> bool:
    return 'ticketrelay_alarm{alarm="disk_full"} 1.0' in site.http.get(f"{address}/metrics").text


class OnSqlite:
    """`ticketrelay run` with its ledger on a separate disk."""

    def __init__(self, folder: Path, disk: TinyDisk) -> None:
        self.disk = disk
        self.own = Embedded(folder, QUICK | {"TICKETRELAY_LEDGER__URL": f"sqlite:///{disk.path / 'ledger.db'}"})


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[OnSqlite]:
    with tiny_disk(tmp_path / "disk", 32) as disk:
        made = OnSqlite(tmp_path / "run", disk)
        try:
            made.own.start()
            yield made
        finally:
            made.own.stop()


def test_sqlite_without_room_takes_nothing_it_cannot_keep_and_goes_on_when_it_has_room(on_sqlite: OnSqlite) -> None:
    disk, own, site = on_sqlite.disk, on_sqlite.own, on_sqlite.own.site
    assert own.ticketrelay("status").returncode == 0
    site.add_fault(action="latency", when="after", seconds=0.5, path="/tickets$", method="POST")
    with alerts_all_the_time(site) as taken:
        wait_until(lambda: len(site.effects_on(taken)) > 5, "under load")
        disk.fill()
        refused = large_alert()
        wait_until(lambda: site.post(body([refused])).status_code == 503, "503 while the disk is full")
        answer = site.post(body([refused]))
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        before = len(taken)
        status = own.ticketrelay("status")
        assert (status.returncode, "ALARM disk_full: " in status.stdout) == (1, True), status.stdout + status.stderr
        assert gauge(site, site.intake)
        assert own.process is not None
        process = own.process
        wait_until(lambda: "alarm.raised" in process.output.read_text(), "in the log")
        assert site.http.get(f"{site.intake}/livez").status_code == 200
        assert len(taken) <= before + 1  # the one that was in flight
        disk.make_room()
        wait_until(lambda: len(taken) > before + 5, "taken in again")
    assert site.post(body([refused])).status_code == 200
    own.wait_until_idle()
    assert sorted(site.effects_on([*taken, refused])) == created_once([*taken, refused])
    assert site.http.get(f"{site.intake}/livez").status_code == 200
    wait_until(lambda: own.ticketrelay("status").returncode == 0, "no alarm")


def test_status_says_that_the_disk_is_full_when_no_process_runs(on_sqlite: OnSqlite) -> None:
    on_sqlite.own.kill()
    on_sqlite.disk.fill()
    for each in on_sqlite.disk.path.glob("ledger.db-*"):
        each.unlink()  # as after an orderly end
    on_sqlite.disk.fill()
    status = on_sqlite.own.ticketrelay("status")
    assert (status.returncode, "ALARM disk_full: " in status.stdout) == (1, True), status.stdout + status.stderr


class OnPostgresql:
    """A fleet with its database on a separate disk; PostgreSQL's write-ahead log is elsewhere."""

    def __init__(self, fleet: Fleet, disk: TinyDisk) -> None:
        self.fleet = fleet
        self.disk = disk


@pytest.fixture(params=[pytest.param("redis", marks=pytest.mark.redis)])
def on_postgresql(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OnPostgresql]:
    with ExitStack() as stack:
        server = stack.enter_context(own_postgresql())
        disk = stack.enter_context(tiny_disk(server.folder / "disk", 64))
        space = disk.path / "space"
        space.mkdir()
        shutil.chown(space, POSTGRESQL_USER)
        with psycopg.connect(server.url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(f"CREATE TABLESPACE tiny LOCATION '{space}'")
            connection.execute("CREATE DATABASE relay TABLESPACE tiny")
        stack.callback(server.kill)  # before its disk is unmounted
        broker = stack.enter_context(own_queue(request.param))
        fleet = Fleet(tmp_path, server.url.replace("/postgres", "/relay"), broker.environment)
        stack.callback(fleet.stop)
        fleet.start()
        yield OnPostgresql(fleet, disk)


def mail_answer(fleet: Fleet) -> int:
    """Return the SMTP edge's reply to a mail that is larger than a page."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "ada@customer.example", MAILBOX, "Mail"
    mail["Message-ID"], mail["Date"] = f"<{secrets.token_hex(8)}@customer.example>", "Mon, 02 Mar 2026 10:00:00 +0000"
    mail.set_content("\n".join(secrets.token_hex(30) for _ in range(1000)))
    with smtplib.SMTP("127.0.0.1", fleet.smtp_port, timeout=20) as server:
        try:
            server.send_message(mail)
        except smtplib.SMTPDataError as error:
            return error.smtp_code
    return 250


@pytest.mark.own_postgresql
def test_postgresql_without_room_takes_nothing_it_cannot_keep_and_goes_on_when_it_has_room(
    on_postgresql: OnPostgresql, tmp_path: Path
) -> None:
    fleet, disk, site = on_postgresql.fleet, on_postgresql.disk, on_postgresql.fleet.site
    assert fleet.ticketrelay("status").returncode == 0
    site.add_fault(action="latency", when="after", seconds=0.5, path="/tickets$", method="POST")
    large: list[dict[str, Any]] = []

    def takes_no_large_one() -> bool:
        large.append(large_alert())
        return site.post(body([large[-1]])).status_code == 503

    with alerts_all_the_time(site) as taken:
        wait_until(lambda: len(site.effects_on(taken)) > 5, "under load")
        disk.fill()
        wait_until(takes_no_large_one, "503 while the disk is full")
        assert site.post(body([large[-1]])).headers["retry-after"] == "5"
        wait_until(lambda: mail_answer(fleet) == 452, "452 while the disk is full")
        status = fleet.ticketrelay("status")
        assert (status.returncode, "ALARM disk_full: " in status.stdout) == (1, True), status.stdout + status.stderr
        assert gauge(site, site.intake)
        for name in ("serve", "mail"):
            assert "alarm.raised" in (tmp_path / f"{name}.txt").read_text()
        before = len(taken)
        disk.make_room()
        wait_until(lambda: site.post(body([large[-1]])).status_code == 200, "taken in again")
        wait_until(lambda: len(taken) > before + 5, "taken in again")
    wait_until(lambda: mail_answer(fleet) == 250, "mail taken in again")
    fleet.wait_until_idle()
    assert sorted(site.effects_on([*taken, *large])) == created_once([*taken, *large])
    for address in fleet.health.values():
        assert site.http.get(f"http://{address}/livez").status_code == 200
    wait_until(lambda: fleet.ticketrelay("status").returncode == 0, "no alarm")

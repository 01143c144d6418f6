"""A real Postfix delivers to us by its pipe and by LMTP without losing mail, also while we are down."""

from __future__ import annotations

import smtplib
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.processes import Process, answers, clean_environment, kept_port, wait_until
from tests.killable import Server, folder_for
from tests.own_postfix import own_postfix
from tests.worker.builders import rows
from worker.ledger import Ledger
from worker.ledger.schema.tables import cases, inbound

pytestmark = pytest.mark.own_postfix

SUPPORT = "support@lmtp.example"
PIPED = "sales@pipe.example"
SETTINGS = {
    "TICKETRELAY_SOURCES__MAIL__KIND": "email",
    "TICKETRELAY_SOURCES__MAIL__SECRET": "secret-of-the-tests",
    "TICKETRELAY_SOURCES__MAIL__ADDRESS": SUPPORT,
    "TICKETRELAY_SOURCES__SALES__KIND": "email",
    "TICKETRELAY_SOURCES__SALES__SECRET": "secret-of-the-tests",
    "TICKETRELAY_SOURCES__SALES__ADDRESS": PIPED,
}
MAIL = """\
From: Ada <ada@customer.example>
To: {to}
Subject: {name}
Date: Fri, 13 Mar 2026 17:04:10 +0100
Message-ID: <{name}@customer.example>

The printer is out of toner.
"""


def python_for_all() -> str:
    """A Python of this version that the pipe's user can start; ours may be in root's private folder."""
    others = Path("/usr/bin") / f"python{sys.version_info.major}.{sys.version_info.minor}"
    is_private = Path(sys.executable).resolve().is_relative_to("/root")
    return str(others) if is_private else sys.executable


class Site:
    """`ticketrelay run` with LMTP, and the ledger that it shares with the pipe."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lmtp = f"127.0.0.1:{kept_port()}"
        self._listen = f"127.0.0.1:{kept_port()}"
        self._process: Process | None = None

    def start(self) -> None:
        arguments = ["run", "--no-demo", "--listen", self._listen, "--smtp", "off", "--lmtp", self.lmtp]
        process = self._process = Process(
            [*arguments, "--data", str(self.folder / "data")], SETTINGS, self.folder / "output.txt"
        )

        def is_ready() -> bool:
            assert not process.has_ended(), process.log()
            return answers(f"http://{self._listen}/readyz")

        wait_until(is_ready, "run that is ready")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process = None

    def rows(self, table: Any) -> list[dict[str, Any]]:
        with closing(Ledger(f"sqlite:///{self.folder / 'data' / 'ledger.db'}")) as ledger:
            return rows(ledger, table)

    def pipe(self) -> Path:
        """Write the program for Postfix's pipe, with an environment of its own; it exits 75 while `down` exists."""
        program = self.folder / "pipe"
        wanted = clean_environment(SETTINGS)
        exported = "".join(f"export {name}='{wanted[name]}'\n" for name in SETTINGS)
        program.write_text(
            f"#!/bin/sh\n[ ! -e {self.folder}/down ] || exit 75\ncd {Path.cwd()} || exit 75\n{exported}"
            f"export PYTHONPATH='{':'.join(filter(None, sys.path))}'\n"
            f'exec {python_for_all()} -m worker.cli pipe --data {self.folder}/data "$@"\n'
        )
        program.chmod(0o755)
        return program


@pytest.fixture
def site() -> Iterator[Site]:
    with folder_for("site") as folder:
        made = Site(folder)
        made.start()
        yield made
        made.kill()


@pytest.fixture
def postfix(site: Site) -> Iterator[Server]:
    service = (
        "ticketrelay unix - n n - 4 pipe\n"
        f"  flags=Rq user=root argv={site.pipe()} --sender ${{sender}} --recipient ${{recipient}}\n"
    )
    service = service.replace("user=root", "user=nobody")
    for each in (site.folder, *site.folder.rglob("*")):
        each.chmod(0o777)
    with own_postfix({"lmtp.example": f"lmtp:inet:{site.lmtp}", "pipe.example": "ticketrelay:"}, service) as server:
        yield server


def send(server: Server, name: str, *recipients: str) -> None:
    with smtplib.SMTP("127.0.0.1", server.port, timeout=30) as client:
        client.sendmail("ada@customer.example", recipients, MAIL.format(name=name, to=", ".join(recipients)))


def names(site: Site, expected: int) -> list[str]:
    """Return the sources of the deliveries, once there are as many as expected."""
    wait_until(lambda: len(site.rows(inbound)) >= expected, f"{expected} deliveries")
    return sorted(each["source"] for each in site.rows(inbound))


def test_by_lmtp_a_mail_arrives_and_while_we_are_down_postfix_keeps_it(site: Site, postfix: Server) -> None:
    send(postfix, "first", SUPPORT)
    assert names(site, 1) == ["mail"], postfix.log()
    site.kill()
    send(postfix, "second", SUPPORT)
    wait_until(lambda: "status=deferred" in postfix.log(), "deferred")
    site.start()
    assert names(site, 2) == ["mail"] * 2
    wait_until(lambda: len(site.rows(cases)) == 2, "a case each")


def test_by_the_pipe_a_mail_arrives_and_after_75_it_comes_again(site: Site, postfix: Server) -> None:
    (site.folder / "down").touch()
    send(postfix, "first", PIPED)
    wait_until(lambda: "status=deferred" in postfix.log(), "deferred")
    assert site.rows(inbound) == []
    (site.folder / "down").unlink()
    assert names(site, 1) == ["sales"], postfix.log()
    assert len(site.rows(cases)) == 1


def test_one_mail_to_a_mailbox_its_second_name_and_a_list_is_one_case_with_each_delivery(
    site: Site, postfix: Server
) -> None:
    send(postfix, "same", SUPPORT)
    send(postfix, "same", "support+help@lmtp.example")
    send(postfix, "same", "support+list@lmtp.example")
    assert names(site, 3) == ["mail"] * 3
    assert len(site.rows(cases)) == 1

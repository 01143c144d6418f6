"""Each mail of a real mailbox becomes one ticket, while the reading process is killed again and again."""

from __future__ import annotations

import json
import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import jsonschema_rs
import pytest

from tests.acceptance.deployments import FLEET_SECRET, MAILBOX, QUICK, Embedded, Fleet
from tests.acceptance.processes import wait_until
from tests.own_mail import PASSWORD, USER, Dovecot, own_dovecot
from tests.servers import Broker
from tests.worker.mailreading import mail

pytestmark = pytest.mark.own_dovecot

SCHEMAS = Path(__file__).parents[2] / "docs" / "reference" / "schemas"
MAILS, KILLS = 1000, 10
PATIENCE_S = 120.0


def settings(dovecot: Dovecot, **more: str) -> dict[str, str]:
    """The environment of a process that reads the mailbox."""
    given = {
        "HOST": "127.0.0.1",
        "PORT": str(dovecot.tls_port),
        "TLS_CA": str(dovecot.certificate.authority),
        "USER": USER,
        "PASSWORD": PASSWORD,
        "BEGIN": "all",
        "POLL": "1s",
        **more,
    }
    source = {"KIND": "email", "ADDRESS": MAILBOX, "SECRET": FLEET_SECRET}
    own = {f"TICKETRELAY_SOURCES__SUPPORT__{name}": value for name, value in source.items()}
    return own | {f"TICKETRELAY_SOURCES__SUPPORT__IMAP__MAIN__{name}": value for name, value in given.items()}


@contextmanager
def embedded(folder: Path, dovecot: Dovecot, **more: str) -> Iterator[Embedded]:
    made = Embedded(folder, QUICK | settings(dovecot, **more))
    try:
        yield made
    finally:
        made.stop()


def audit(site: Embedded | Fleet) -> tuple[int, dict[str, object]]:
    """Return the exit code of `mail audit`, and its output."""
    done = site.ticketrelay("mail", "audit", "-o", "json")
    assert done.stdout, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    jsonschema_rs.validator_for(json.loads((SCHEMAS / "mail-audit.json").read_text())).validate(found)
    return done.returncode, found


def folder_of(found: dict[str, object]) -> dict[str, object]:
    boxes = found["mailboxes"]
    assert isinstance(boxes, list)
    ((folder,),) = [each["folders"] for each in boxes]
    assert isinstance(folder, dict)
    return folder


def test_a_thousand_mails_are_a_ticket_each_while_the_process_is_killed_ten_times(tmp_path: Path) -> None:
    picked = random.Random(11)  # noqa: S311 — order and moments
    numbers = list(range(MAILS))
    picked.shuffle(numbers)
    mails = [mail(f"Trouble {number}", Message_ID=f"<{number}@customer.example>") for number in numbers]
    with own_dovecot() as dovecot, embedded(tmp_path, dovecot, THEN="flag") as site:
        sender = threading.Thread(target=_send, args=(dovecot, mails))
        site.start()
        sender.start()
        at_the_kill = MAILS
        for number in range(1, KILLS + 1):
            wait_until(lambda number=number: accounted(tmp_path) >= 90 * number, "further", PATIENCE_S)  # type: ignore[misc]
            time.sleep(picked.uniform(0, 0.05))  # at random: during a fetch, a commit, a flag
            site.kill()
            at_the_kill = accounted(tmp_path)
            site.start()
        sender.join()
        assert at_the_kill < MAILS
        wait_until(lambda: dovecot.count(criteria="KEYWORD $Ticketrelay") == MAILS, "all flagged", PATIENCE_S)
        site.wait_until_idle(PATIENCE_S)
        code, found = audit(site)
        subjects = Counter(each["subject"] for each in site.site.tickets())
    assert subjects == {f"Trouble {number}": 1 for number in range(MAILS)}
    assert (code, found["gaps"]) == (0, 0)
    folder = folder_of(found)
    assert (folder["on_server"], folder["accounted"], folder["missing"], folder["owed"]) == (MAILS, MAILS, [], 0)
    outcomes = folder["outcomes"]
    assert isinstance(outcomes, dict)
    assert outcomes["ticket"] + outcomes["duplicate"] == MAILS
    print(f"\n{MAILS} mails, {KILLS} kills: {len(subjects)} tickets; UIDs became {outcomes}")  # noqa: T201


def accounted(data: Path) -> int:
    """The number of mails in the ledger."""
    with closing(sqlite3.connect(f"file:{data / 'ledger.db'}?mode=ro", uri=True, timeout=30)) as connection:
        return int(connection.execute("SELECT count(*) FROM mailbox_uids").fetchone()[0])


def _send(dovecot: Dovecot, mails: list[bytes]) -> None:
    """Deliver in portions, while the mailbox is read."""
    for start in range(0, len(mails), 50):
        dovecot.deliver(*mails[start : start + 50])


def test_the_audit_finds_what_is_on_the_server_and_in_no_delivery(tmp_path: Path) -> None:
    with own_dovecot() as dovecot, embedded(tmp_path, dovecot) as site:
        dovecot.deliver(mail(), mail())
        site.start()
        wait_until(lambda: len(site.site.tickets()) == 2, "two tickets", PATIENCE_S)
        code, found = audit(site)
        assert (code, found["gaps"]) == (0, 0)
        assert "mailbox     support/main read" in site.ticketrelay("status").stdout
        site.end()
        dovecot.deliver(mail())
        code, found = audit(site)
        folder = folder_of(found)
        assert (code, found["gaps"], folder["missing"], folder["not_read_yet"]) == (1, 1, [3], 1)
        assert site.ticketrelay("mail", "audit").returncode == 1
        assert "1 gap" in site.ticketrelay("mail", "audit").stdout


def test_the_audit_says_which_mailbox_cannot_be_asked(tmp_path: Path) -> None:
    with own_dovecot() as dovecot, embedded(tmp_path, dovecot) as site:
        site.start()
        dovecot.server.kill()
        code, found = audit(site)
    assert code == 1
    boxes = found["mailboxes"]
    assert isinstance(boxes, list)
    assert "refused" in boxes[0]["error"]


@pytest.mark.postgresql
@pytest.mark.redis
def test_the_role_mail_reads_mailboxes_and_its_metrics_tell_how_long_ago(
    tmp_path: Path, postgresql_url: str, redis_queue: Broker
) -> None:
    with own_dovecot() as dovecot:
        fleet = Fleet(tmp_path, postgresql_url, redis_queue.environment | settings(dovecot), workers=1)
        try:
            fleet.start()
            dovecot.deliver(*(mail() for _ in range(5)))
            wait_until(lambda: len(fleet.site.tickets()) == 5, "five tickets", PATIENCE_S)
            assert fleet.metric("mail", "ticketrelay_mailbox_unaccounted_uids") == 0
            assert fleet.metric("mail", "ticketrelay_mailbox_poll_age_seconds") < PATIENCE_S
            assert audit(fleet)[0] == 0
            fleet.restart("mail")
            dovecot.deliver(mail())
            wait_until(lambda: len(fleet.site.tickets()) == 6, "six tickets", PATIENCE_S)
        finally:
            fleet.kill_all()

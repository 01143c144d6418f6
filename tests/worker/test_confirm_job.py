"""The job that confirms alerts ends those that a product no longer lists; with real answers and a real ledger."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from connectors.contract.messages import Inbound, Verified
from worker.intake.reading import read_verified
from worker.jobs.asking import MAX_BYTES, NoAnswer, listed
from worker.jobs.catalogue import jobs_of
from worker.jobs.runner import Runner
from worker.ledger import CLOCK_JOB, Ledger
from worker.ledger.schema.tables import inbound, jobs, operations
from worker.settings import Settings, load

from .builders import ManualClock, case_row, deliver_all, kinds_of, rows
from .conftest import MakeLedger
from .products import Product, listing, plainly, product

pytestmark = pytest.mark.one_database

API = {"TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1", "TICKETRELAY_API__KEY": "ak_test_1"}
EVERY_S, GRACE_S = 60.0, 300.0
LOOKS = round(GRACE_S / EVERY_S) + 1


@pytest.fixture
def asked() -> Iterator[Product]:
    with product() as made:
        yield made


def settings(asked: Product, kind: str = "alertmanager", file: Path | None = None, **more: str) -> Settings:
    own = {"KIND": kind, "SECRET": "s3cret", "API_URL": asked.url, "CONFIRM_EVERY": "1m", "CONFIRM_GRACE": "5m"}
    return load(API | {f"TICKETRELAY_SOURCES__PROM__{name}": value for name, value in (own | more).items()}, file=file)


def alert(name: str = "disk", **more: Any) -> dict[str, Any]:
    """Build a firing alert, as in a webhook's delivery and in the list. The value `...` removes a field."""
    labels = {"alertname": name, "severity": "critical", "team": "db"}
    whole = {"status": "firing", "labels": labels, "startsAt": "2026-02-20T12:00:00Z", "fingerprint": name} | more
    return {key: value for key, value in whole.items() if value is not ...}


class Watch:
    """A ledger, its jobs, and a time that passes."""

    def __init__(self, ledger: Ledger, clock: ManualClock, chosen: Settings) -> None:
        self.ledger, self.clock, self.settings = ledger, clock, chosen
        self.runner = Runner(ledger, lambda: jobs_of(self.settings), lambda _kinds: None, "one", 1.0)

    def receive(self, *alerts: dict[str, Any], **root: Any) -> None:
        body = json.dumps({"alerts": alerts} | root).encode()
        source = self.settings.sources["prom"]
        self.ledger.record([read_verified(source, Verified(Inbound("prom", self.clock(), body)))])
        deliver_all(self.ledger)

    def look(self, times: int = 1) -> None:
        """Run the job a number of times, a minute apart."""
        for _ in range(times):
            self.runner.once()
            self.clock.advance(seconds=EVERY_S)

    def job(self) -> dict[str, Any]:
        (found,) = [each for each in rows(self.ledger, jobs) if each["name"].startswith("confirm:")]
        return found


@pytest.fixture
def watch(ledger: Ledger, clock: ManualClock, asked: Product) -> Watch:
    return Watch(ledger, clock, settings(asked))


def test_an_alert_whose_end_got_lost_is_closed_with_a_note_that_says_so(watch: Watch, asked: Product) -> None:
    watch.receive(alert("disk"), alert("memory"))
    asked.answer = listing(alert("memory"))
    watch.look(LOOKS - 1)
    assert kinds_of(watch.ledger) == ["create_ticket", "create_ticket"]
    watch.look()
    assert deliver_all(watch.ledger) == ["close_ticket"]
    (close,) = [each for each in rows(watch.ledger, operations) if each["kind"] == "close_ticket"]
    assert json.loads(close["request"]) == {
        "resolution_notes": "Resolved at 2026-02-20 12:00:00 UTC, says prom.\n\nNo end was received. Prometheus "
        "Alertmanager was asked for its open alerts, and has not listed this one since 2026-02-20 12:00:00 UTC, for "
        "0:05:00 or longer. The alert is taken to be over."
    }
    assert (case_row(watch.ledger, "disk")["phase"], case_row(watch.ledger, "memory")["phase"]) == ("closed", "open")
    watch.look(10)
    assert kinds_of(watch.ledger).count("close_ticket") == 1


def test_what_is_silenced_or_known_by_its_labels_is_listed(watch: Watch, asked: Product) -> None:
    watch.receive(alert("disk"), alert("memory", fingerprint=...))
    asked.answer = listing(
        alert("disk", status={"state": "suppressed", "silencedBy": ["1"], "inhibitedBy": []}), alert("memory")
    )
    watch.look(2 * LOOKS)
    assert kinds_of(watch.ledger) == ["create_ticket", "create_ticket"]


def test_one_answer_that_lists_it_begins_the_grace_anew(watch: Watch, asked: Product) -> None:
    watch.receive(alert())
    watch.look(LOOKS - 1)
    asked.answer = listing(alert())
    watch.look()
    asked.answer = listing()
    watch.look(LOOKS - 1)
    assert kinds_of(watch.ledger) == ["create_ticket"]
    watch.look()
    assert kinds_of(watch.ledger) == ["create_ticket", "close_ticket"]


def test_what_fires_again_after_a_confirmed_end_reopens_its_ticket(watch: Watch, asked: Product) -> None:
    watch.receive(alert())
    watch.look(LOOKS)
    watch.receive(alert())  # with its former start: a known message
    assert kinds_of(watch.ledger) == ["create_ticket", "close_ticket"]
    # Its second episode began while the first was missing, and arrives late.
    watch.receive(alert(startsAt="2026-02-20T12:02:00Z"))
    assert kinds_of(watch.ledger) == ["create_ticket", "close_ticket", "reopen_ticket", "add_note"]


def test_an_end_that_comes_after_all_has_no_second_effect(watch: Watch) -> None:
    watch.receive(alert())
    watch.look(LOOKS)
    watch.receive(alert(status="resolved", endsAt="2026-02-20T12:01:00Z"))
    assert kinds_of(watch.ledger) == ["create_ticket", "close_ticket"]


def test_while_it_cannot_be_asked_nothing_ends_and_no_time_counts(watch: Watch, asked: Product) -> None:
    watch.receive(alert())
    watch.look(LOOKS - 1)
    before = watch.job()
    asked.answer = plainly(b"out of order", 500)
    watch.look(30)
    failed = watch.job()
    assert (failed["state"], failed["failures"] > 2) == (before["state"], True)
    assert failed["error"] == f"{asked.url}/api/v2/alerts: the product answered 500"
    asked.answer = listing()
    watch.look(8)  # the pauses of the job had grown to 5 min
    assert kinds_of(watch.ledger) == ["create_ticket"]
    watch.look(4)
    assert kinds_of(watch.ledger) == ["create_ticket", "close_ticket"]


def test_a_member_of_a_group_leaves_it(
    make_ledger: MakeLedger, clock: ManualClock, asked: Product, tmp_path: Path
) -> None:
    ledger = make_ledger(may_group=True)
    ledger.upgrade()
    grouped = tmp_path / "c.yaml"
    grouped.write_text("routes:\n  - name: teams\n    group_by: [labels.team]\n")
    watch = Watch(ledger, clock, settings(asked, file=grouped))
    watch.receive(alert("memory"), alert("disk", annotations={"summary": "The disk is full"}, fingerprint="5c1f"))
    asked.answer = listing(alert("memory"))
    watch.look(LOOKS)
    before = kinds_of(ledger)
    assert before.count("create_ticket") == 1
    assert "close_ticket" not in before
    note = [each for each in rows(ledger, operations) if each["kind"] == "add_note"][-1]
    said = json.loads(note["request"])["body"]
    assert said.startswith("The disk is full left the group. Still open: 1.\n\nNo end was received.")
    asked.answer = listing()
    watch.look(LOOKS)
    assert kinds_of(ledger).count("close_ticket") == 1


def test_an_end_that_a_route_drops_is_told_once(
    ledger: Ledger, clock: ManualClock, asked: Product, tmp_path: Path
) -> None:
    kept = tmp_path / "c.yaml"
    kept.write_text("routes:\n  - name: ends\n    match: [event = resolved]\n    drop: people close these\n")
    watch = Watch(ledger, clock, settings(asked, file=kept))
    watch.receive(alert())
    watch.look(4 * LOOKS)
    assert kinds_of(ledger) == ["create_ticket"]
    assert len(rows(ledger, inbound)) == 2


def test_of_grafana_only_the_organization_that_was_asked_about_is_closed(
    ledger: Ledger, clock: ManualClock, asked: Product
) -> None:
    watch = Watch(ledger, clock, settings(asked, "grafana", ORG_ID="2", API_TOKEN="glsa_1"))
    watch.receive(alert("disk", orgId=1), alert("disk", orgId=2), alert("memory", orgId=2))
    asked.answer = listing(alert("memory"))
    watch.look(LOOKS)
    assert {key: case_row(ledger, key)["phase"] for key in ("1:disk", "2:disk", "2:memory")} == {
        "1:disk": "open",
        "2:disk": "closed",
        "2:memory": "open",
    }
    path, headers = asked.asked[0]
    assert path == "/api/alertmanager/grafana/api/v2/alerts"
    assert (headers["x-grafana-org-id"], headers["authorization"]) == ("2", "Bearer glsa_1")


def test_a_look_is_one_request_without_a_proxy(watch: Watch, asked: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    watch.look(3)
    assert [path for path, _ in asked.asked] == ["/api/v2/alerts"] * 3


def test_another_process_goes_on_where_one_was(
    make_ledger: MakeLedger, ledger: Ledger, clock: ManualClock, asked: Product
) -> None:
    first, other = Watch(ledger, clock, settings(asked)), Watch(make_ledger(), clock, settings(asked))
    first.receive(alert())
    first.look(LOOKS // 2)
    other.look(LOOKS - LOOKS // 2)
    assert kinds_of(ledger) == ["create_ticket", "close_ticket"]


def test_a_new_address_begins_anew(watch: Watch, asked: Product) -> None:
    watch.receive(alert())
    watch.look(LOOKS - 1)
    watch.settings = settings(asked, API_URL=f"{asked.url}/other")
    watch.look(LOOKS - 1)
    assert kinds_of(watch.ledger) == ["create_ticket"]
    watch.look()
    assert kinds_of(watch.ledger) == ["create_ticket", "close_ticket"]


def test_pages_of_what_is_open_are_all_looked_at(watch: Watch, asked: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.jobs.confirm.PAGE", 2)
    watch.receive(*(alert(f"disk-{number}") for number in range(7)))
    asked.answer = listing(alert("disk-3"))
    watch.look(LOOKS)
    assert kinds_of(watch.ledger).count("close_ticket") == 6
    assert case_row(watch.ledger, "disk-3")["phase"] == "open"


def test_an_end_has_the_attributes_that_its_opening_had_for_the_routes(
    ledger: Ledger, clock: ManualClock, asked: Product, tmp_path: Path
) -> None:
    routed = tmp_path / "c.yaml"
    routed.write_text("routes:\n  - name: db\n    match: [labels.alertname = disk]\n    on_resolve: note\n")
    watch = Watch(ledger, clock, settings(asked, file=routed))
    watch.receive(alert("disk"), alert("memory"))
    watch.look(LOOKS)
    assert sorted(deliver_all(ledger)) == ["add_note", "close_ticket"]


def test_sources_that_cannot_be_asked_have_no_such_job(asked: Product) -> None:
    of_all = [CLOCK_JOB, "titles", "prune"]
    assert list(jobs_of(settings(asked))) == ["confirm:prom", *of_all]
    assert list(jobs_of(load(API | {"TICKETRELAY_SOURCES__ALERTMANAGER__SECRET": "s3cret"}))) == of_all


def test_a_secret_of_a_file_is_sent(asked: Product, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hunter2\n")
    chosen = settings(asked, API_USERNAME="relay", API_PASSWORD_FILE=str(tmp_path / "password"))
    listed(chosen.sources["prom"])
    ((_, headers),) = asked.asked
    assert headers["authorization"] == "Basic cmVsYXk6aHVudGVyMg=="


# Hostile answers


def reason(asked: Product, deadline_s: float = 60.0) -> str:
    with pytest.raises(NoAnswer) as none:
        listed(settings(asked).sources["prom"], deadline_s)
    return str(none.value)


@pytest.mark.parametrize(
    ("status", "said"),
    [(401, "401: check api_token"), (403, "403: "), (404, "404: check the path"), (500, "500"), (204, "204")],
)
def test_another_status_is_no_answer(asked: Product, status: int, said: str) -> None:
    asked.answer = plainly(b"" if status == 204 else b"[]", status)
    assert said in reason(asked)


def test_a_redirect_is_not_followed(asked: Product) -> None:
    asked.answer = plainly(b"[]", 302, Location=f"{asked.url}/elsewhere")
    assert "302, a redirect, which is not followed" in reason(asked)
    assert len(asked.asked) == 1


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"", b"[{}]", b"[" * 100_000])
def test_what_cannot_be_read_is_no_answer(asked: Product, body: bytes) -> None:
    asked.answer = plainly(body)
    assert "cannot be read" in reason(asked)


def test_a_compressed_answer_is_not_unpacked(asked: Product) -> None:
    asked.answer = plainly(gzip.compress(b"[]"), Content_Encoding="gzip")
    assert "compressed" in reason(asked)


def test_an_answer_without_end_is_left_at_its_limit(asked: Product) -> None:
    sent = 0

    def endless(handler: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        handler.send_response(200)
        handler.end_headers()
        while not asked.is_over.is_set():
            handler.wfile.write(b" " * 2**20)
            sent += 2**20

    asked.answer = endless
    assert f"more than {MAX_BYTES} bytes" in reason(asked)
    assert sent < 2 * MAX_BYTES


@pytest.mark.parametrize("drips", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\n["])
def test_an_answer_that_comes_byte_by_byte_is_left_at_the_deadline(asked: Product, drips: bytes) -> None:
    def slow(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(drips)
        while not asked.is_over.wait(0.02):
            handler.wfile.write(b" ")

    asked.answer = slow
    assert reason(asked, deadline_s=0.5) == "no complete answer within 0.5 s"


def test_a_connection_that_breaks_or_speaks_something_else_is_no_answer(asked: Product) -> None:
    def broken(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[")

    asked.answer = broken
    assert "no answer: RemoteProtocolError" in reason(asked)

    def foreign(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"SSH-2.0\r\n")

    asked.answer = foreign
    assert "no answer: RemoteProtocolError" in reason(asked)


def test_nobody_there_is_no_answer() -> None:
    with product() as gone:
        pass
    assert "no connection: ConnectError" in reason(gone)

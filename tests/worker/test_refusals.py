"""Requests without a proof: all are answered alike, and the log and the metric tell them apart."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPResponse
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from structlog.testing import capture_logs

from connectors import connector, kinds
from connectors.contract.messages import Denied, Inbound
from worker.intake.refusals import LINES, Refusals
from worker.ledger import Ledger
from worker.runtime.metrics import Metrics
from worker.settings import Source

from .builders import NOON
from .http_edge import BEARER, MAX_BODY, Served, serving

BIG = 3 * MAX_BODY
WRONG = {"Authorization": "Bearer wrong"}
CHALLENGE = 'Bearer realm="ticketrelay"'
NOT_ASKED = ("cloudwatch", "ses", "teams_bot")
"""Kinds without a shared secret: their settings are of no use here."""


def made(source_id: str, kind: str, **settings: Any) -> Source:
    code = connector(kind)
    return Source(source_id, code, code.settings.model_validate({"secret": "a secret of the tests"} | settings))


SOURCES = [made(kind, kind) for kind in kinds() if kind not in NOT_ASKED] + [
    made("large", "email", max_body=BIG),
    made("small", "generic", proof="hmac", max_body=100),
]
PATHS = ["nobody", "prom", *(each.id for each in SOURCES)]


@pytest.fixture
def public(sqlite_ledger: Ledger) -> Iterator[Served]:
    with serving(sqlite_ledger, *SOURCES) as each:
        yield each


def shown(answer: httpx.Response) -> tuple[int, bytes, list[tuple[str, str]]]:
    """Return everything that a sender sees of an answer, except the time."""
    return answer.status_code, answer.content, sorted((k, v) for k, v in answer.headers.items() if k != "date")


REQUESTS: dict[str, dict[str, Any]] = {
    "without a proof": {"content": b"{}"},
    "with a wrong secret": {"content": b"{}", "headers": WRONG},
    "with a wrong token": {"content": b"{}", "headers": {"X-Telegram-Bot-Api-Secret-Token": "wrong"}},
    "with an old time": {"content": b"{}", "headers": {"X-Slack-Request-Timestamp": "1", "X-Slack-Signature": "v0=0"}},
    "empty": {"content": b""},
    "larger than most sources take": {"content": b" " * (MAX_BODY + 1), "headers": WRONG},
    "as large as one source takes": {"content": b" " * BIG, "headers": WRONG},
    "with a content encoding": {"content": b"{}", "headers": {"Content-Encoding": "gzip"}},
    "by another method": {"method": "GET"},
    "a connection test of Slack's": {"content": b"ssl_check=1&token=x"},
    "with the secret in its URL": {"content": b"{}", "params": {"secret": "wrong"}},
}


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=list(REQUESTS))
def test_an_unknown_source_and_a_wrong_secret_have_the_same_answer(public: Served, request_: dict[str, Any]) -> None:
    answers = {
        path: shown(public.http.request(**{"method": "POST", "url": f"/in/{path}"} | request_)) for path in PATHS
    }
    assert {path for path in PATHS if answers[path] != answers["nobody"]} == set()
    if answers["nobody"][0] == 401:
        assert ("www-authenticate", CHALLENGE) in answers["nobody"][2]
    assert public.stored() == []


@pytest.mark.parametrize("path", ["nobody", "prom", "large", "small"])
def test_a_body_larger_than_any_source_takes_is_refused_before_it_is_read(public: Served, path: str) -> None:
    head = f"POST /in/{path} HTTP/1.1\r\nHost: x\r\nContent-Length: {10**9}\r\n\r\n"
    with socket.create_connection(public.address, timeout=30) as raw:
        raw.sendall(head.encode())
        answer = HTTPResponse(raw)
        answer.begin()
        said = answer.read().decode()
    assert answer.status == 413
    assert f"more than {50 * 1024 * 1024} bytes" in said


def test_only_a_proven_sender_learns_what_its_source_takes(public: Served) -> None:
    body = b" " * (MAX_BODY + 1)
    assert public.http.post("/in/prom", content=body, headers=WRONG).status_code == 401
    answer = public.http.post("/in/prom", content=body, headers=BEARER)
    assert (answer.status_code, answer.json()["message"]) == (413, f"the body has more than {MAX_BODY} bytes")
    assert public.stored() == []


def test_on_a_loopback_address_an_unknown_source_is_answered_404(sqlite_ledger: Ledger) -> None:
    with serving(sqlite_ledger, is_loopback=True) as here:
        answer = here.http.post("/in/nobody", content=b"{}", headers=WRONG)
        assert (answer.status_code, answer.json()["error"]) == (404, "not_found")
        assert here.http.post("/in/prom", content=b"{}", headers=WRONG).status_code == 401


@pytest.mark.parametrize("name", ["Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"])
def test_behind_a_proxy_on_this_machine_an_unknown_source_is_answered_like_any_other(
    sqlite_ledger: Ledger, name: str
) -> None:
    with serving(sqlite_ledger, is_loopback=True) as here:
        headers = WRONG | {name: "203.0.113.7"}
        answers = [shown(here.http.post(f"/in/{path}", content=b"{}", headers=headers)) for path in ("nobody", "prom")]
    assert answers[0] == answers[1]
    assert answers[0][0] == 401


def test_the_log_and_the_metric_tell_the_causes_apart(public: Served) -> None:
    old = {"X-Slack-Request-Timestamp": "1000000000", "X-Slack-Signature": f"v0={'0' * 64}"}
    with capture_logs() as logged:
        public.http.post("/in/nobody", content=b"{}", headers=WRONG)
        public.http.post("/in/prom", content=b"{}", headers=WRONG)
        public.http.post("/in/slack", content=b"{}", headers=old)
    causes = [(each["source"], each["cause"]) for each in logged if each["event"] == "inbound.denied"]
    assert causes == [("nobody", "unknown_source"), ("prom", "wrong_secret"), ("slack", "bad_time")]
    metrics = public.http.get("/metrics").text
    for cause in ("unknown_source", "wrong_secret", "bad_time"):
        assert f'ticketrelay_denied_total{{reason="{cause}"}} 1.0' in metrics
    assert "nobody" not in metrics


@pytest.mark.parametrize("kind", ["discord", "slack"])
def test_a_replay_is_denied_for_its_time(kind: str) -> None:
    source = made("chat", kind)
    signed = source.connector.sign(b"{}", source.settings, datetime(2026, 2, 20, 11, 54, tzinfo=UTC))
    headers = tuple((name.lower(), value) for name, value in signed.items())

    denied = source.connector.verify(Inbound("chat", NOON, b"{}", headers), source.settings, NOON, {})
    assert isinstance(denied, Denied)
    assert denied.cause == "bad_time"


def test_strangers_do_not_fill_the_log_and_the_lines_left_out_are_counted() -> None:
    now = [0.0]
    refusals = Refusals(Metrics(), lambda: now[0])
    with capture_logs() as logged:
        for _ in range(LINES + 7):
            refusals.unauthorized("x" * 5000, Denied("no", "unknown_source"))
        refusals.unauthorized("prom", Denied("no"))
        now[0] += 60
        refusals.unauthorized("nobody", Denied("no", "unknown_source"))
    unknown = [each for each in logged if each["cause"] == "unknown_source"]
    assert (len(unknown), unknown[-1]["left_out"]) == (LINES + 1, 7)
    assert len([each for each in logged if each["cause"] == "wrong_secret"]) == 1
    assert max(len(json.dumps(each)) for each in logged) < 500


def test_a_flood_at_one_source_hides_no_line_of_another() -> None:
    refusals = Refusals(Metrics(), lambda: 0.0)
    with capture_logs() as logged:
        for _ in range(LINES + 7):
            refusals.unauthorized("prom", Denied("no"))
        refusals.unauthorized("chat", Denied("no"))
        refusals.unauthorized("chat", Denied("no", "bad_time"))
    assert [each["source"] for each in logged].count("prom") == LINES
    assert [each["cause"] for each in logged if each["source"] == "chat"] == ["wrong_secret", "bad_time"]


def test_names_that_strangers_choose_take_no_memory() -> None:
    refusals = Refusals(Metrics(), lambda: 0.0)
    with capture_logs() as logged:
        for number in range(1000):
            refusals.unauthorized(f"stranger-{number}", Denied("no", "unknown_source"))
            refusals.no_such_address("GET", f"/{number}")
            refusals.wrong_method(f"stranger-{number}", "PUT")
    assert len(logged) == LINES
    assert len(refusals._minutes) == 1


@pytest.mark.parametrize("is_loopback", [False, True])
@pytest.mark.parametrize(
    ("method", "path", "status", "cause"),
    [
        ("GET", "/in/prom", 405, "wrong_method"),
        ("HEAD", "/in/nobody", 405, "wrong_method"),
        ("PROPFIND", "/in/prom", 405, "wrong_method"),
        ("POST", "/in/prom/more", 404, "unknown_address"),
        ("GET", "/wp-login.php", 404, "unknown_address"),
        ("POST", "/", 404, "unknown_address"),
        ("POST", "/livez", 404, "unknown_address"),
    ],
)
def test_a_wrong_method_and_an_unknown_address_have_a_line_and_a_count(
    sqlite_ledger: Ledger, is_loopback: bool, method: str, path: str, status: int, cause: str
) -> None:
    with serving(sqlite_ledger, is_loopback=is_loopback) as here, capture_logs() as logged:
        answer = here.http.request(method, path, headers=BEARER)
        shown = here.http.get("/metrics").text
    assert answer.status_code == status
    if status == 405:
        assert answer.headers["allow"] == "POST"
    (line,) = [each for each in logged if each["event"] == "inbound.denied"]
    assert line["cause"] == cause
    assert path in line["reason"] or line["source"] == path.rpartition("/")[2]
    assert f'ticketrelay_denied_total{{reason="{cause}"}} 1.0' in shown


def test_an_unknown_source_on_a_loopback_address_has_a_line(sqlite_ledger: Ledger) -> None:
    with serving(sqlite_ledger, is_loopback=True) as here, capture_logs() as logged:
        assert here.http.post("/in/nobody", content=b"{}").status_code == 404
    assert [(each["source"], each["cause"]) for each in logged] == [("nobody", "unknown_source")]


def test_beside_the_local_tickets_api_an_address_of_intake_is_answered_by_intake(sqlite_ledger: Ledger) -> None:
    beside = Mount("", Starlette(routes=[Route("/api/v1/tickets", lambda _: PlainTextResponse("tickets"))]))
    with serving(sqlite_ledger, is_loopback=True, beside=[beside]) as here:
        assert here.http.get("/in/prom").status_code == 405
        assert here.http.get("/in/prom/more").json()["message"].startswith("there is nothing at this address")
        assert here.http.get("/api/v1/tickets").text == "tickets"


def test_the_public_address_shows_metrics_only_where_that_is_asked_for(sqlite_ledger: Ledger) -> None:
    for shows, status in ((False, 404), (True, 200)):
        with serving(sqlite_ledger, shows_metrics=shows) as here:
            found = [here.http.get(path).status_code for path in ("/livez", "/readyz", "/metrics")]
        assert found == [200, 200, status]

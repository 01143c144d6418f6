"""The HTTP edge answers with the outcome of a message, and a 2xx means that the message is in the ledger."""

from __future__ import annotations

import json
import logging
import select
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from connectors import connector
from connectors.contract.connector import Connector
from connectors.contract.messages import Parsed, Remark, Reply
from tickets.http_listener import MAX_HEAD
from worker.ledger import Ledger
from worker.ledger.schema.tables import operations
from worker.settings import Source

from .builders import NOON, ManualClock, kinds_of, rows
from .http_edge import BEARER, MAX_BODY, SECRET, Served, serving

CHUNKED = b"POST /in/prom HTTP/1.1\r\nHost: x\r\nAuthorization: %b\r\nTransfer-Encoding: chunked\r\n\r\n" % (
    BEARER["Authorization"].encode()
)


def alert(name: str = "disk", status: str = "firing", **more: Any) -> dict[str, Any]:
    fields = {"status": status, "labels": {"alertname": name}, "startsAt": "2026-02-20T12:00:00Z", "fingerprint": name}
    return fields | more


def payload(*alerts: dict[str, Any]) -> bytes:
    return json.dumps({"version": "4", "alerts": alerts or (alert(),)}).encode()


@pytest.fixture
def served(sqlite_ledger: Ledger) -> Iterator[Served]:
    with serving(sqlite_ledger) as each:
        yield each


def test_a_message_that_is_in_the_ledger_is_answered_200_with_what_became_of_it(served: Served) -> None:
    answer = served.post(payload(alert("one"), alert("two"), alert("three", "resolved", endsAt="2026-02-20T12:01:00Z")))
    assert answer.status_code == 200
    (kept,) = served.stored()
    assert answer.json() == {
        "inbound": f"in-{kept['id']}",
        "outcome": "accepted",
        "reason": None,
        "events": 3,
        "planned": 2,
        "without_effect": 1,
        "reasons": ["the case was never opened"],
        "ignored": [],
    }
    assert kinds_of(served.ledger) == ["create_ticket", "create_ticket"]
    assert kept["received_at"] == NOON


def test_a_repeat_is_answered_200_and_has_no_effect(served: Served) -> None:
    served.post(payload())
    answer = served.post(payload())
    assert (answer.status_code, answer.json()["planned"], answer.json()["without_effect"]) == (200, 0, 1)
    assert kinds_of(served.ledger) == ["create_ticket"]


@pytest.mark.parametrize("body", [b"<xml/>", b"", b"[]", b"{}", b"\xff\x00", b'{"alerts": 7}'])
def test_what_cannot_be_read_is_answered_202_and_kept(served: Served, body: bytes) -> None:
    answer = served.post(body)
    assert (answer.status_code, answer.json()["outcome"]) == (202, "quarantined")
    assert answer.json()["reason"]
    assert [each["outcome"] for each in served.stored()] == ["quarantined"]


def test_one_bad_alert_is_answered_202_and_its_neighbours_count(served: Served) -> None:
    answer = served.post(payload(alert("one"), {"status": "strange"}, alert("two")))
    assert answer.status_code == 202
    assert answer.json()["reason"].startswith("alerts[1].")
    assert kinds_of(served.ledger) == ["create_ticket", "create_ticket"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer"},
        {"Authorization": SECRET},
        {"Authorization": f"bearer {SECRET}x"},
        {"X-Authorization": f"Bearer {SECRET}"},
    ],
)
def test_who_is_not_proven_to_be_the_sender_is_answered_401_and_nothing_is_stored(
    served: Served, headers: dict[str, str]
) -> None:
    answer = served.http.post("/in/prom", content=payload(), headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="ticketrelay"'
    assert SECRET not in answer.text
    assert served.stored() == []
    assert 'ticketrelay_inbound_total{outcome="denied",source="prom"} 1.0' in served.http.get("/metrics").text


@pytest.mark.parametrize("path", ["/in/", "/in/prom/more", "/in/..%2fprom", "/"])
def test_a_path_that_leads_nowhere_is_answered_404(served: Served, path: str) -> None:
    assert served.http.post(path, content=payload(), headers=BEARER).status_code == 404
    assert served.stored() == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_any_other_method_is_answered_405(served: Served, method: str) -> None:
    answer = served.http.request(method, "/in/prom", headers=BEARER)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_a_body_over_the_limit_is_answered_413_and_one_at_the_limit_is_not(served: Served) -> None:
    assert served.post(b" " * (MAX_BODY + 1)).status_code == 413
    assert served.stored() == []
    assert served.post(payload().ljust(MAX_BODY)).status_code == 200


def test_a_body_that_does_not_say_its_length_is_held_to_the_limit_too(served: Served) -> None:
    parts = (b" " * 1000 for _ in range(11))
    answer = served.http.post("/in/prom", content=parts, headers=BEARER)
    assert answer.status_code == 413
    assert served.stored() == []


def test_more_items_than_the_source_may_send_are_answered_413(served: Served) -> None:
    answer = served.post(payload(*(alert(f"disk-{number}") for number in range(21))))
    assert (answer.status_code, answer.json()["error"]) == (413, "too_many")
    assert served.stored() == []


@pytest.mark.parametrize("encoding", ["gzip", "br", "gzip, identity"])
def test_a_content_encoding_is_answered_415(served: Served, encoding: str) -> None:
    assert served.post(payload(), **{"Content-Encoding": encoding}).status_code == 415
    assert served.stored() == []


def test_identity_is_no_encoding(served: Served) -> None:
    assert served.post(payload(), **{"Content-Encoding": "Identity"}).status_code == 200


def strange(remark: str) -> Source:
    """Return a source with a connector that repeats the sender's text in a remark."""
    real = connector("alertmanager")
    settings = real.settings.model_validate({"secret": SECRET})
    parsed = Parsed(ignored=(Remark("alerts[0]", remark),))
    code: Connector[Any] = replace(real, kind="strange", parse=lambda _message, _settings: parsed)
    return Source("strange", code, settings)


@pytest.mark.parametrize("remark", ["a\0b", "\ud800", "\x1b[31m"], ids=["NUL", "surrogate", "escape"])
def test_an_answer_can_be_given_whatever_a_connector_remarks(sqlite_ledger: Ledger, remark: str) -> None:
    with serving(sqlite_ledger, strange(remark)) as served:
        answer = served.http.post("/in/strange", content=b"{}", headers=BEARER)
        assert answer.status_code == 200
        assert answer.json()["ignored"][0]["item"] == "alerts[0]"


def test_a_platform_gets_the_answer_that_its_connector_gives(sqlite_ledger: Ledger) -> None:
    source = strange("")
    parsed = Parsed(reply=Reply(b"challenge", "text/plain", 202))
    source = replace(source, connector=replace(source.connector, parse=lambda _message, _settings: parsed))
    with serving(sqlite_ledger, source) as served:
        answer = served.http.post("/in/strange", content=b"{}", headers=BEARER)
        assert (answer.status_code, answer.text) == (202, "challenge")
        assert answer.headers["content-type"].startswith("text/plain")


def test_a_connector_that_fails_keeps_the_message_in_quarantine(sqlite_ledger: Ledger) -> None:
    source = strange("")

    def fail(_message: object, _settings: object) -> Parsed:
        raise ZeroDivisionError("\ud800 a defect of ours")

    source = replace(source, connector=replace(source.connector, parse=fail))
    with serving(sqlite_ledger, source) as served:
        answer = served.http.post("/in/strange", content=b"{}", headers=BEARER)
        assert answer.status_code == 202
        assert "ZeroDivisionError" in answer.json()["reason"]
        assert "defect of ours" not in answer.text  # the exception's message may hold a sender's text
        assert [each["outcome"] for each in served.stored()] == ["quarantined"]


def test_a_sender_that_hangs_up_in_the_middle_leaves_nothing_behind(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    head = f"POST /in/prom HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET}\r\nContent-Length: 500\r\n\r\n"
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            with socket.create_connection(served.address, timeout=30) as cut:
                cut.sendall(head.encode() + payload()[:50])
        assert served.post(payload(alert("after"))).status_code == 200
    assert len(served.stored()) == 1
    assert [each.getMessage() for each in caplog.records] == []


def status_of_the_answer(raw: socket.socket) -> int:
    """Return the status of the next answer, read to its end: the answer may come in several parts."""
    response = HTTPResponse(raw)
    response.begin()
    response.read()
    return response.status


def test_a_slow_sender_holds_up_nobody(served: Served) -> None:
    body = payload(alert("slow"))
    head = f"POST /in/prom HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET}\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(served.address, timeout=30) as slow:
        slow.sendall(head.encode() + body[:-1])
        assert served.post(payload(alert("quick"))).status_code == 200
        assert len(served.stored()) == 1
        slow.sendall(body[-1:])
        assert status_of_the_answer(slow) == 200
    assert len(served.stored()) == 2


@pytest.mark.parametrize("length", ["9" * 5000, "-1", "1e3", "0x10"])
def test_a_length_that_is_no_number_is_a_bad_request(served: Served, length: str) -> None:
    head = f"POST /in/prom HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET}\r\nContent-Length: {length}\r\n\r\n"
    with socket.create_connection(served.address, timeout=30) as raw:
        raw.sendall(head.encode())
        assert status_of_the_answer(raw) in (400, 413)
    assert served.stored() == []


ENDLESS = [
    pytest.param(b"POST /in/prom HTTP/1.1\r\nX-Long: ", b"a" * 4096, id="a header"),
    pytest.param(b"POST /in/prom HTTP/1.1\r\n", b"x: y\r\n" * 512, id="headers"),
    pytest.param(b"POST /in/prom?", b"a" * 4096, id="an address"),
    pytest.param(CHUNKED + b"0\r\n", b"x: y\r\n" * 512, id="trailers"),
    pytest.param(CHUNKED + b"0\r\nx: ", b"a" * 4096, id="a trailer"),
    pytest.param(CHUNKED + b"1;", b"a" * 4096, id="an extension"),
]


@pytest.mark.parametrize(("head", "more"), ENDLESS)
def test_of_a_request_that_never_ends_no_more_than_a_head_is_kept(served: Served, head: bytes, more: bytes) -> None:
    with socket.create_connection(served.address, timeout=30) as raw:
        raw.sendall(head)
        sent = 0
        with suppress(ConnectionError):
            while sent < 4 * MAX_HEAD and not select.select([raw], [], [], 0)[0]:
                raw.sendall(more)
                sent += len(more)
                time.sleep(0.001)
        with suppress(ConnectionError):
            assert raw.recv(1000).split(b" ")[1] == b"400"
    assert sent < 3 * MAX_HEAD
    assert served.stored() == []


def test_a_body_in_many_parts_is_not_taken_for_a_head(served: Served) -> None:
    body = payload(alert("parts", annotations={"summary": "x" * 1500}))
    with socket.create_connection(served.address, timeout=30) as raw:
        for _ in range(2):
            raw.sendall(CHUNKED)
            for each in body:
                raw.sendall(b"1;" + b"e" * 80 + b"\r\n%c\r\n" % each)
            raw.sendall(b"0\r\n\r\n")
            assert status_of_the_answer(raw) == 200
    assert len(served.stored()) == 2


def test_messages_that_come_all_at_once_are_all_recorded_once(served: Served) -> None:
    def post(number: int) -> int:
        return served.post(payload(alert(f"disk-{number // 2}"))).status_code

    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(post, range(200)))
    assert statuses == [200] * 200
    assert kinds_of(served.ledger) == ["create_ticket"] * 100
    assert len(served.stored()) == 200


def test_a_process_that_is_up_says_so(served: Served) -> None:
    assert (served.http.get("/livez").text, served.http.get("/readyz").text) == ("alive\n", "ready\n")


def test_metrics_tell_of_the_process_and_of_the_ledger(served: Served) -> None:
    served.post(payload())
    served.post(b"<xml/>")
    text = served.http.get("/metrics").text
    for line in (
        'ticketrelay_inbound_total{outcome="accepted",source="prom"} 1.0',
        'ticketrelay_inbound_total{outcome="quarantined",source="prom"} 1.0',
        "ticketrelay_ledger_up 1.0",
        'ticketrelay_cases{state="ready"} 1.0',
        'ticketrelay_operations_open{kind="create_ticket"} 1.0',
        "ticketrelay_quarantined 1.0",
        'ticketrelay_alarm{alarm="quarantine"} 1.0',
        'ticketrelay_alarm{alarm="dead_letters"} 0.0',
    ):
        assert line in text.splitlines()


@contextmanager
def without_tables(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(f"sqlite:///{tmp_path}/empty.db", clock=ManualClock())
    yield ledger
    ledger.close()


@contextmanager
def not_answering(_: Path) -> Iterator[Ledger]:
    with socket.socket() as bound:  # bound, and not listening: no server can answer there
        bound.bind(("127.0.0.1", 0))
        ledger = Ledger(f"postgresql://nobody@127.0.0.1:{bound.getsockname()[1]}/none")
        yield ledger
        ledger.close()


@pytest.mark.parametrize("away", [without_tables, not_answering])
def test_a_ledger_that_cannot_be_used_is_answered_503_and_nothing_is_promised(
    tmp_path: Path, away: Callable[[Path], Any]
) -> None:
    with away(tmp_path) as ledger, serving(ledger) as served:
        answer = served.post(payload())
        assert (answer.status_code, answer.json()["error"]) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert served.http.get("/readyz").status_code == 503
        assert served.http.get("/livez").status_code == 200
        assert "ticketrelay_ledger_up 0.0" in served.http.get("/metrics").text


def test_what_was_refused_is_taken_when_the_ledger_is_back(tmp_path: Path) -> None:
    with without_tables(tmp_path) as ledger, serving(ledger) as served:
        assert served.post(payload()).status_code == 503
        ledger.upgrade()
        assert served.http.get("/readyz").status_code == 200
        assert served.post(payload()).status_code == 200
        assert len(rows(ledger, operations)) == 1


def test_a_busy_ledger_holds_up_its_senders_and_not_the_listener(sqlite_ledger: Ledger) -> None:
    with serving(sqlite_ledger) as served, ThreadPoolExecutor(1) as pool:
        with sqlite_ledger.database.write():
            waiting = pool.submit(served.post, payload())
            assert served.http.get("/livez").status_code == 200
            assert not waiting.done()
        assert waiting.result(30).status_code == 200
    assert kinds_of(sqlite_ledger) == ["create_ticket"]

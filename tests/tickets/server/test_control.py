"""Inspection and control require a loopback address and the token, and refuse browser pages."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tickets.server import LocalTicketsApi
from tickets.server.control import control_app, refusal
from tickets.server.serve import serve as serve_until_told
from tickets.server.testing import Running, running

CREATE = {"subject": "Disk full", "description": "/var on db-1"}
TOKEN = "control-token"


@pytest.fixture
def served(api: LocalTicketsApi) -> Iterator[Running]:
    with running(api, TOKEN) as each:
        yield each


@pytest.fixture
def control(served: Running, no_tls: ssl.SSLContext) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=str(served.control_url), headers=headers, verify=no_tls, trust_env=False) as each:
        yield each


@pytest.fixture
def tickets(served: Running, no_tls: ssl.SSLContext) -> Iterator[httpx.Client]:
    headers = {"X-API-Key": "ak_test_local"}
    with httpx.Client(base_url=served.base_url, headers=headers, verify=no_tls, trust_env=False) as each:
        yield each


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": ""}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": TOKEN}, 401),
        ({"Origin": "http://127.0.0.1"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1.evil.example"}, 421),
        ({"Host": "[::1].evil.example"}, 421),
    ],
)
def test_a_request_that_may_not_pass_learns_and_changes_nothing(
    control: httpx.Client, api: LocalTicketsApi, headers: dict[str, str], status: int
) -> None:
    for method, path in (("GET", "/effects"), ("POST", "/faults"), ("GET", "/nothing")):
        response = control.request(method, path, json={"action": "reset"}, headers=headers)
        assert (response.status_code, set(response.json())) == (status, {"error"})
    assert api.faults.list() == []


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8080", "localhost:1", "[::1]:8080", "[::1]"])
def test_every_name_of_loopback_passes(host: str) -> None:
    assert refusal(host, None, f"Bearer {TOKEN}", TOKEN) is None


def test_a_blank_token_is_refused(api: LocalTicketsApi) -> None:
    for token in ("", "  "):
        with pytest.raises(ValueError, match="blank"):
            control_app(api, token)


def test_control_is_not_served_beyond_loopback(api: LocalTicketsApi) -> None:
    with pytest.raises(ValueError, match="loopback"):
        serve_until_told(api, "127.0.0.1", 0, ("0.0.0.0", 0, TOKEN))


def test_the_api_itself_has_no_control(tickets: httpx.Client) -> None:
    for path in ("effects", "faults", "requests"):
        assert tickets.get(path, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 404


def test_effects_are_shown_in_pages(control: httpx.Client, tickets: httpx.Client) -> None:
    tickets.post("tickets", json=CREATE, headers={"Idempotency-Key": "k1"})
    tickets.post("tickets/1001/notes", json={"body": "x"})
    first = control.get("/effects", params={"limit": 1}).json()["data"]
    rest = control.get("/effects", params={"after": first[0]["seq"]}).json()["data"]
    assert [(each["kind"], each["ticket_id"], each["idempotency_key"], each["body"]) for each in first + rest] == [
        ("create_ticket", "1001", "k1", '{"subject":"Disk full","description":"/var on db-1"}'),
        ("add_note", "1001", None, '{"body":"x"}'),
    ]
    assert control.get("/effects", params={"after": "x"}).status_code == 422


def test_requests_are_counted_and_logged_without_keys_of_the_api(control: httpx.Client, tickets: httpx.Client) -> None:
    tickets.get("tickets/7")
    tickets.get("tickets/8")
    tickets.get("health")
    shown = control.get("/requests")
    assert shown.json()["counts"] == [
        {"method": "GET", "path": "/health", "status": 200, "count": 1},
        {"method": "GET", "path": "/tickets/{id}", "status": 404, "count": 2},
    ]
    assert [entry["path"] for entry in shown.json()["log"]] == [
        "/api/v1/tickets/7",
        "/api/v1/tickets/8",
        "/api/v1/health",
    ]
    assert "ak_test_local" not in shown.text


def test_faults_are_added_listed_and_removed(control: httpx.Client, tickets: httpx.Client) -> None:
    rules = [{"action": "status", "status": 503, "times": 5}, {"action": "reset", "method": "PUT"}]
    numbers = [control.post("/faults", json=rule).json()["id"] for rule in rules]
    assert tickets.get("tickets").status_code == 503
    listed = control.get("/faults").json()["data"]
    assert [(each["id"], each["action"], each["left"]) for each in listed] == [
        (numbers[0], "status", 4),
        (numbers[1], "reset", None),
    ]
    assert [control.delete(f"/faults/{numbers[0]}").status_code for _ in range(2)] == [204, 404]
    assert tickets.get("tickets").status_code == 200
    assert control.delete("/faults").status_code == 204
    assert control.get("/faults").json() == {"data": []}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/faults", {"action": "explode"}),
        ("/faults", {"action": "reset", "tmies": 1}),
        ("/faults", {"action": "status", "status": 200}),
        ("/clock/advance", {"seconds": -1}),
        ("/clock/advance", {"seconds": True}),
        ("/clock/advance", {"seconds": 1e300}),
        ("/clock/advance", []),
        ("/limits", {"name": "endless"}),
        ("/limits", {"per_minute": 0, "per_second": None}),
        ("/limits", {"name": "none", "per_minute": 1}),
        ("/limits", {}),
    ],
)
def test_a_command_that_means_nothing_is_422(control: httpx.Client, path: str, body: Any) -> None:
    response = control.post(path, json=body)
    assert (response.status_code, set(response.json())) == (422, {"error"})


def test_the_clock_can_be_advanced(control: httpx.Client, tickets: httpx.Client) -> None:
    assert control.post("/clock/advance", json={"seconds": 90}).json() == {"now": "2026-02-20T12:01:30Z"}
    assert tickets.post("tickets", json=CREATE).json()["created_at"] == "2026-02-20T12:01:30Z"


def test_the_limit_can_be_switched(control: httpx.Client, tickets: httpx.Client) -> None:
    given = {"per_minute": 2, "per_second": None, "window": "fixed"}
    assert control.post("/limits", json=given).json() == given
    assert [tickets.get("tickets").status_code for _ in range(3)] == [200, 200, 429]
    assert control.post("/limits", json={"name": "none"}).json()["per_minute"] is None
    assert tickets.get("tickets").status_code == 200


def test_a_reset_leaves_nothing_but_the_count_of_ids(control: httpx.Client, tickets: httpx.Client) -> None:
    tickets.post("tickets", json=CREATE, headers={"Idempotency-Key": "k1"})
    control.post("/faults", json={"action": "search_lag", "seconds": 1})
    assert control.post("/reset").status_code == 204
    assert control.get("/effects").json() == {"data": []}
    assert control.get("/faults").json() == {"data": []}
    assert control.get("/requests").json() == {"counts": [], "log": []}
    assert tickets.get("tickets").json()["total"] == 0
    assert tickets.post("tickets", json=CREATE, headers={"Idempotency-Key": "k1"}).json()["id"] == 1002

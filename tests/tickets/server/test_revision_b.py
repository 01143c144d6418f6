"""The server uses revision B if configured, and only then."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest

from tickets.server import FaultRule, Limit, LocalTicketsApi

CREATE = {"subject": "Disk full", "description": "/var on db-1"}


@pytest.fixture
def api(make_api: Any) -> LocalTicketsApi:
    made: LocalTicketsApi = make_api(revision="B")
    return made


def test_a_ticket_has_a_uuid_and_the_fields_of_b(client: httpx.Client) -> None:
    body = CREATE | {
        "status": "pending",
        "requester_email": "ana@example.org",
        "metadata": {"category": "infra", "rack": 7, "tags": ["a", None, 1.5]},
    }
    response = client.post("tickets", json=body)
    ticket = response.json()
    assert (response.status_code, str(uuid.UUID(ticket["id"]))) == (201, ticket["id"])
    assert ticket == body | {
        "id": ticket["id"],
        "priority": "medium",
        "external_provider": None,
        "external_ticket_id": None,
        "external_ticket_url": None,
        "created_at": "2026-02-20T12:00:00Z",
        "updated_at": "2026-02-20T12:00:00Z",
    }
    assert client.get(f"tickets/{ticket['id']}").json() == ticket


def test_a_change_moves_updated_at(client: httpx.Client, api: LocalTicketsApi) -> None:
    number = client.post("tickets", json=CREATE).json()["id"]
    calls: list[tuple[str, str, dict[str, str]]] = [
        ("POST", f"tickets/{number}/notes", {"body": "x"}),
        ("PUT", f"tickets/{number}", {"priority": "low"}),
        ("POST", f"tickets/{number}/close", {}),
    ]
    for seconds, (method, path, body) in enumerate(calls, 1):
        api.clock.advance(1)
        assert client.request(method, path, json=body).is_success
        assert client.get(f"tickets/{number}").json()["updated_at"] == f"2026-02-20T12:00:0{seconds}Z"
    assert {effect.ticket_id for effect in api.effects()} == {number}


def test_the_ids_of_revision_a_are_none_here(client: httpx.Client) -> None:
    client.post("tickets", json=CREATE)
    response = client.get("tickets/1001")
    assert (response.status_code, set(response.json())) == (404, {"detail"})


def test_category_stands_in_the_metadata_and_can_be_listed_by(client: httpx.Client) -> None:
    assert client.post("tickets", json=CREATE | {"category": "infra"}).status_code == 422
    number = client.post("tickets", json=CREATE | {"metadata": {"category": "infra"}}).json()["id"]
    client.post("tickets", json=CREATE)
    found = client.get("tickets", params={"category": "infra"}).json()
    assert [ticket["id"] for ticket in found["data"]] == [number]


def test_metadata_is_replaced_as_a_whole_and_its_category_with_it(client: httpx.Client) -> None:
    number = client.post("tickets", json=CREATE | {"metadata": {"category": "infra", "rack": 7}}).json()["id"]
    for metadata in ({"rack": 8}, {}):
        assert client.put(f"tickets/{number}", json={"metadata": metadata}).json()["metadata"] == metadata
        assert client.get("tickets", params={"category": "infra"}).json()["total"] == 0


@pytest.mark.parametrize("email", ["", "ana", "a b@example.org", "@example.org"])
def test_a_requester_who_is_no_address_is_rejected_in_the_shape_of_b(client: httpx.Client, email: str) -> None:
    response = client.post("tickets", json=CREATE | {"requester_email": email})
    assert response.status_code == 422
    detail = response.json()["detail"]
    assert [(each["loc"], set(each)) for each in detail] == [(["body", "requester_email"], {"loc", "msg", "type"})]


@pytest.mark.parametrize("content", ["NaN", "1e999", "[-Infinity]"])
def test_a_number_that_json_cannot_say_is_rejected(client: httpx.Client, api: LocalTicketsApi, content: str) -> None:
    body = f'{{"subject": "s", "description": "d", "metadata": {{"x": {content}}}}}'
    response = client.post("tickets", content=body, headers={"content-type": "application/json"})
    assert response.status_code in (400, 422)
    assert api.effects() == []


def test_every_error_has_the_shape_of_b(make_api: Any, serve: Any) -> None:
    api = make_api(revision="B", limit=Limit(4, None))
    client: httpx.Client = serve(api)
    api.faults.add(FaultRule(action="status", status=503, method="PUT"))
    answers = [
        client.get("tickets", headers={"X-API-Key": "x"}),
        client.get("nothing"),
        client.patch("tickets"),
        client.post("tickets", content=b"{", headers={"content-type": "application/json"}),
        client.post("tickets", content=b"{}"),
        client.get("tickets?limit=0"),
        client.put("tickets/1", json={}),
        client.get("tickets"),
    ]
    assert [answer.status_code for answer in answers] == [401, 404, 405, 400, 415, 422, 503, 429]
    assert answers[-1].headers["retry-after"] == "60"
    for answer in answers:
        assert set(answer.json()) == {"detail"}
        assert isinstance(answer.json()["detail"], list if answer.status_code == 422 else str)
    assert answers[5].json()["detail"][0]["loc"] == ["query", "limit"]


def test_one_database_can_be_served_in_either_revision(make_api: Any, serve: Any) -> None:
    made = serve(make_api(revision="A")).post("tickets", json=CREATE | {"category": "infra"}).json()
    page = serve(make_api(revision="B")).get("tickets").json()
    assert [ticket["subject"] for ticket in page["data"]] == ["Disk full"]
    assert page["data"][0]["id"] != made["id"]

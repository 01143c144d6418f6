"""Every call behaves as the contract requires, over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from tickets.server import LocalTicketsApi, Options

CREATE = {"subject": "Disk full", "description": "/var on db-1"}


def create(client: httpx.Client, **fields: Any) -> Any:
    response = client.post("tickets", json=CREATE | fields)
    assert response.status_code == 201, response.text
    return response.json()


def kinds(api: LocalTicketsApi) -> list[str]:
    return [effect.kind for effect in api.effects()]


def test_a_created_ticket_has_the_documented_fields_and_defaults(client: httpx.Client) -> None:
    assert create(client) == {
        "id": 1001,
        "subject": "Disk full",
        "description": "/var on db-1",
        "status": "open",
        "priority": "medium",
        "category": None,
        "created_at": "2026-02-20T12:00:00Z",
    }


def test_a_ticket_can_be_got_as_it_was_created(client: httpx.Client) -> None:
    ticket = create(client, priority="urgent", category="infra")
    assert client.get(f"tickets/{ticket['id']}").json() == ticket


@pytest.mark.parametrize("number", ["1", "999999999999999999999", "abc", "01001", "-1", "%00", "1001%20", "١٠٠١"])
def test_an_id_that_is_none_is_404(client: httpx.Client, number: str) -> None:
    create(client)
    response = client.get(f"tickets/{number}")
    assert (response.status_code, response.json()["error"]) == (404, "not_found")


def test_an_update_changes_only_what_it_names(client: httpx.Client, api: LocalTicketsApi) -> None:
    ticket = create(client, category="infra")
    response = client.put(f"tickets/{ticket['id']}", json={"status": "pending", "priority": "high"})
    assert response.json() == ticket | {"status": "pending", "priority": "high"}
    assert kinds(api) == ["create_ticket", "update_ticket"]


def test_an_update_that_changes_nothing_is_no_effect(client: httpx.Client, api: LocalTicketsApi) -> None:
    ticket = create(client)
    assert client.put(f"tickets/{ticket['id']}", json={"status": "open"}).json() == ticket
    assert kinds(api) == ["create_ticket"]


def test_an_empty_update_is_rejected(client: httpx.Client) -> None:
    ticket = create(client)
    assert client.put(f"tickets/{ticket['id']}", json={}).status_code == 422


def test_a_category_can_be_taken_away_but_a_subject_cannot(client: httpx.Client) -> None:
    ticket = create(client, category="infra")
    assert client.put(f"tickets/{ticket['id']}", json={"category": None}).json()["category"] is None
    assert client.put(f"tickets/{ticket['id']}", json={"subject": None}).status_code == 422


def test_a_closed_ticket_can_be_reopened(client: httpx.Client, api: LocalTicketsApi) -> None:
    ticket = create(client)
    closed = client.post(f"tickets/{ticket['id']}/close", json={"resolution_notes": "cleaned up"})
    assert (closed.status_code, closed.json()["status"]) == (200, "closed")
    opened = client.put(f"tickets/{ticket['id']}", json={"status": "open"})
    assert (opened.status_code, opened.json()["status"]) == (200, "open")
    assert kinds(api) == ["create_ticket", "close_ticket", "reopen_ticket"]


def test_a_closed_ticket_goes_nowhere_but_open(client: httpx.Client) -> None:
    ticket = create(client)
    client.post(f"tickets/{ticket['id']}/close")
    response = client.put(f"tickets/{ticket['id']}", json={"status": "pending"})
    assert (response.status_code, response.json()["details"][0]["field"]) == (422, "status")


def test_closing_a_closed_ticket_is_accepted_without_effect(client: httpx.Client, api: LocalTicketsApi) -> None:
    ticket = create(client)
    for _ in range(2):
        assert client.post(f"tickets/{ticket['id']}/close", json={}).status_code == 200
    assert kinds(api) == ["create_ticket", "close_ticket"]


def test_closing_a_closed_ticket_can_be_a_conflict(make_api: Any, serve: Any) -> None:
    client = serve(make_api(close_on_closed="conflict"))
    ticket = create(client)
    client.post(f"tickets/{ticket['id']}/close")
    response = client.post(f"tickets/{ticket['id']}/close")
    assert (response.status_code, response.json()["error"]) == (409, "conflict")


def test_a_closed_ticket_takes_a_note(client: httpx.Client, api: LocalTicketsApi) -> None:
    ticket = create(client)
    client.post(f"tickets/{ticket['id']}/close")
    response = client.post(f"tickets/{ticket['id']}/notes", json={"body": "it came back", "private": True})
    assert response.status_code == 201
    assert response.json() | {"id": 1} == {
        "id": 1,
        "ticket_id": ticket["id"],
        "body": "it came back",
        "private": True,
        "created_at": "2026-02-20T12:00:00Z",
    }
    assert [(effect.kind, effect.body) for effect in api.effects()][-1] == (
        "add_note",
        '{"body":"it came back","private":true}',
    )


def test_a_note_for_no_ticket_has_no_effect(client: httpx.Client, api: LocalTicketsApi) -> None:
    assert client.post("tickets/7/notes", json={"body": "x"}).status_code == 404
    assert api.effects() == []


def test_a_list_is_newest_first_in_pages(client: httpx.Client) -> None:
    made = [create(client, subject=f"number {n}") for n in range(30)]
    first = client.get("tickets").json()
    assert (first["data"], first["total"], first["limit"], first["offset"]) == (made[:4:-1], 30, 25, 0)
    last = client.get("tickets", params={"limit": 10, "offset": 25}).json()
    assert (last["data"], last["total"]) == (made[4::-1], 30)


def test_a_list_is_filtered_by_state_priority_and_category(client: httpx.Client) -> None:
    wanted = create(client, priority="high", category="infra")
    create(client, priority="low", category="infra")
    create(client, priority="high", category="other")
    closed = create(client, priority="high", category="infra")
    client.post(f"tickets/{closed['id']}/close")
    found = client.get("tickets", params={"status": "open", "priority": "high", "category": "infra"}).json()
    assert (found["data"], found["total"]) == ([wanted], 1)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("DISK", True),
        ("db-1 full", True),
        ("straße", True),
        ("STRASSE", True),
        ("disk empty", False),
        ("100%", True),
        ("dis_", False),
        ("%", True),
        ("", True),
        (r"c:\temp", True),
    ],
)
def test_search_wants_every_word_anywhere_in_any_case(client: httpx.Client, search: str, found: bool) -> None:
    create(client, description=r"/var on db-1 is 100% full, Straße, C:\Temp")
    assert client.get("tickets", params={"search": search}).json()["total"] == int(found)


@pytest.mark.parametrize(
    "query",
    [
        "status=new",
        "priority=P1",
        "limit=0",
        "limit=101",
        "limit=1_0",
        "limit=%2010",
        "limit=٣",
        "offset=-1",
        "offset=1e3",
        "offset=9999999999",
        "status=open&status=open",
        "state=open",
        "search=%00",
        "category=",
    ],
)
def test_a_filter_value_that_means_nothing_is_422(client: httpx.Client, query: str) -> None:
    response = client.get(f"tickets?{query}")
    assert response.status_code == 422
    assert response.json()["details"][0]["field"] == query.partition("=")[0]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"subject": "s"}, "description"),
        (CREATE | {"subject": ""}, "subject"),
        (CREATE | {"subject": "x" * 256}, "subject"),
        (CREATE | {"description": "x" * 65_537}, "description"),
        (CREATE | {"priority": "P1"}, "priority"),
        (CREATE | {"priority": None}, "priority"),
        (CREATE | {"status": "open"}, "status"),
        (CREATE | {"subject": 7}, "subject"),
        (CREATE | {"subject": "a\0b"}, "subject"),
    ],
)
def test_a_body_that_is_not_what_the_call_takes_names_the_field(
    client: httpx.Client, api: LocalTicketsApi, body: dict[str, Any], field: str
) -> None:
    response = client.post("tickets", json=body)
    assert (response.status_code, response.json()["error"]) == (422, "validation_error")
    assert [detail["field"] for detail in response.json()["details"]] == [field]
    assert api.effects() == []


def test_the_longest_texts_are_taken_in_full(client: httpx.Client) -> None:
    ticket = create(client, subject="😀" * 255, description="😀" * 65_536)
    assert (len(ticket["subject"]), len(ticket["description"])) == (255, 65_536)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"subject": "\\ud800", "description": "x"}', b"nope"])
def test_a_body_that_is_not_json_is_400(client: httpx.Client, content: bytes) -> None:
    response = client.post("tickets", content=content, headers={"content-type": "application/json"})
    assert (response.status_code, response.json()["error"]) == (400, "bad_request")


def test_a_body_that_does_not_say_it_is_json_is_415(client: httpx.Client) -> None:
    assert client.post("tickets", content=b'{"subject":"s","description":"d"}').status_code == 415


def test_a_json_type_with_parameters_or_a_suffix_is_json(client: httpx.Client) -> None:
    for kind in ("application/json; charset=utf-8", "application/vnd.aurion+json"):
        content = b'{"subject":"s","description":"d"}'
        assert client.post("tickets", content=content, headers={"content-type": kind}).status_code == 201


def test_a_body_above_the_limit_is_413_whether_announced_or_not(make_api: Any, serve: Any) -> None:
    client = serve(make_api(max_body=1000))
    headers = {"content-type": "application/json"}
    assert client.post("tickets", content=b"x" * 1001, headers=headers).status_code == 413
    assert client.post("tickets", content=iter([b"x" * 600] * 3), headers=headers).status_code == 413
    assert client.post("tickets", json=CREATE).status_code == 201


def test_a_missing_or_wrong_key_is_401(client: httpx.Client) -> None:
    for key in ("", "ak_test_other", "AK_TEST_LOCAL"):
        response = client.get("tickets", headers={"X-API-Key": key})
        assert (response.status_code, response.json()["error"]) == (401, "unauthorized")


def test_a_key_reaches_only_what_its_scopes_allow(make_api: Any, serve: Any) -> None:
    keys = {"ak_test_r": frozenset({"tickets:read"}), "ak_test_w": frozenset({"tickets:write"})}
    client = serve(make_api(keys=keys))
    answers = [
        client.request(method, path, json=CREATE if method == "POST" else None, headers={"X-API-Key": key}).status_code
        for key in ("ak_test_r", "ak_test_w")
        for method, path in (("GET", "tickets"), ("POST", "tickets"), ("GET", "webhooks"))
    ]
    assert answers == [200, 403, 403, 403, 201, 403]


def test_health_needs_no_key(client: httpx.Client) -> None:
    response = client.get("health", headers={"X-API-Key": ""})
    assert (response.status_code, response.json()["environment"]) == (200, "sandbox")


def test_another_method_is_405_and_says_which_are_allowed(client: httpx.Client) -> None:
    for path, allowed in (("tickets", "GET, POST"), ("tickets/1", "GET, PUT"), ("health", "GET")):
        response = client.request("PATCH", path)
        assert (response.status_code, response.headers["allow"]) == (405, allowed)


def test_a_path_that_is_none_is_404_in_the_error_shape(client: httpx.Client) -> None:
    for path in ("nothing", "tickets/", "tickets/1/2/3", "../tickets"):
        response = client.get(path)
        assert (response.status_code, set(response.json())) == (404, {"error", "message", "details"})


def test_a_sandbox_can_be_emptied_and_forgets_its_keys(client: httpx.Client, api: LocalTicketsApi) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = client.post("tickets", json=CREATE, headers=headers).json()
    assert client.post("sandbox/reset").json() == {"removed": 1}
    assert client.get("tickets").json()["total"] == 0
    second = client.post("tickets", json=CREATE, headers=headers).json()
    assert second["id"] > first["id"]
    assert kinds(api) == ["create_ticket", "reset_sandbox", "create_ticket"]


def test_production_has_no_reset(make_api: Any, serve: Any) -> None:
    client = serve(make_api(environment="production"))
    create(client)
    assert client.post("sandbox/reset").status_code == 404
    assert client.get("tickets").json()["total"] == 1


def test_effects_are_read_in_pages(client: httpx.Client, api: LocalTicketsApi) -> None:
    for number in range(5):
        create(client, subject=f"number {number}")
    first = api.effects(limit=3)
    rest = api.effects(after=first[-1].seq, limit=3)
    assert [effect.ticket_id for effect in first + rest] == ["1001", "1002", "1003", "1004", "1005"]


def test_everything_is_there_after_a_restart(make_api: Any, serve: Any) -> None:
    ticket = create(serve(make_api()))
    assert serve(make_api()).get(f"tickets/{ticket['id']}").json() == ticket
    assert create(serve(make_api()))["id"] == ticket["id"] + 1


@pytest.mark.parametrize(("mount", "path"), [("", "/api/v1"), ("/api/v1", "/api/v1"), ("/local", "/local/api/v1")])
def test_the_application_can_be_mounted(api: LocalTicketsApi, serve: Any, mount: str, path: str) -> None:
    inner = api.app
    api.app = Starlette(routes=[Mount(mount, inner)])
    client = serve(api)
    assert client.get(f"{client.base_url.copy_with(path=path)}/health").json()["status"] == "ok"
    assert client.get(f"{client.base_url.copy_with(path=path)}/tickets").json()["total"] == 0
    assert client.get(f"{client.base_url.copy_with(path='/elsewhere')}").status_code == 404


@pytest.mark.parametrize(
    "options",
    [
        {"database_url": "sqlite://"},
        {"database_url": "sqlite:///:memory:"},
        {"database_url": "mysql://x"},
        {"keys": {" ": frozenset()}},
        {"keys": {"ak_test_x": frozenset({"tickets:everything"})}},
        {"max_body": 0},
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Options(**{"database_url": "sqlite:///x.db"} | options)

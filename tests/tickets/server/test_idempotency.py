"""A request with a key has one effect, under repeats, conflicts, kills and concurrency."""

from __future__ import annotations

import concurrent.futures
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.no_tls import NO_TLS
from tickets.assumptions import IDEMPOTENCY_WINDOW_S
from tickets.listening import listen
from tickets.server import FaultRule, LocalTicketsApi, Options

KEY = "ak_test_local"
CREATE = {"subject": "Disk full", "description": "/var on db-1"}


def keyed(client: httpx.Client, key: str, path: str = "tickets", body: object = CREATE) -> httpx.Response:
    return client.post(path, json=body, headers={"Idempotency-Key": key})


def test_the_same_key_gets_the_original_answer_to_the_byte(client: httpx.Client, api: LocalTicketsApi) -> None:
    first = keyed(client, "k1")
    client.put("tickets/1001", json={"status": "pending"})
    second = keyed(client, "k1")
    assert (second.status_code, second.content) == (201, first.content)
    assert [effect.idempotency_key for effect in api.effects()] == ["k1", None]


def test_the_same_key_with_another_body_is_a_conflict_without_effect(
    client: httpx.Client, api: LocalTicketsApi
) -> None:
    keyed(client, "k1")
    response = keyed(client, "k1", body=CREATE | {"priority": "low"})
    assert (response.status_code, response.json()["error"]) == (409, "idempotency_conflict")
    assert len(api.effects()) == 1


def test_the_same_key_on_another_path_is_a_conflict(client: httpx.Client, api: LocalTicketsApi) -> None:
    for number in range(2):
        keyed(client, f"c{number}")
    assert keyed(client, "k1", "tickets/1001/notes", {"body": "x"}).status_code == 201
    assert keyed(client, "k1", "tickets/1002/notes", {"body": "x"}).status_code == 409
    assert len(api.effects()) == 3


def test_a_key_is_remembered_for_24_hours_and_no_longer(client: httpx.Client, api: LocalTicketsApi) -> None:
    first = keyed(client, "k1").json()["id"]
    api.clock.advance(IDEMPOTENCY_WINDOW_S - 0.000001)
    assert keyed(client, "k1").json()["id"] == first
    api.clock.advance(0.000001)
    second = keyed(client, "k1").json()["id"]
    assert second != first
    api.clock.advance(IDEMPOTENCY_WINDOW_S - 1)
    assert keyed(client, "k1").json()["id"] == second


def test_each_api_key_has_idempotency_keys_of_its_own(make_api: Any, serve: Any) -> None:
    client = serve(make_api(keys={"ak_test_a": frozenset({"tickets:write"}), KEY: frozenset({"tickets:write"})}))
    first = keyed(client, "k1").json()["id"]
    client.headers["X-API-Key"] = "ak_test_a"
    assert keyed(client, "k1").json()["id"] != first


def test_a_rejected_request_frees_its_key(client: httpx.Client) -> None:
    assert keyed(client, "k1", body={"subject": "s"}).status_code == 422
    assert keyed(client, "k2", "tickets/1001/notes", {"body": "x"}).status_code == 404
    assert keyed(client, "k1").status_code == 201
    assert keyed(client, "k2", "tickets/1001/notes", {"body": "x"}).status_code == 201


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("tickets/1001/notes", {"body": "x", "private": True}),
        ("tickets/1001/close", {"resolution_notes": "done"}),
        ("webhooks", {"url": "http://127.0.0.1:9/", "events": ["ticket.created"], "secret": "s"}),
    ],
)
def test_every_post_that_creates_or_changes_replays(
    client: httpx.Client, api: LocalTicketsApi, path: str, body: object
) -> None:
    keyed(client, "c1")
    first, second = keyed(client, "k1", path, body), keyed(client, "k1", path, body)
    assert (first.is_success, second.content) == (True, first.content)
    assert len(client.get("webhooks").json()["data"]) + len(api.effects()) == 2


@pytest.mark.parametrize("key", ["", "a b", "x" * 256])
def test_a_key_that_is_none_is_rejected(client: httpx.Client, api: LocalTicketsApi, key: str) -> None:
    response = keyed(client, key)
    assert (response.status_code, response.json()["details"][0]["field"]) == (422, "Idempotency-Key")
    assert api.effects() == []


def test_of_two_at_once_the_second_is_a_conflict(client: httpx.Client, api: LocalTicketsApi) -> None:
    api.faults.add(FaultRule(action="latency", seconds=0.3, times=1))
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        answers = sorted(each.status_code for each in threads.map(lambda _: keyed(client, "k1"), range(2)))
    assert answers == [201, 409]
    assert len(api.effects()) == 1
    assert keyed(client, "k1").status_code == 201


def test_of_two_at_once_the_second_can_wait_for_the_answer_of_the_first(make_api: Any, serve: Any) -> None:
    api = make_api(concurrent_key="wait")
    client = serve(api)
    api.faults.add(FaultRule(action="latency", seconds=0.2, times=1))
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: keyed(client, "k1"), range(8)))
    assert {(each.status_code, each.content) for each in answers} == {(201, answers[0].content)}
    assert len(api.effects()) == 1


def test_when_the_first_of_two_is_rejected_the_one_that_waited_is_tried(make_api: Any, serve: Any) -> None:
    api = make_api(concurrent_key="wait")
    client = serve(api)
    api.faults.add(FaultRule(action="latency", seconds=0.2, times=1))
    api.faults.add(FaultRule(action="status", status=500, times=1))
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        answers = sorted(each.status_code for each in threads.map(lambda _: keyed(client, "k1"), range(2)))
    assert answers == [201, 500]
    assert len(api.effects()) == 1


def serving(database_url: str, port: int) -> subprocess.Popen[bytes]:
    """Start a server in a separate process, on a port that was free a moment ago."""
    program = (
        "import sys; from tickets.server import *; from tickets.server.serve import serve\n"
        "api = LocalTicketsApi(Options(sys.argv[1], limit=Limit.named('none')))\n"
        "serve(api, '127.0.0.1', int(sys.argv[2]))\n"
        "api.close()"
    )
    return subprocess.Popen([sys.executable, "-c", program, database_url, str(port)])


def free_port() -> int:
    with listen("127.0.0.1", 0) as listener:
        port: int = listener.getsockname()[1]
        return port


def insist(client: httpx.Client, key: str) -> int:
    """Send until there is an answer, as often as needed; returns the ticket's id."""
    deadline = 200
    for _ in range(deadline):
        try:
            response = keyed(client, key)
        except httpx.TransportError:
            threading.Event().wait(0.05)
            continue
        assert response.status_code == 201, response.text
        number: int = response.json()["id"]
        return number
    raise AssertionError("the server did not come back")


def test_a_server_that_is_killed_loses_no_answered_effect_and_doubles_none(tmp_path: Path) -> None:
    database_url, port = f"sqlite:///{tmp_path}/tickets.db", free_port()
    answered: dict[str, int] = {}
    process = serving(database_url, port)
    headers = {"X-API-Key": KEY}

    def send(worker: int) -> None:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}/api/v1", headers=headers, trust_env=False, verify=NO_TLS
        ) as client:
            for number in range(150):
                answered[f"{worker}-{number}"] = insist(client, f"{worker}-{number}")

    try:
        senders = [threading.Thread(target=send, args=(worker,)) for worker in range(3)]
        for sender in senders:
            sender.start()
        for kills in (30, 200):
            while len(answered) < kills and any(sender.is_alive() for sender in senders):
                threading.Event().wait(0.01)
            process.kill()
            process.wait()
            process = serving(database_url, port)
        for sender in senders:
            sender.join()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
    with LocalTicketsApi(Options(database_url)) as api:
        effects = {effect.idempotency_key: effect.ticket_id for effect in api.effects()}
        assert len(api.effects()) == 450
    assert effects == {key: str(number) for key, number in answered.items()}


@pytest.mark.postgresql
def test_two_processes_on_postgresql_have_one_effect_per_key(make_api: Any, serve: Any, postgresql_url: str) -> None:
    apis = [make_api(database_url=postgresql_url) for _ in range(2)]
    clients = [serve(api) for api in apis]
    jobs = [(client, f"k{number}") for number in range(40) for client in clients for _ in range(2)]
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda job: (job[1], keyed(*job)), jobs))
    contents: dict[str, set[bytes]] = {}
    for key, response in answers:
        assert response.status_code in (201, 409)
        if response.status_code == 201:
            contents.setdefault(key, set()).add(response.content)
    assert {len(each) for each in contents.values()} == {1}
    effects = apis[0].effects()
    assert sorted(str(effect.idempotency_key) for effect in effects) == sorted(contents)
    assert [effect.seq for effect in effects] == sorted(effect.seq for effect in effects)

"""A slow, shared or absent database: requests are answered in turn, and the event loop goes on."""

from __future__ import annotations

import concurrent.futures
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from tickets.server import LocalTicketsApi
from tickets.server.store import open_engines

CREATE = {"subject": "Disk full", "description": "/var on db-1"}


def test_two_servers_on_one_file_take_turns(make_api: Any, serve: Any) -> None:
    apis = [make_api() for _ in range(2)]
    clients = [serve(api) for api in apis]

    def send(number: int) -> int:
        return int(clients[number % 2].post("tickets", json=CREATE).status_code)

    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        assert set(threads.map(send, range(60))) == {201}
    effects = apis[0].effects()
    assert [effect.ticket_id for effect in effects] == [str(number) for number in range(1001, 1061)]
    assert effects == apis[1].effects()


def test_a_database_that_went_away_is_503_with_retry_after(client: httpx.Client, api: LocalTicketsApi) -> None:
    assert client.post("tickets", json=CREATE).status_code == 201
    with api._store.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE ticket RENAME TO gone")
    response = client.get("tickets")
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert client.get("health").status_code == 200
    with api._store.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO ticket")
    assert client.get("tickets").json()["total"] == 1


@pytest.mark.postgresql
def test_a_writer_that_waits_on_postgresql_holds_up_no_reader(make_api: Any, serve: Any, postgresql_url: str) -> None:
    api = make_api(database_url=postgresql_url)
    client: httpx.Client = serve(api)
    assert client.post("tickets", json=CREATE).json()["id"] == 1001
    other, _ = open_engines(postgresql_url)
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        with other.begin():
            waiting = thread.submit(client.post, "tickets", json=CREATE)
            assert client.get("health").status_code == 200
            assert client.get("tickets").json()["total"] == 1
            assert not waiting.done()
        assert waiting.result().json()["id"] == 1002
    other.dispose()
    assert [effect.ticket_id for effect in api.effects()] == ["1001", "1002"]


@pytest.mark.postgresql
def test_a_connection_that_postgresql_ended_is_replaced(make_api: Any, serve: Any, postgresql_url: str) -> None:
    client: httpx.Client = serve(make_api(database_url=postgresql_url))
    assert client.post("tickets", json=CREATE).status_code == 201
    other = sa.create_engine(postgresql_url)
    with other.begin() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    other.dispose()
    assert client.post("tickets", json=CREATE).status_code == 201

"""Every call of the contract through the client, against the local Tickets API, in both revisions."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeVar

import pytest
from pydantic import SecretStr

from tickets.client import TicketsClient
from tickets.errors import AskPerson, RepeatTwice, RepeatUnchanged, SendLater, StopSending, TicketsError
from tickets.models import (
    AddNote,
    CloseTicket,
    CreateTicket,
    Page,
    RegisterWebhook,
    Revision,
    Ticket,
    UpdateTicket,
    encode,
)
from tickets.server import SCOPES, FaultRule, Limit, LocalTicketsApi, Options
from tickets.server.testing import running

from .wire import outcome

T = TypeVar("T")
LOCAL = "ak_test_local"

each_revision = pytest.mark.parametrize("revision", ["A", "B"])


class Service:
    """The local Tickets API while it is served, and its clients."""

    def __init__(self, api: LocalTicketsApi, base_url: str, revision: Revision) -> None:
        self.api = api
        self._base_url = base_url
        self._revision = revision

    def client(self, key: str = LOCAL) -> TicketsClient:
        return TicketsClient(self._base_url, key, revision=self._revision)

    def effects(self) -> list[str]:
        return [each.kind for each in self.api.effects()]


@contextmanager
def service(
    path: Path,
    revision: Revision = "A",
    *,
    limit: Literal["none", "production"] = "none",
    close_on_closed: Literal["accept", "conflict"] = "accept",
) -> Iterator[Service]:
    options = Options(
        database_url=f"sqlite:///{path / 'tickets.db'}",
        revision=revision,
        keys={LOCAL: SCOPES, "ak_test_reader": frozenset({"tickets:read"})},
        limit=Limit.named(limit),
        close_on_closed=close_on_closed,
    )
    api = LocalTicketsApi(options)
    try:
        with running(api) as served:
            yield Service(api, served.base_url, revision)
    finally:
        api.close()


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)


def create_once(served: Service) -> Ticket | TicketsError:
    async def call() -> Ticket | TicketsError:
        async with served.client() as client:
            return await outcome(client.create_ticket(DISK, idempotency_key="k-1"))

    return asyncio.run(call())


DISK = CreateTicket(
    subject="Disk full",
    description="sda1 is at 98%",
    priority="high",
    category="storage",
    requester_email="ann@example.org",
)


@each_revision
def test_a_ticket_is_created_read_changed_noted_closed_and_reopened(tmp_path: Path, revision: Revision) -> None:
    async def calls(client: TicketsClient) -> None:
        async with client:
            created = await client.create_ticket(DISK, idempotency_key="k-1")
            assert (created.subject, created.status, created.priority) == ("Disk full", "open", "high")
            assert created.category == "storage"
            assert created.created_at.utcoffset() is not None
            assert await client.get_ticket(created.id) == created
            changed = await client.update_ticket(created.id, UpdateTicket(status="pending", priority="urgent"))
            assert (changed.id, changed.status, changed.priority) == (created.id, "pending", "urgent")
            note = await client.add_note(created.id, AddNote(body="Looking", private=True), idempotency_key="k-2")
            assert (note.body, note.private, note.ticket_id) == ("Looking", True, created.id)
            request = CloseTicket(resolution_notes="Cleaned up")
            closed = await client.close_ticket(created.id, request, idempotency_key="k-3")
            assert closed is not None
            assert (closed.id, closed.status) == (created.id, "closed")
            assert (await client.reopen_ticket(created.id)).status == "open"

    with service(tmp_path, revision) as served:
        run(calls(served.client()))
        assert served.effects() == ["create_ticket", "update_ticket", "add_note", "close_ticket", "reopen_ticket"]


@each_revision
def test_who_asks_is_told_in_the_way_of_the_revision(tmp_path: Path, revision: Revision) -> None:
    with service(tmp_path, revision) as served:
        ticket = create_once(served)
    assert isinstance(ticket, Ticket)
    if revision == "A":
        assert ticket.description == "From: ann@example.org\n\nsda1 is at 98%"
    else:
        assert (ticket.requester_email, ticket.description) == ("ann@example.org", "sda1 is at 98%")


@each_revision
def test_the_longest_subject_and_text_of_any_kind_are_taken(tmp_path: Path, revision: Revision) -> None:
    async def calls(client: TicketsClient) -> Ticket:
        async with client:
            request = CreateTicket(
                subject="🇩🇪" * 300, description="\ud800\0😀" * 40_000, category="c" * 300, marker="Ref 3f2a"
            )
            ticket = await client.create_ticket(request, idempotency_key="k-1")
            await client.add_note(ticket.id, AddNote(body="\0" * 70_000), idempotency_key="k-2")
            return ticket

    with service(tmp_path, revision) as served:
        ticket = run(calls(served.client()))
    assert len(ticket.subject) == 255
    assert ticket.description is not None
    assert ticket.description.endswith("\n\nRef 3f2a")


@each_revision
def test_lists_are_filtered_searched_and_paged(tmp_path: Path, revision: Revision) -> None:
    async def calls(client: TicketsClient) -> None:
        async with client:
            ids = []
            for number in range(7):
                priority = "urgent" if number % 2 else "low"
                request = CreateTicket.model_validate(
                    {"subject": f"Host {number}", "description": "a & b = c%", "priority": priority, "category": "net"}
                )
                ids.append((await client.create_ticket(request, idempotency_key=f"k-{number}")).id)
            newest = ids[::-1]
            page = await client.list_tickets(limit=3, offset=2)
            assert [each.id for each in page.data] == newest[2:5]
            assert (page.total, page.limit, page.offset) == (7, 3, 2)
            assert (await client.list_tickets()).limit == 25
            urgent = await client.list_tickets(status="open", priority="urgent", search="a & b = c%")
            assert [each.id for each in urgent.data] == newest[1::2]
            assert [each.id for each in (await client.list_tickets(search="host 4")).data] == [ids[4]]

    with service(tmp_path, revision) as served:
        run(calls(served.client()))


def test_a_category_is_a_filter(tmp_path: Path) -> None:
    async def calls(client: TicketsClient) -> list[str | None]:
        async with client:
            for category in ("net", "storage"):
                request = CreateTicket(subject="s", description="d", category=category)
                await client.create_ticket(request, idempotency_key=category)
            return [each.category for each in (await client.list_tickets(category="net")).data]

    with service(tmp_path) as served:
        assert run(calls(served.client())) == ["net"]


def test_nothing_to_list_is_no_ticket(tmp_path: Path) -> None:
    async def calls(client: TicketsClient) -> Page:
        async with client:
            return await client.list_tickets()

    with service(tmp_path) as served:
        page = run(calls(served.client()))
    assert (page.total, list(page.data)) == (0, [])


@each_revision
def test_the_same_key_and_bytes_again_are_the_same_ticket(tmp_path: Path, revision: Revision) -> None:
    async def calls(client: TicketsClient) -> None:
        frozen = encode(DISK, revision)
        async with client:
            first = await client.create_ticket(frozen, idempotency_key="k-1")
            assert await client.create_ticket(frozen, idempotency_key="k-1") == first
            other = encode(DISK.model_copy(update={"priority": "low"}), revision)
            assert type(await outcome(client.create_ticket(other, idempotency_key="k-1"))) is RepeatTwice

    with service(tmp_path, revision) as served:
        run(calls(served.client()))
        assert served.effects() == ["create_ticket"]


@pytest.mark.parametrize("answer", ["accept", "conflict"])
@each_revision
def test_closing_a_closed_ticket_is_a_success(
    tmp_path: Path, revision: Revision, answer: Literal["accept", "conflict"]
) -> None:
    async def calls(client: TicketsClient) -> Ticket | None:
        async with client:
            ticket = await client.create_ticket(DISK, idempotency_key="k-1")
            request = CloseTicket(resolution_notes="over")
            await client.close_ticket(ticket.id, request, idempotency_key="k-2")
            return await client.close_ticket(ticket.id, request, idempotency_key="k-3")

    with service(tmp_path, revision, close_on_closed=answer) as served:
        again = run(calls(served.client()))
    assert again is None if answer == "conflict" else again is not None and again.status == "closed"


@each_revision
def test_a_close_whose_key_was_used_with_other_notes_is_a_conflict(tmp_path: Path, revision: Revision) -> None:
    async def calls(client: TicketsClient) -> None:
        async with client:
            ticket = await client.create_ticket(DISK, idempotency_key="k-1")
            await client.close_ticket(ticket.id, CloseTicket(resolution_notes="one"), idempotency_key="k-2")
            other = client.close_ticket(ticket.id, CloseTicket(resolution_notes="two"), idempotency_key="k-2")
            assert type(await outcome(other)) is RepeatTwice

    with service(tmp_path, revision, close_on_closed="conflict") as served:
        run(calls(served.client()))


@each_revision
def test_what_the_service_rejects_is_for_a_person_and_names_the_field(tmp_path: Path, revision: Revision) -> None:
    async def calls(client: TicketsClient) -> None:
        async with client:
            body = b'{"subject": "s", "description": "d", "priority": "dire"}'
            rejected = await outcome(client.create_ticket(body, idempotency_key="k-1"))
            assert isinstance(rejected, AskPerson)
            assert (rejected.status, rejected.details[-1].field) == (422, "priority")
            missing = await outcome(client.get_ticket("0b5c1c4e-8f7e-4f7e-9d57-6a4f5c1b2a33"))
            assert isinstance(missing, AskPerson)
            assert missing.status == 404
            assert type(await outcome(client.create_ticket(b"{", idempotency_key="k-2"))) is AskPerson

    with service(tmp_path, revision) as served:
        run(calls(served.client()))
        assert served.effects() == []


@each_revision
def test_a_wrong_key_and_a_missing_scope_stop_the_sending(tmp_path: Path, revision: Revision) -> None:
    async def calls(wrong: TicketsClient, reader: TicketsClient) -> None:
        async with wrong, reader:
            unknown = await outcome(wrong.list_tickets())
            assert isinstance(unknown, StopSending)
            forbidden = await outcome(reader.create_ticket(DISK, idempotency_key="k-1"))
            assert isinstance(forbidden, StopSending)
            assert (unknown.status, forbidden.status) == (401, 403)
            assert (await reader.list_tickets()).total == 0

    with service(tmp_path, revision) as served:
        run(calls(served.client("ak_test_unknown"), served.client("ak_test_reader")))


@each_revision
def test_a_spent_budget_says_when_to_come_back(tmp_path: Path, revision: Revision) -> None:
    async def calls(client: TicketsClient) -> None:
        async with client:
            answers = await asyncio.gather(*(outcome(client.list_tickets(limit=1)) for _ in range(101)))
            refused = [each for each in answers if not isinstance(each, Page)]
            assert refused
            for each in refused:
                assert isinstance(each, SendLater)
                assert (each.status, each.retry_after is not None and 0 < each.retry_after <= 60) == (429, True)

    with service(tmp_path, revision, limit="production") as served:
        run(calls(served.client()))


@each_revision
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (FaultRule(action="status", status=500), RepeatUnchanged),
        (FaultRule(action="status", status=502), RepeatUnchanged),
        (FaultRule(action="status", status=503, retry_after=5), SendLater),
        (FaultRule(action="status", status=429, retry_after="Fri, 20 Feb 2026 14:30:00 GMT"), SendLater),
        (FaultRule(action="status", status=400), AskPerson),
        (FaultRule(action="reset"), RepeatUnchanged),
        (FaultRule(action="truncate"), RepeatUnchanged),
    ],
    ids=lambda each: f"{each.action}-{each.status}" if isinstance(each, FaultRule) else each.__name__,
)
def test_each_fault_of_the_service_is_one_exception(
    tmp_path: Path, revision: Revision, fault: FaultRule, kind: type[Exception]
) -> None:
    with service(tmp_path, revision) as served:
        served.api.faults.add(fault)
        assert type(create_once(served)) is kind


@each_revision
def test_an_answer_that_was_lost_after_the_effect_is_had_by_asking_again(tmp_path: Path, revision: Revision) -> None:
    async def calls(client: TicketsClient) -> None:
        async with client:
            lost = await outcome(client.create_ticket(DISK, idempotency_key="k-1"))
            assert type(lost) is RepeatUnchanged
            again = await client.create_ticket(DISK, idempotency_key="k-1")
            assert (await client.list_tickets()).data == (again,)

    with service(tmp_path, revision) as served:
        served.api.faults.add(FaultRule(action="reset", when="after", times=1))
        run(calls(served.client()))
        assert served.effects() == ["create_ticket"]


@each_revision
def test_a_dripping_answer_is_read(tmp_path: Path, revision: Revision) -> None:
    with service(tmp_path, revision) as served:
        served.api.faults.add(FaultRule(action="drip", seconds=0.001))
        assert isinstance(create_once(served), Ticket)


@each_revision
def test_webhooks_are_registered_listed_and_deleted(tmp_path: Path, revision: Revision) -> None:
    async def calls(client: TicketsClient) -> None:
        async with client:
            request = RegisterWebhook(
                url="http://127.0.0.1:9/hook", events=("ticket.closed", "ticket.reopened"), secret=SecretStr("s3cr3t")
            )
            webhook = await client.register_webhook(request, idempotency_key="k-1")
            assert (webhook.url, set(webhook.events)) == (request.url, set(request.events))
            assert [each.id for each in await client.list_webhooks()] == [webhook.id]
            await client.delete_webhook(webhook.id)
            assert await client.list_webhooks() == ()
            assert type(await outcome(client.delete_webhook(webhook.id))) is AskPerson

    with service(tmp_path, revision) as served:
        run(calls(served.client()))


@each_revision
def test_a_sandbox_tells_its_health(tmp_path: Path, revision: Revision) -> None:
    async def calls(client: TicketsClient) -> None:
        async with client:
            health = await client.health()
            assert (health.status, health.environment) == ("ok", "sandbox")

    with service(tmp_path, revision) as served:
        run(calls(served.client()))

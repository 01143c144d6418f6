"""The server's lifecycle over HTTP, compared step by step with a model of a few lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tickets.server import LocalTicketsApi

STATUSES = ("open", "pending", "resolved", "closed")
DAY = 24 * 3600

PRIORITIES = ("low", "medium", "high", "urgent")

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=30)


@dataclass(frozen=True)
class Remembered:
    """The request of a key, and its time (seconds)."""

    at: int
    path: str
    content: dict[str, Any]
    answer: bytes


class Lifecycle(RuleBasedStateMachine):
    """State machine of the comparison; the test sets `client` and `api`, and serves one server for all examples."""

    client: httpx.Client
    api: LocalTicketsApi

    tickets: Bundle[int] = Bundle("tickets")
    keyed: Bundle[str] = Bundle("keyed")

    def __init__(self) -> None:
        super().__init__()
        self.model: dict[int, dict[str, Any]] = {}
        self.effects: list[tuple[str, str]] = []
        self.remembered: dict[str, Remembered] = {}
        self.now = 0

    @initialize()
    def start_anew(self) -> None:
        self.api.reset()

    @rule(target=tickets, subject=texts, description=texts, priority=st.none() | st.sampled_from(PRIORITIES))
    def create(self, subject: str, description: str, priority: str | None) -> int:
        body = {"subject": subject, "description": description} | ({"priority": priority} if priority else {})
        response = self.client.post("tickets", json=body)
        assert response.status_code == 201, response.text
        number: int = response.json()["id"]
        self.model[number] = {"id": number, "status": "open", "priority": "medium", "category": None} | body
        self.effects.append(("create_ticket", str(number)))
        return number

    @rule(
        ticket=tickets,
        fields=st.fixed_dictionaries(
            {},
            optional={
                "status": st.sampled_from(STATUSES),
                "priority": st.sampled_from(PRIORITIES),
                "subject": texts,
                "description": texts,
                "category": st.none() | texts,
            },
        ),
    )
    def update(self, ticket: int, fields: dict[str, Any]) -> None:
        before = self.model[ticket]
        response = self.client.put(f"tickets/{ticket}", json=fields)
        new = fields.get("status", before["status"])
        if not fields or (before["status"] == "closed" and new not in ("open", "closed")):
            assert response.status_code == 422
            return
        assert response.status_code == 200, response.text
        self.model[ticket] = before | fields
        if self.model[ticket] == before:
            return
        moved = (before["status"] == "closed", new == "closed")
        kind = {(True, False): "reopen_ticket", (False, True): "close_ticket"}.get(moved, "update_ticket")
        self.effects.append((kind, str(ticket)))

    @rule(ticket=tickets)
    def close(self, ticket: int) -> None:
        assert self.client.post(f"tickets/{ticket}/close", json={}).status_code == 200
        if self.model[ticket]["status"] != "closed":
            self.model[ticket]["status"] = "closed"
            self.effects.append(("close_ticket", str(ticket)))

    def send_note(self, key: str, path: str, content: dict[str, Any]) -> None:
        """Send a note with a key that is new to the service, or forgotten by it."""
        response = self.client.post(path, json=content, headers={"Idempotency-Key": key})
        assert response.status_code == 201, response.text
        self.remembered[key] = Remembered(self.now, path, content, response.content)
        self.effects.append(("add_note", path.split("/")[1]))

    @rule(target=keyed, ticket=tickets, body=texts, private=st.booleans())
    def note(self, ticket: int, body: str, private: bool) -> str:
        key = f"key-{len(self.remembered)}"
        self.send_note(key, f"tickets/{ticket}/notes", {"body": body, "private": private})
        return key

    @rule(key=keyed)
    def note_again(self, key: str) -> None:
        sent = self.remembered[key]
        if self.now - sent.at >= DAY:
            self.send_note(key, sent.path, sent.content)
        response = self.client.post(sent.path, json=sent.content, headers={"Idempotency-Key": key})
        assert (response.status_code, response.content) == (201, self.remembered[key].answer)

    @rule(key=keyed, other=texts)
    def another_note_with_the_key(self, key: str, other: str) -> None:
        sent = self.remembered[key]
        changed = {"body": other, "private": not sent.content["private"]}
        if self.now - sent.at >= DAY:
            self.send_note(key, sent.path, changed)
        else:
            response = self.client.post(sent.path, json=changed, headers={"Idempotency-Key": key})
            assert response.status_code == 409

    @rule(hours=st.sampled_from((1, 11, 12, 24)))
    def time_passes(self, hours: int) -> None:
        self.api.clock.advance(hours * 3600)
        self.now += hours * 3600

    @invariant()
    def the_server_and_the_model_agree(self) -> None:
        page = self.client.get("tickets", params={"limit": 100}).json()
        shown = [{name: value for name, value in each.items() if name != "created_at"} for each in page["data"]]
        assert shown == [self.model[number] for number in sorted(self.model, reverse=True)][:100]
        assert [(effect.kind, effect.ticket_id) for effect in self.api.effects()] == self.effects

    @rule(status=st.sampled_from(STATUSES))
    def filter_by_status(self, status: str) -> None:
        page = self.client.get("tickets", params={"status": status, "limit": 1}).json()
        assert page["total"] == sum(ticket["status"] == status for ticket in self.model.values())

    @rule(ticket=tickets)
    def find_by_a_word_of_the_subject(self, ticket: int) -> None:
        words = self.model[ticket]["subject"].split()
        page = self.client.get("tickets", params={"search": " ".join(words[:1]).swapcase(), "limit": 100}).json()
        if words and words[0].swapcase().casefold() == words[0].casefold():
            assert ticket in [each["id"] for each in page["data"]]


def check_lifecycle(api: LocalTicketsApi, client: httpx.Client, examples: int) -> None:
    machine = type("Machine", (Lifecycle,), {"api": api, "client": client})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_the_lifecycle_holds_for_every_sequence_of_calls(api: LocalTicketsApi, client: httpx.Client) -> None:
    check_lifecycle(api, client, 25)


@pytest.mark.postgresql
def test_the_lifecycle_holds_on_postgresql_too(make_api: Any, serve: Any, postgresql_url: str) -> None:
    api = make_api(database_url=postgresql_url)
    check_lifecycle(api, serve(api), 8)

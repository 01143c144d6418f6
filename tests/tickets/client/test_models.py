"""Answers of either revision become the same values; any request becomes bytes that the service accepts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tickets.assumptions import MAX_BODY, MAX_SUBJECT, MAX_TEXT
from tickets.models import (
    LEAST_MAX_TEXT,
    NO_SUBJECT,
    NO_TEXT,
    AddNote,
    CloseTicket,
    CreateTicket,
    Note,
    Page,
    Priority,
    RegisterWebhook,
    Revision,
    Ticket,
    UpdateTicket,
    encode,
)
from tickets.server.revisions import REVISIONS
from tickets.server.schemas import Close, read
from tickets.server.schemas import Note as NoteBody

from .texts import ANY

A = {
    "id": 1042, "subject": "Disk full", "status": "open", "priority": "high", "category": "storage",
    "created_at": "2026-02-20T14:30:00Z",
}  # fmt: skip
B = {
    "id": "0b5c1c4e-8f7e-4f7e-9d57-6a4f5c1b2a33", "subject": "Disk full", "status": "open", "priority": "high",
    "description": "sda1", "created_at": "2026-02-20T14:30:00.000Z", "updated_at": "2026-02-20T14:31:00+00:00",
    "metadata": {"category": "storage", "host": "db1", "cpus": 4}, "requester_email": None,
    "external_ticket_id": 77, "sla": {"due": None},
}  # fmt: skip
AT = datetime(2026, 2, 20, 14, 30, tzinfo=UTC)

revisions = st.sampled_from(["A", "B"])
priorities: st.SearchStrategy[Priority] = st.sampled_from(["low", "medium", "high", "urgent"])
creates = st.builds(
    CreateTicket,
    subject=ANY,
    description=ANY,
    priority=priorities,
    category=st.none() | ANY,
    requester_email=st.none() | ANY | st.emails(),
    metadata=st.dictionaries(ANY, ANY, max_size=3),
    marker=st.none() | st.just("Ref 3f2a"),
)


def said(request: Any, revision: Revision = "A", **limits: int) -> dict[str, Any]:
    value = json.loads(encode(request, revision, **limits))
    assert isinstance(value, dict)
    return value


def test_an_answer_of_revision_a_is_read() -> None:
    ticket = Ticket.model_validate(A)
    assert (ticket.id, ticket.category, ticket.created_at, ticket.description) == ("1042", "storage", AT, None)


def test_an_answer_of_revision_b_is_read_by_the_same_model() -> None:
    ticket = Ticket.model_validate(B)
    assert (ticket.id, ticket.category, ticket.created_at) == (B["id"], "storage", AT)
    assert (ticket.metadata["cpus"], ticket.external_ticket_id) == (4, "77")


def test_a_time_without_a_zone_is_utc() -> None:
    assert Ticket.model_validate(A | {"created_at": "2026-02-20T14:30:00"}).created_at == AT


@pytest.mark.parametrize("extra", [{"metadata": None}, {"metadata": {}}, {"category": None, "metadata": {"x": 1}}])
def test_a_ticket_may_have_no_category(extra: dict[str, Any]) -> None:
    assert Ticket.model_validate({k: v for k, v in A.items() if k != "category"} | extra).category is None


@pytest.mark.parametrize("wrong", [{"id": True}, {"id": ""}, {"id": 1.5}, {"id": None}, {"status": "gone"}])
def test_what_is_no_ticket_is_not_read_as_one(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Ticket.model_validate(A | wrong)


def test_values_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Ticket.model_validate(A).status = "closed"  # type: ignore[misc]  # mypy refuses it as well
    with pytest.raises(ValidationError):
        CreateTicket(subject="s", description="d").subject = "other"  # type: ignore[misc]


def test_a_page_keeps_the_order_of_its_tickets() -> None:
    page = Page.model_validate({"data": [A | {"id": n} for n in (3, 2, 1)], "total": 9, "limit": 3, "offset": 0})
    assert [each.id for each in page.data] == ["3", "2", "1"]


def test_a_note_of_which_nothing_is_told_is_a_note() -> None:
    assert Note.model_validate({}) == Note()


def test_the_two_revisions_say_the_same_ticket_differently() -> None:
    request = CreateTicket(
        subject="Disk full",
        description="sda1",
        priority="high",
        category="storage",
        requester_email="ann@example.org",
        metadata={"host": "db1"},
        marker="Ref 3f2a",
    )
    assert encode(request, "A") == (
        b'{"category":"storage","description":"From: ann@example.org\\n\\nsda1\\n\\nRef 3f2a","priority":"high",'
        b'"subject":"Disk full"}'
    )
    assert encode(request, "B") == (
        b'{"description":"sda1\\n\\nRef 3f2a","metadata":{"category":"storage","host":"db1"},"priority":"high",'
        b'"requester_email":"ann@example.org","subject":"Disk full"}'
    )


def test_a_requester_that_is_no_address_stands_in_the_description_of_revision_b_too() -> None:
    fields = said(CreateTicket(subject="s", description="d", requester_email="Ann <ann@example.org>"), "B")
    assert "requester_email" not in fields
    assert fields["description"] == "From: Ann <ann@example.org>\n\nd"


def test_a_subject_that_is_too_long_stands_whole_in_the_description() -> None:
    subject = "Disk " * 60 + "full"
    fields = said(CreateTicket(subject=subject, description="sda1", requester_email="a@example.org"))
    assert fields["subject"] == subject[:254].rstrip() + "…"
    assert fields["description"] == f"From: a@example.org\nSubject: {subject}\n\nsda1"


def test_what_is_blank_but_must_not_be_is_named() -> None:
    fields = said(CreateTicket(subject=" \n", description="\t"))
    assert (fields["subject"], fields["description"]) == (NO_SUBJECT, NO_TEXT)
    assert said(AddNote(body=""))["body"] == NO_TEXT
    assert said(CloseTicket(resolution_notes=""))["resolution_notes"] == NO_TEXT


def test_an_update_says_only_what_changes() -> None:
    assert said(UpdateTicket(status="open")) == {"status": "open"}
    assert said(UpdateTicket(category="net"), "A") == {"category": "net"}
    assert said(UpdateTicket(category="net"), "B") == {"metadata": {"category": "net"}}
    both = UpdateTicket(category="net", metadata={"host": "db1"})
    assert said(both, "B") == {"metadata": {"category": "net", "host": "db1"}}


def test_an_update_that_changes_nothing_is_refused() -> None:
    for nothing in ({}, {"category": " "}):
        with pytest.raises(ValidationError, match="must change at least one field"):
            UpdateTicket.model_validate(nothing)


def test_a_webhook_secret_is_sent_and_not_shown() -> None:
    request = RegisterWebhook.model_validate(
        {"url": "https://x.example/h", "events": ["ticket.closed"], "secret": "s3"}
    )
    assert said(request)["secret"] == "s3"
    assert "s3" not in repr(request)


def test_a_limit_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="max_text must be at least"):
        encode(AddNote(body="x"), max_text=LEAST_MAX_TEXT - 1)


@given(creates, revisions)
def test_any_text_makes_a_create_that_the_service_takes(request: CreateTicket, revision: Revision) -> None:
    body = encode(request, revision)
    taken = read(REVISIONS[revision].create, body)
    assert taken.priority == request.priority
    assert len(body) <= MAX_BODY


@given(creates, revisions, st.integers(LEAST_MAX_TEXT, LEAST_MAX_TEXT + 500))
def test_limits_hold_and_the_marker_is_the_last_line(request: CreateTicket, revision: Revision, limit: int) -> None:
    fields = said(request, revision, max_text=limit)
    assert 1 <= len(fields["subject"]) <= MAX_SUBJECT
    assert 1 <= len(fields["description"]) <= limit
    if request.marker is not None:
        assert fields["description"].splitlines()[-1] == request.marker


@given(st.builds(AddNote, body=ANY, private=st.booleans()))
def test_any_text_makes_a_note_that_the_service_takes(request: AddNote) -> None:
    taken = read(NoteBody, encode(request))
    assert taken.private == request.private
    if request.body.strip() and len(request.body) <= MAX_TEXT:
        assert taken.body == request.body


@given(st.builds(CloseTicket, resolution_notes=ANY))
def test_any_text_makes_a_close_that_the_service_takes(request: CloseTicket) -> None:
    assert read(Close, encode(request)).resolution_notes


@given(st.builds(UpdateTicket, status=st.just("open"), subject=ANY, description=ANY, category=ANY), revisions)
def test_any_text_makes_an_update_that_the_service_takes(request: UpdateTicket, revision: Revision) -> None:
    assert read(REVISIONS[revision].update, encode(request, revision)).status == "open"


@given(creates, revisions)
def test_equal_requests_are_the_same_bytes(request: CreateTicket, revision: Revision) -> None:
    again = CreateTicket.model_validate(dict(reversed(request.model_dump().items())))
    assert encode(again, revision) == encode(request, revision)


def test_the_longest_text_of_any_kind_fits_into_a_body() -> None:
    for character in ("\x01", "😀", "\\", "é"):
        body = encode(CreateTicket(subject=character * 300, description=character * (MAX_TEXT + 5), marker="Ref 1"))
        assert len(body) <= MAX_BODY
        assert read(REVISIONS["A"].create, body).description.endswith("\n\nRef 1")


@given(
    st.fixed_dictionaries(
        {
            "id": st.integers() | st.text(min_size=1),
            "subject": ANY,
            "status": st.sampled_from(["open", "pending", "resolved", "closed"]),
            "priority": priorities,
            "created_at": st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat),
        },
        optional={"description": st.none() | ANY, "category": st.none() | ANY, "unknown": st.integers()},
    )
)
def test_a_ticket_that_was_read_reads_the_same_again(answer: dict[str, Any]) -> None:
    ticket = Ticket.model_validate(json.loads(json.dumps(answer)))
    assert ticket.id == str(answer["id"]) or not isinstance(answer["id"], int)
    assert Ticket.model_validate_json(ticket.model_dump_json()) == ticket

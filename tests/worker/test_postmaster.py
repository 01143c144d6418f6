"""Mail to the postmaster is taken, and becomes a ticket of a source that is known (RFC 5321, section 4.5.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from worker.intake.smtp import ENVELOPE_TO, Boxes, mailboxes
from worker.ledger import Ledger

from .builders import kinds_of
from .test_pipe import EX_OK, MAIL, TWO_MAILBOXES, Pipe
from .test_smtp import ADA, Edge, envelope_of, listening, mail, sources


@pytest.fixture
def edge(sqlite_ledger: Ledger) -> Iterator[Edge]:
    with listening(sqlite_ledger) as each:
        yield each


@pytest.mark.parametrize(
    ("recipient", "source"),
    [
        ("postmaster", "support"),
        ("PostMaster", "support"),
        ("postmaster@example.net", "support"),
        ("POSTMASTER@Example.NET", "support"),
        ("postmaster@shop.example", "shop"),
    ],
)
def test_a_mail_to_the_postmaster_is_taken_by_a_source_of_that_domain(edge: Edge, recipient: str, source: str) -> None:
    code, answer = edge.send(mail(), recipient)
    assert (code, [each["source"] for each in edge.stored()]) == (250, [source]), answer
    assert envelope_of(edge)[ENVELOPE_TO] == recipient
    assert kinds_of(edge.ledger) == ["create_ticket"]


@pytest.mark.parametrize(
    "recipient", ["postmaster@elsewhere.example", "postmaster@", "postmaster+x", "root", "@example.net"]
)
def test_the_postmaster_of_another_domain_is_none_of_ours(edge: Edge, recipient: str) -> None:
    with edge.client() as client:
        client.ehlo()
        client.mail(ADA)
        assert 500 <= client.docmd(f"RCPT TO:<{recipient}>")[0] < 560
    assert edge.stored() == []


def test_a_setting_names_the_source_of_the_postmaster() -> None:
    chosen = Boxes(mailboxes(sources()), postmaster="sales")
    found = [chosen.of(each) for each in ("postmaster", "postmaster@shop.example", "postmaster@elsewhere.example")]
    assert [each.id if each else None for each in found] == ["sales", "sales", None]


def test_a_mailbox_of_the_postmasters_own_name_comes_first() -> None:
    own = {"own": replace(sources()["sales"], id="own")}
    own_settings = own["own"].settings.model_copy(update={"address": "postmaster@example.net"})
    found = Boxes(mailboxes(sources() | {"own": replace(own["own"], settings=own_settings)})).of(
        "postmaster@example.net"
    )
    assert found is not None
    assert found.id == "own"


def test_without_a_mailbox_there_is_no_postmaster() -> None:
    assert Boxes({}).of("postmaster") is None


def test_a_pipe_takes_it_too(tmp_path: Path) -> None:
    pipe = Pipe(tmp_path)
    chosen = TWO_MAILBOXES | {"TICKETRELAY_SMTP__POSTMASTER": "support"}
    assert pipe(MAIL, "--recipient=Postmaster@example.net", **chosen).returncode == EX_OK
    assert pipe.taken() == [("support", "accepted")]

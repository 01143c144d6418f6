"""A message is found under any of its names, with the story of its operations and attempts."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from email import message_from_string
from email.utils import parseaddr
from typing import Any

import pytest
from sqlalchemy import insert

from worker.cli.shell.output import cell
from worker.ledger import Delivery, Ledger
from worker.ledger.engine.paging import WINDOW, first_since
from worker.ledger.reports.deliveries import Filter
from worker.ledger.schema.tables import inbound as inbound_table
from worker.ledger.schema.tables import operations

from .builders import (
    NOON,
    ManualClock,
    again,
    claim_one,
    commented,
    dead,
    deliver_all,
    delivery,
    done,
    inbound,
    kill_create,
    opened,
    rows,
)
from .commands import command, said

pytestmark = pytest.mark.one_database


def steps(told: dict[str, Any], subject: str | None = None) -> list[str]:
    return [each["what"] for each in told["steps"] if subject in (None, each["subject"])]


def test_the_story_of_a_message_goes_from_its_arrival_over_every_attempt_to_its_outcome(
    ledger: Ledger, database_url: str, clock: ManualClock
) -> None:
    ledger.record([delivery(opened())])
    ledger.settle([(claim_one(ledger), again(clock.now + timedelta(seconds=30), unknown=True, status=503))])
    clock.advance(seconds=30)
    ledger.settle([(claim_one(ledger), done("T-7"))])
    (arrived,) = rows(ledger, inbound_table)
    told = said(command(database_url, "events", "show", f"in-{arrived['id']}", "-o", "json"))
    assert steps(told) == [
        "received", "verified", "parsed", "correlated", "planned", "attempted", "attempted", "ended",
    ]  # fmt: skip
    first, second = (each for each in told["steps"] if each["what"] == "attempted")
    assert (first["outcome"], first["status"], first["wait_s"]) == ("unknown", 503, 30.0)
    assert (second["outcome"], second["status"], second["wait_s"]) == ("done", 201, None)
    assert (told["outcome"], told["cases"][0]["ticket_id"]) == ("done", "T-7")


def test_every_name_of_a_message_leads_to_its_story(ledger: Ledger, database_url: str) -> None:
    ledger.record([delivery(opened(aliases=("<mail-1@customer.example>",)))])
    ledger.record([delivery(commented())])
    deliver_all(ledger, "T-7")
    (first, second), (case, *_) = rows(ledger, inbound_table), rows(ledger, operations)
    whole = [f"in-{first['id']}", f"in-{second['id']}"]
    names = {
        f"in-{first['id']}": whole[:1],
        f"op-{case['case_id']}-2": whole[1:],
        "comment-1": whole[1:],
        f"case-{case['case_id']}": whole,
        "T-7": whole,
        "ticket:T-7": whole,
        "disk": whole,
        "<mail-1@customer.example>": whole,
    }
    told = {name: said(command(database_url, "events", "show", name, "-o", "json")) for name in names}
    assert {name: [each["id"] for each in story["deliveries"]] for name, story in told.items()} == names


@pytest.mark.parametrize(
    "name", ["in-99", "op-9-9", "case-9", "ticket:9", "nobody", "", "in-99999999999999999999", "%"]
)
def test_what_is_not_known_exits_1_and_says_what_is_understood(ledger: Ledger, database_url: str, name: str) -> None:
    ledger.record([delivery(opened())])
    result = command(database_url, "events", "show", name)
    assert result.exit_code == 1
    assert "expected in-7, op-4-1" in result.stderr


def test_a_delivery_without_an_effect_says_why(ledger: Ledger, database_url: str) -> None:
    ledger.record([delivery(opened())])
    ledger.record([delivery(opened())])
    ledger.record([Delivery(inbound(b"<xml/>"), unreadable="not JSON")])
    _, repeat, broken = rows(ledger, inbound_table)
    told = said(command(database_url, "events", "show", f"in-{repeat['id']}", "-o", "json"))
    assert (told["outcome"], steps(told)[-1]) == ("no effect", "no effect")
    assert "a repeat" in told["steps"][-1]["text"]
    told = said(command(database_url, "events", "show", f"in-{broken['id']}", "-o", "json"))
    assert (told["outcome"], told["steps"][-1]["text"]) == ("quarantined", "kept in quarantine: not JSON")


def test_a_comment_that_waits_for_its_case_says_for_which(ledger: Ledger, database_url: str) -> None:
    ledger.record([delivery(commented("nothing-yet"))])
    (arrived,) = rows(ledger, inbound_table)
    told = said(command(database_url, "events", "show", f"in-{arrived['id']}", "-o", "json"))
    assert told["outcome"] == "waiting"
    assert "waits for nothing-yet until 2026-02-20 12:10" in next(
        each["text"] for each in told["steps"] if each["what"] == "waiting"
    )


def test_what_a_person_did_stands_in_the_story(ledger: Ledger, database_url: str) -> None:
    dead_letter = kill_create(ledger, opened())
    ledger.skip(dead_letter, "a test", by="ada")
    told = said(command(database_url, "events", "show", dead_letter, "-o", "json"))
    assert "dead skip by ada" in [each["text"] for each in told["steps"]]
    assert told["outcome"] == "skipped"


def test_a_list_is_filtered_by_source_outcome_and_time_and_is_newest_first(ledger: Ledger, database_url: str) -> None:
    ledger.record([delivery(opened()), delivery(opened("mail"), source="mail")])
    ledger.record([Delivery(inbound(b"<xml/>"), unreadable="not JSON")])
    listed = said(command(database_url, "events", "list", "-o", "json"))
    assert [(each["source"], each["outcome"], each["operations"]) for each in listed] == [
        ("prom", "quarantined", 0),
        ("mail", "accepted", 1),
        ("prom", "accepted", 1),
    ]
    assert said(command(database_url, "events", "list", "--source", "mail", "-o", "json")) == [listed[1]]
    assert said(command(database_url, "events", "list", "--outcome", "quarantined", "-o", "json")) == [listed[0]]
    assert said(command(database_url, "events", "list", "--limit", "1", "-o", "json")) == [listed[0]]
    assert said(command(database_url, "events", "list", "--since", "2026-02-20T12:00:01Z", "-o", "json")) == []
    assert len(said(command(database_url, "events", "list", "--since", "2026-02-20T12:00:00Z", "-o", "json"))) == 3


def many(ledger: Ledger, number: int) -> None:
    """Insert a number of deliveries, one a minute."""
    row = {"source": "prom", "outcome": "accepted", "headers": "[]", "query": "", "body": b"x", "body_digest": "x"}
    with ledger.database.write() as connection:
        each = [row | {"received_at": NOON + timedelta(minutes=minute)} for minute in range(number)]
        connection.execute(insert(inbound_table), each)


def test_a_list_of_many_is_read_in_pages_and_leaves_none_out(ledger: Ledger) -> None:
    many(ledger, 2 * WINDOW + 3)
    found = ledger.reading.deliveries(Filter(), None)
    newest = next(found)
    with ledger.database.write() as connection:  # paging holds no long transaction: others may write between two pages
        connection.execute(insert(inbound_table).values(
            source="prom", outcome="accepted", headers="[]", query="", body=b"x", body_digest="x", received_at=NOON
        ))  # fmt: skip
    numbers = [int(each.id.removeprefix("in-")) for each in (newest, *found)]
    assert numbers == list(range(numbers[0], numbers[0] - 2 * WINDOW - 3, -1))


def test_where_a_span_of_time_begins_is_found_although_ids_have_gaps(ledger: Ledger) -> None:
    many(ledger, 500)
    kept = [row for row in rows(ledger, inbound_table) if row["id"] % 3]
    with ledger.database.write() as connection:
        connection.execute(inbound_table.delete().where(inbound_table.c.id.not_in([row["id"] for row in kept])))
    with ledger.database.read() as connection:
        first = first_since(connection, inbound_table.c.received_at, NOON + timedelta(minutes=400))
    late = [row["id"] for row in kept if row["received_at"] >= NOON + timedelta(minutes=390)]  # with the slack
    assert min(late) - 3 < first <= min(late)


def test_a_message_is_found_by_its_text_and_by_who_wrote_it(ledger: Ledger, database_url: str) -> None:
    ledger.record([delivery(opened("fire", text="The printer is on FIRE", author="ada@customer.example"))])
    ledger.record([delivery(opened("other", text="50% of nothing_at_all"))])
    for text, key in {
        "printer IS on fire": "fire",
        "Ada@Customer": "fire",
        "nothing_at_all": "other",
        "50% of": "other",
    }.items():
        (story,) = said(command(database_url, "events", "find", text, "-o", "json"))
        assert story["key"] == key
    for text in ("printer_is", "%", " ", "nowhere"):
        result = command(database_url, "events", "find", text, "-o", "json")
        expected = ["other"] if text == "%" else []
        assert [each["key"] for each in json.loads(result.stdout)] == expected
        assert result.exit_code == (0 if expected else 1)


def test_a_delivery_that_led_to_no_case_is_pointed_at(ledger: Ledger, database_url: str) -> None:
    ledger.record([Delivery(inbound(b"<xml/>"), unreadable="not JSON")])
    (arrived,) = rows(ledger, inbound_table)
    result = command(database_url, "events", "find", f"in-{arrived['id']}")
    assert (result.exit_code, result.stdout) == (0, "")
    assert f"ticketrelay events show in-{arrived['id']}" in result.stderr


def test_a_sender_cannot_write_to_the_terminal(ledger: Ledger, database_url: str) -> None:
    hostile = "\x1b]0;owned\x07\x1b[2Jkey\r\n\x9b31m"
    ledger.record([Delivery(inbound(b"<xml/>"), unreadable=hostile)])
    ledger.record([delivery(opened())])
    ledger.settle([(claim_one(ledger), dead(hostile))])
    for arguments in (
        ("events", "list"),
        ("events", "find", "disk"),
        ("events", "show", "disk"),
        ("cases", "show", "disk"),
        ("dead", "list"),
        ("dead", "list", "--by", "reason"),
        ("tail", "--no-follow"),
    ):
        shown = command(database_url, *arguments).stdout
        assert not any(character < " " and character != "\n" for character in shown)
        assert "\x9b" not in shown
        assert "owned" in shown
    assert cell(hostile).isprintable()


SECRET = "correct horse"
MAIL = (
    b"From: =?utf-8?q?J=C3=B6rg?= <joerg@customer.example>\r\nReply-To: J\xc3\xb6rg <joerg@customer.example>\r\n"
    b"Subject: =?utf-8?q?ada=40cus?= =?utf-8?q?tomer=2Eexample_asks?=\r\nTo: support@localhost\r\n"
    b"DKIM-Signature: v=1; b=c2lnbmF0dXJl\r\nReceived: from 10.1.2.3\r\n"
    b"Content-Type: multipart/mixed; boundary=xx\r\n\r\n--xx\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n"
    + base64.b64encode("Grüße, call +49 30 1234567 or ada@customer.example".encode())
    + b"\r\n--xx\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + base64.b64encode(b"ada@customer.example in a file")
    + b"\r\n--xx--\r\n"
)


def exported(database_url: str, *arguments: str) -> Any:
    own = {"TICKETRELAY_SOURCES__PROM__KIND": "alertmanager", "TICKETRELAY_SOURCES__PROM__SECRET": SECRET}
    return said(command(database_url, "events", "export", *arguments, **own))


def test_an_export_is_the_delivery_as_it_arrived(ledger: Ledger, database_url: str) -> None:
    ledger.record([Delivery(inbound(b"\xff\x00", headers=(("x-a", "1"), ("x-a", "2")), query="a=1"))])
    ledger.record([Delivery(inbound('{"ä": 1}'.encode()))])
    binary, text = (exported(database_url, f"in-{row['id']}")[0] for row in rows(ledger, inbound_table))
    assert (binary["headers"], binary["query"]) == ([["x-a", "1"], ["x-a", "2"]], "a=1")
    assert (binary["body"], base64.b64decode(binary["body_base64"])) == (None, b"\xff\x00")
    assert (text["body"], text["body_base64"], text["redacted"]) == ('{"ä": 1}', None, False)


def test_a_redacted_export_holds_nobody_and_no_secret(ledger: Ledger, database_url: str) -> None:
    headers = (("x-slack-signature", "v0=abc"), ("x-ticketrelay-envelope-from", "joerg@customer.example"),
               ("x-forwarded-for", "10.1.2.3"), ("x-note", SECRET))  # fmt: skip
    ledger.record([Delivery(inbound(MAIL, headers=headers, query="token=abc&from=ada%40customer.example"))])
    (row,) = rows(ledger, inbound_table)
    (told,) = exported(database_url, f"in-{row['id']}", "--redact")
    mail = message_from_string(told["body"])
    (words, attachment) = (part.get_payload(decode=True) for part in mail.walk() if not part.is_multipart())
    everything = json.dumps(told, ensure_ascii=False) + str(words) + str(attachment) + str(mail.items())
    for private in ("customer", "10.1.2.3", "1234567", "abc", "c2lnbmF0dXJl", SECRET):
        assert private not in everything
    sender = dict(told["headers"])["x-ticketrelay-envelope-from"]
    assert parseaddr(mail["From"])[1] == sender == parseaddr(mail["Reply-To"])[1]
    assert mail["From"].startswith("=?utf-8?q?J=C3=B6rg?=")
    assert isinstance(words, bytes)
    assert "Grüße" in words.decode()


def test_a_pruned_delivery_says_that_its_body_is_not_kept(ledger: Ledger, database_url: str) -> None:
    ledger.record([delivery(opened())])
    command(database_url, "db", "prune")
    (row,) = rows(ledger, inbound_table)
    result = command(database_url, "events", "export", f"in-{row['id']}")
    assert result.exit_code == 1
    assert "KEEP_BODIES" in result.stderr

"""Comments of unknown cases wait until their case opens, and none is lost."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter
from sqlalchemy import select, update

from connectors import connector
from connectors.contract.events import Commented, Event, Reference, digest
from connectors.contract.messages import Inbound, Unverified
from worker.delivery.dispatch import Dispatch
from worker.intake.quarantine import StillUnreadable
from worker.intake.quarantine import retry as read_again
from worker.intake.reading import parse
from worker.ledger import ClockWatch, Delivery, Ledger, Limits, NoSuchDeadLetter, Terms
from worker.ledger.recording import recorder
from worker.ledger.recording import waiting as comments
from worker.ledger.schema.tables import inbound, pending, seen
from worker.planning.arrival import Rules, Waiting
from worker.planning.model import Policy, Treatment
from worker.settings import Source

from .builders import (
    NOON,
    ManualClock,
    at_once,
    commented,
    delivery,
    kinds_of,
    minute,
    opened,
    resolved,
    rows,
    rules_of,
)
from .conftest import MakeLedger
from .conversations import mail, name_of, story, take

pytestmark = pytest.mark.one_database

THREADS = 8
TEN_MINUTES_S = 600
TERMS = Terms(timedelta(seconds=60), timedelta(hours=23), timedelta(seconds=30), Limits(None, None))


def answer(message: str, to: str = "root", at: float = 1, **more: Any) -> Commented:
    """Build a comment that waits for the message that it answers; its text is its name."""
    fields: dict[str, Any] = {
        "text": message,
        "references": (Reference(name_of(to)),),
        "aliases": (name_of(message),),
        "occurred_at": minute(at),
    }
    return commented(f"chat:{message}", message, **(fields | more))


def root(name: str = "root") -> Event:
    return opened(f"chat:{name}", text=name, aliases=(name_of(name),))


def waiting(ledger: Ledger) -> list[str]:
    return [each["wanted"] for each in rows(ledger, pending)]


def notes(ledger: Ledger, key: str = "chat:root") -> list[str]:
    return [said for kind, said in story(ledger).get(key, []) if kind == "add_note"]


def reason_of(ledger: Ledger, number: int) -> str:
    (found,) = [each["reason"] for each in rows(ledger, inbound) if each["id"] == number]
    return str(found)


def test_a_comment_waits_for_its_case_and_leaves_nothing_else(ledger: Ledger) -> None:
    (recorded,) = take(ledger, answer("reply"))
    assert (recorded.outcome, recorded.effects[0].reason) == ("accepted", "the comment waits for its case")
    assert "the comment waits for its case" in reason_of(ledger, recorded.inbound_id)
    (kept,) = rows(ledger, pending)
    assert (kept["wanted"], kept["expires_at"]) == (name_of("root"), NOON + timedelta(minutes=10))
    assert story(ledger) == {}
    assert rows(ledger, seen) == []


def test_the_opening_takes_along_what_waits_for_it_in_the_order_in_which_it_was_said(ledger: Ledger) -> None:
    take(ledger, answer("third", at=3), answer("first", at=1), answer("of another", to="another"))
    take(ledger, answer("second", at=2), root())
    assert story(ledger)["chat:root"][0] == ("create_ticket", "root")
    assert notes(ledger) == ["first", "second", "third"]
    assert waiting(ledger) == [name_of("another")]


@pytest.mark.parametrize("together", [True, False], ids=["one delivery", "two deliveries of one batch"])
def test_an_opening_takes_along_what_came_before_it_in_its_own_batch(ledger: Ledger, together: bool) -> None:
    both = [answer("reply"), root()]
    ledger.record([delivery(*both)] if together else [delivery(each) for each in both])
    assert story(ledger) == {"chat:root": [("create_ticket", "root"), ("add_note", "reply")]}
    assert waiting(ledger) == []


def test_a_comment_without_references_waits_for_the_case_of_its_key(ledger: Ledger) -> None:
    take(ledger, commented("disk", "comment"), opened("disk"))
    assert kinds_of(ledger) == ["create_ticket", "add_note"]
    assert waiting(ledger) == []


def test_the_end_of_a_case_that_was_never_opened_takes_nothing_along(ledger: Ledger) -> None:
    take(ledger, commented("disk", "comment"), resolved("disk", end=0.5))
    ledger.pair_waiting()
    assert (kinds_of(ledger), waiting(ledger)) == ([], ["disk"])
    take(ledger, opened("disk", start=1))
    assert (kinds_of(ledger), waiting(ledger)) == (["create_ticket", "add_note"], [])


def test_a_comment_that_comes_eleven_times_waits_once_and_is_one_note(ledger: Ledger) -> None:
    take(ledger, *[answer("reply")] * 5)
    ledger.record([delivery(answer("reply")) for _ in range(6)])
    assert waiting(ledger) == [name_of("root")]
    assert len(rows(ledger, inbound)) == 11
    take(ledger, root())
    assert notes(ledger) == ["reply"]
    take(ledger, answer("reply"), root(), answer("reply"))
    ledger.pair_waiting()
    assert kinds_of(ledger) == ["create_ticket", "add_note"]
    assert waiting(ledger) == []


def test_two_hundred_replies_before_their_root_are_notes_in_order(ledger: Ledger) -> None:
    replies = [answer(f"reply {number}", at=number / 10) for number in range(200)]
    shuffled = random.Random(3).sample(replies, len(replies))  # noqa: S311 — an order, not a secret
    for start in range(0, len(shuffled), 20):
        ledger.record([delivery(each) for each in shuffled[start : start + 20]])
    assert len(waiting(ledger)) == 200
    take(ledger, root())
    assert notes(ledger) == [f"reply {number}" for number in range(200)]


def test_what_waits_for_a_comment_that_waited_follows_at_the_next_dispatch(ledger: Ledger) -> None:
    take(ledger, answer("reply to the reply", to="reply", at=2), answer("reply"), root())
    ledger.pair_waiting()
    assert notes(ledger) == ["reply", "reply to the reply"]
    assert waiting(ledger) == []


def test_a_comment_and_its_opening_in_two_processes_at_once_are_a_ticket_and_a_note(
    ledger: Ledger, make_ledger: MakeLedger
) -> None:
    other = make_ledger()
    for number in range(15):
        comment, opening = answer(f"reply {number}", to=f"root {number}"), root(f"root {number}")
        at_once(lambda: ledger.record([delivery(opening)]), lambda: other.record([delivery(comment)]))  # noqa: B023
    at_once(ledger.pair_waiting, other.pair_waiting)
    assert [kind for each in story(ledger).values() for kind, _ in each] == ["create_ticket", "add_note"] * 15
    assert waiting(ledger) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.postgresql
def test_a_comment_and_an_opening_that_could_not_see_each_other_are_brought_together_by_dispatch(
    ledger: Ledger, make_ledger: MakeLedger
) -> None:
    other = make_ledger()
    with ledger.database.write() as uncommitted:
        recorder.record(ledger.database, uncommitted, [delivery(answer("reply"))], Rules(Policy(), "A", b"key", NOON))
        take(other, root())
    assert (kinds_of(ledger), waiting(ledger)) == (["create_ticket"], [name_of("root")])
    assert ledger.pair_waiting() == frozenset()  # the ticket has to be created before
    assert notes(ledger) == ["reply"]
    ledger.pair_waiting()
    assert (notes(ledger), waiting(ledger)) == (["reply"], [])


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.postgresql
def test_a_comment_whose_case_is_known_is_not_dropped_however_long_nobody_looked(
    ledger: Ledger, make_ledger: MakeLedger, clock: ManualClock
) -> None:
    other = make_ledger()
    with ledger.database.write() as uncommitted:
        recorder.record(ledger.database, uncommitted, [delivery(answer("reply"))], Rules(Policy(), "A", b"key", NOON))
        take(other, root())
    clock.advance(hours=1)
    Dispatch(ledger, lambda _: None, lambda _: 0, rules_of()).once()
    assert (notes(ledger), waiting(ledger)) == (["reply"], [])


def test_a_comment_that_waited_in_vain_is_dropped_and_its_delivery_says_so(ledger: Ledger, clock: ManualClock) -> None:
    (recorded,) = take(ledger, answer("reply"))
    clock.advance(seconds=TEN_MINUTES_S - 1)
    ledger.pair_waiting()
    assert waiting(ledger) == [name_of("root")]
    clock.advance(seconds=1)
    ledger.pair_waiting()
    assert waiting(ledger) == []
    assert reason_of(ledger, recorded.inbound_id) == "dropped: its case was not opened within 10 minutes"
    take(ledger, root())
    assert notes(ledger) == []


def test_a_comment_that_was_dropped_counts_when_it_comes_again(ledger: Ledger, clock: ManualClock) -> None:
    take(ledger, answer("reply"))
    clock.advance(seconds=TEN_MINUTES_S)
    ledger.pair_waiting()
    take(ledger, answer("reply"), root())
    assert notes(ledger) == ["reply"]


def test_a_comment_that_was_recorded_in_another_case_while_it_waited_has_no_second_effect(ledger: Ledger) -> None:
    nearer = (Reference(name_of("root")), Reference(name_of("another")))
    take(ledger, answer("reply", references=nearer), root("another"), answer("reply", references=nearer))
    assert notes(ledger, "chat:another") == ["reply"]
    take(ledger, root())
    ledger.pair_waiting()
    assert story(ledger)["chat:root"] == [("create_ticket", "root")]
    assert (notes(ledger, "chat:another"), waiting(ledger)) == (["reply"], [])


def test_processes_that_let_the_same_comments_wait_in_other_orders_do_not_block_each_other(
    ledger: Ledger, make_ledger: MakeLedger
) -> None:
    comments = [answer(f"reply {number}", at=number / 10) for number in range(120)]

    def work(seed: int) -> None:
        own = make_ledger()
        choose = random.Random(seed)  # noqa: S311 — an order, not a secret
        own.record([delivery(each) for each in choose.sample(comments, len(comments))])

    for _ in range(3):
        at_once(*(lambda seed=seed: work(seed) for seed in range(THREADS)))
        with ledger.database.write() as connection:
            assert len(connection.execute(select(pending)).all()) == len(comments)
            connection.execute(pending.delete())
    at_once(*(lambda seed=seed: work(seed) for seed in range(THREADS)), lambda: take(make_ledger(), root()))
    ledger.pair_waiting()
    assert sorted(notes(ledger)) == sorted(each.text for each in comments)
    assert waiting(ledger) == []


def mail_source() -> dict[str, Source]:
    code = connector("email")
    settings = code.settings.model_validate({"secret": "s3cret", "address": "support@example.net"})
    return {"prom": Source("prom", code, settings)}


def raw_mail(message_id: str, *headers: str) -> bytes:
    lines = (f"Message-ID: <{message_id}@customer.example>", "From: ada@customer.example", "To: support@example.net")
    return "\r\n".join(
        (*lines, "Date: Fri, 20 Feb 2026 12:00:00 +0000", "Subject: Toner", *headers, "", "Text", "")
    ).encode()


def read(body: bytes) -> Delivery:
    arrived = Inbound("prom", NOON, body)
    return Delivery(arrived, parse(mail_source()["prom"], Unverified(arrived)))


def test_an_automatic_answer_to_nothing_known_is_kept_until_its_case_is_known_and_a_person_tries_again(
    ledger: Ledger,
) -> None:
    automatic = raw_mail("auto", "In-Reply-To: <first@customer.example>", "Auto-Submitted: auto-replied")
    ((recorded,), _) = ledger.record([read(automatic)])
    dead_letter = f"in-{recorded.inbound_id}"
    assert (recorded.outcome, recorded.reason) == ("quarantined", "the case is not known")
    assert [each.id for each in ledger.list_dead()] == [dead_letter]
    with pytest.raises(StillUnreadable, match="not known"):
        read_again(ledger, mail_source(), dead_letter)
    ledger.record([read(raw_mail("first"))])
    again = read_again(ledger, mail_source(), dead_letter)
    assert again is not None
    assert (again.inbound_id, again.outcome) == (recorded.inbound_id, "accepted")
    assert kinds_of(ledger) == ["create_ticket", "add_note"]
    assert ledger.list_dead() == []
    with pytest.raises(NoSuchDeadLetter):
        read_again(ledger, mail_source(), dead_letter)
    ((repeated,), _) = ledger.record([read(automatic)])
    assert repeated.outcome == "accepted"
    assert kinds_of(ledger) == ["create_ticket", "add_note"]


TREATED = Treatment(Policy(reopen_window=timedelta(hours=2), on_resolve="note"))


def of_version(ledger: Ledger, column: str, version: int) -> None:
    """Write the stored comment as that version would."""
    with ledger.database.write() as connection:
        (kept,) = connection.execute(select(pending)).mappings()
        document = json.loads(kept[column]) | {"v": version}
        connection.execute(update(pending).values({column: json.dumps(document)}))


def treated(event: Event) -> Delivery:
    return replace(delivery(event), treatments=(TREATED,))


@pytest.mark.parametrize("column", ["event", "treatment"])
def test_a_comment_that_a_later_version_wrote_waits_for_a_process_that_can_read_it(ledger: Ledger, column: str) -> None:
    ((recorded,), _) = ledger.record([treated(answer("reply"))])
    of_version(ledger, column, 2)
    take(ledger, root())
    ledger.pair_waiting()
    assert (waiting(ledger), notes(ledger)) == ([name_of("root")], [])
    assert "of version 2 is left alone" in reason_of(ledger, recorded.inbound_id)
    of_version(ledger, column, 1)
    ledger.pair_waiting()
    assert (waiting(ledger), notes(ledger)) == ([], ["reply"])


def test_what_was_decided_about_a_comment_is_read_by_the_version_before_and_from_it(ledger: Ledger) -> None:
    """The version before reads the document in this form, and writes it without a version."""
    ledger.record([treated(answer("reply"))])
    (kept,) = rows(ledger, pending)
    adapter = TypeAdapter(Treatment)
    assert json.loads(kept["treatment"])["v"] == 1
    assert adapter.validate_json(kept["treatment"]) == TREATED
    with ledger.database.write() as connection:
        connection.execute(update(pending).values(treatment=adapter.dump_json(TREATED).decode()))
    take(ledger, root())
    assert notes(ledger) == ["reply"]


def test_a_comment_whose_renamed_message_is_known_in_another_case_has_its_effect_there(ledger: Ledger) -> None:
    """The comment still waits, although its id was used for another message in the case that it waits for."""
    first = answer("reply", other_words="message")
    again = replace(first, text="other words", content_digest=digest("other words"))
    take(ledger, mail("root"), first, opened("elsewhere", message=digest("reply", again.content_digest)))
    with ledger.database.write() as connection:
        comment = Waiting("prom", name_of("root"), again, inbound_id=2)
        comments.keep(ledger.database, connection, [comments.row(comment, NOON)])
    ledger.pair_waiting()
    assert rows(ledger, pending) == []
    assert [kind for kind, _ in story(ledger)["mail:root"]] == ["create_ticket", "add_note"]


@pytest.mark.parametrize("hours", [1.0, -1.0])
@pytest.mark.parametrize("told", ["before the step", "after the step"])
def test_a_comment_waits_as_long_as_ever_though_the_clock_is_set(
    ledger: Ledger, clock: ManualClock, hours: float, told: str
) -> None:
    watch = ClockWatch(lambda: 0.0)
    ledger.look_at_clock(TERMS, watch)
    if told == "before the step":
        take(ledger, answer("reply"))
    clock.advance(hours=hours)
    if told == "after the step":
        take(ledger, answer("reply"))
    assert ledger.look_at_clock(TERMS, watch) is not None
    ledger.pair_waiting()
    ledger.job_store.mend_clock(timedelta(0), timedelta(0))
    clock.advance(seconds=TEN_MINUTES_S - 1)
    ledger.pair_waiting()
    assert waiting(ledger) == [name_of("root")]
    clock.advance(seconds=1)
    ledger.pair_waiting()
    assert waiting(ledger) == []


def test_no_comment_is_dropped_by_a_clock_that_was_set_since_the_last_look(ledger: Ledger, clock: ManualClock) -> None:
    watch = ClockWatch(lambda: 0.0)
    ledger.look_at_clock(TERMS, watch)
    take(ledger, answer("reply"))
    clock.advance(hours=1)
    ledger.pair_waiting(watch)
    assert waiting(ledger) == [name_of("root")]
    assert ledger.look_at_clock(TERMS, watch) is not None

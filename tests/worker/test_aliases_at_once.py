"""Several processes take mails that answer each other at the same moment: no reply is lost or doubled."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from connectors.contract.events import Event
from tests.acceptance.processes import wait_until
from worker.ledger import Ledger
from worker.ledger.recording import recorder
from worker.ledger.schema.tables import aliases, cases, operations

from .builders import at_once, delivery, kinds_of, rows, waits_for_a_lock
from .conftest import MakeLedger
from .conversations import ADA, BOB, mail, story

THREADS = 8


def test_a_mail_and_its_reply_in_two_processes_are_one_ticket_and_a_note(
    ledger: Ledger, make_ledger: MakeLedger
) -> None:
    other = make_ledger()
    for number in range(15):
        root = mail(f"root {number}", cc=[BOB])
        reply = mail(f"reply {number}", to=[f"root {number}"], author=BOB, cc=[ADA])
        at_once(lambda: ledger.record([delivery(root)]), lambda: other.record([delivery(reply)]))  # noqa: B023
    told = story(ledger)
    assert [[kind for kind, _ in each] for each in told.values()] == [["create_ticket", "add_note"]] * 15
    assert {said for each in told.values() for _, said in each} == {
        f"{what} {number}" for what in ("root", "reply") for number in range(15)
    }


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.postgresql
def test_a_reply_whose_root_another_process_has_just_recorded_is_a_note_there(
    ledger: Ledger, make_ledger: MakeLedger
) -> None:
    """Neither transaction sees the other. The second waits for the unique name, and begins again."""
    other = make_ledger()
    reply = mail("reply", to=["root"], author=BOB)
    with ThreadPoolExecutor(1) as pool:
        with other.database.write() as connection:
            rules = other.rules.read(other.database, connection)
            recorder.record(other.database, connection, [delivery(mail("root", cc=[BOB]))], rules)
            later = pool.submit(lambda: ledger.record([delivery(reply)]))
            wait_until(lambda: later.done() or waits_for_a_lock(other), "waiting for the name")
        later.result(30)
    assert [[kind for kind, _ in each] for each in story(ledger).values()] == [["create_ticket", "add_note"]]


def test_a_mail_that_two_processes_get_with_different_neighbours_has_one_effect(
    ledger: Ledger, make_ledger: MakeLedger
) -> None:
    other = make_ledger()
    for number in range(15):
        mails = [mail(f"{each} {number}", to=[f"root {number}"], cc=[ADA]) for each in ("one", "two", "three")]
        at_once(
            lambda: ledger.record([delivery(each) for each in mails]),  # noqa: B023
            lambda: other.record([delivery(each) for each in reversed(mails)]),  # noqa: B023
        )
    assert Counter(kinds_of(ledger)) == {"create_ticket": 15, "add_note": 30}


def test_eight_processes_with_overlapping_names_neither_block_nor_lose_nor_double(
    ledger: Ledger, make_ledger: MakeLedger
) -> None:
    choose = random.Random(1)  # noqa: S311 — an order, not a secret
    names = [f"mail {number}" for number in range(40)]
    mails: list[Event] = [
        mail(name, to=choose.sample(names[:place], min(place, choose.randint(0, 3))))
        for place, name in enumerate(names)
    ]

    def work(seed: int) -> None:
        own = make_ledger()
        order = random.Random(seed)  # noqa: S311 — an order, not a secret
        for _ in range(2):
            shuffled = order.sample(mails, len(mails))
            for start in range(0, len(shuffled), 8):
                own.record([delivery(each) for each in shuffled[start : start + 8]])

    at_once(*(lambda seed=seed: work(seed) for seed in range(THREADS)))
    said = Counter(text for each in story(ledger).values() for _, text in each)
    assert said == dict.fromkeys(names, 1)
    assert len({each["idempotency_key"] for each in rows(ledger, operations)}) == len(names)
    assert {each["alias"] for each in rows(ledger, aliases)} == {f"id:{name}" for name in names}
    assert {each["case_id"] for each in rows(ledger, aliases)} <= {each["id"] for each in rows(ledger, cases)}

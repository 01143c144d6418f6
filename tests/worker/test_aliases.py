"""Aliases: the case of a message that refers to another one, and who may add to a case by knowing its alias."""

from __future__ import annotations

from typing import Any

import pytest

from worker.ledger import Ledger
from worker.ledger.schema.tables import aliases, cases, participants
from worker.planning.model import Recurrence

from .builders import case_row, commented, deliver_all, delivery, kinds_of, opened, resolved, rows
from .conversations import ADA, BOB, EVE, mail, name_of, story, take


def people_of(ledger: Ledger, key: str) -> set[str]:
    case = case_row(ledger, key)["id"]
    return {each["name"] for each in rows(ledger, participants) if each["case_id"] == case}


def case_named(ledger: Ledger, message: str) -> str:
    """Return the key of the case with the alias of this mail."""
    keys = {each["id"]: each["key"] for each in rows(ledger, cases)}
    (found,) = [each["case_id"] for each in rows(ledger, aliases) if each["alias"] == name_of(message)]
    key: str = keys[found]
    return key


def test_a_reply_is_a_note_on_the_case_that_it_refers_to(ledger: Ledger) -> None:
    take(ledger, mail("root"), mail("reply", to=["root"]), mail("reply to it", to=["reply"]))
    notes = [("add_note", "reply"), ("add_note", "reply to it")]
    assert story(ledger) == {"mail:root": [("create_ticket", "root"), *notes]}


def test_a_reply_to_several_goes_to_the_first_that_is_known(ledger: Ledger) -> None:
    take(ledger, mail("one"), mail("two"), mail("reply", to=["unheard of", "two", "one"]))
    assert story(ledger)["mail:two"] == [("create_ticket", "two"), ("add_note", "reply")]
    assert story(ledger)["mail:one"] == [("create_ticket", "one")]


def test_the_first_case_that_a_name_was_given_to_keeps_it(ledger: Ledger) -> None:
    take(ledger, mail("one"), mail("two"))
    take(ledger, mail("reply", to=["one", "two"]), mail("next", to=["two"]), mail("last", to=["reply"]))
    assert [case_named(ledger, each) for each in ("one", "two", "reply")] == ["mail:one", "mail:two", "mail:one"]
    assert [said for _, said in story(ledger)["mail:one"]] == ["one", "reply", "last"]
    assert [said for _, said in story(ledger)["mail:two"]] == ["two", "next"]


def test_a_name_that_a_second_opening_claims_stays_with_the_first(ledger: Ledger) -> None:
    one, two = (opened(key, aliases=("shared",)) for key in ("one", "two"))
    ledger.record([delivery(one, two)])
    take(ledger, mail("reply", to=["shared"], references=(), aliases=("x",)))
    (kept,) = [each["case_id"] for each in rows(ledger, aliases) if each["alias"] == "shared"]
    assert kept == case_row(ledger, "one")["id"]


@pytest.mark.parametrize("together", ["one delivery", "two deliveries of one batch"])
@pytest.mark.parametrize("turned", [False, True], ids=["opening first", "reply first"])
def test_an_opening_and_its_reply_in_one_batch_are_one_ticket_and_a_note(
    ledger: Ledger, together: str, turned: bool
) -> None:
    both = [mail("root"), mail("reply", to=["root"], author=BOB, cc=[ADA])]
    both[0] = mail("root", cc=[BOB])
    if turned:
        both.reverse()
    ledger.record([delivery(*both)] if together == "one delivery" else [delivery(each) for each in both])
    first, second = (each.text for each in both)
    assert story(ledger) == {f"mail:{first}": [("create_ticket", first), ("add_note", second)]}


def test_a_mail_that_comes_after_its_reply_is_a_note_on_the_case_of_the_reply(ledger: Ledger) -> None:
    take(ledger, mail("reply", to=["root"], author=BOB, cc=[ADA], at=5), mail("root", author=ADA))
    assert story(ledger) == {"mail:reply": [("create_ticket", "reply"), ("add_note", "root")]}
    recorded = take(ledger, mail("root", author=ADA), mail("reply", to=["root"], author=BOB, cc=[ADA], at=5))
    assert [each.effects[0].recurrence for each in recorded] == [Recurrence.REPEAT] * 2
    assert kinds_of(ledger) == ["create_ticket", "add_note"]


def test_two_replies_that_come_before_what_they_answer_share_one_case(ledger: Ledger) -> None:
    replies = [mail("one", to=["root"], cc=[BOB]), mail("two", to=["root"], author=BOB)]
    take(ledger, *replies, mail("root"))
    assert story(ledger) == {"mail:one": [("create_ticket", "one"), ("add_note", "two"), ("add_note", "root")]}


def test_a_stranger_who_knows_a_name_opens_a_ticket_that_names_the_old_one(ledger: Ledger) -> None:
    take(ledger, mail("root"))
    deliver_all(ledger, "4711")
    take(ledger, mail("reply", to=["root"], author=EVE))
    assert story(ledger)["mail:root"] == [("create_ticket", "root")]
    ((kind, said),) = story(ledger)["mail:reply"]
    assert kind == "create_ticket"
    assert said.startswith("reply")
    assert "ticket 4711" in said


def test_what_a_stranger_is_told_of_a_ticket_without_a_number_is_that_there_was_something(ledger: Ledger) -> None:
    take(ledger, mail("root"), mail("reply", to=["root"], author=EVE))
    assert "an earlier message" in story(ledger)["mail:reply"][0][1]


def test_a_stranger_in_the_same_batch_as_the_opening_does_not_get_in_either(ledger: Ledger) -> None:
    ledger.record([delivery(mail("root"), mail("reply", to=["root"], author=EVE))])
    assert [kind for kind, _ in story(ledger)["mail:root"]] == ["create_ticket"]
    assert [kind for kind, _ in story(ledger)["mail:reply"]] == ["create_ticket"]


def test_who_was_turned_away_is_no_participant_afterwards(ledger: Ledger) -> None:
    take(ledger, mail("root"), mail("one", to=["root"], author=EVE), mail("two", to=["root"], author=EVE))
    assert [said for _, said in story(ledger)["mail:root"]] == ["root"]
    assert people_of(ledger, "mail:root") == {ADA}


def test_a_mail_without_an_author_takes_part_in_nothing(ledger: Ledger) -> None:
    take(ledger, mail("root", author=None), mail("reply", to=["root"], author=None))
    assert sorted(story(ledger)) == ["mail:reply", "mail:root"]


def test_a_stranger_goes_on_in_the_case_that_was_opened_for_them(ledger: Ledger) -> None:
    take(ledger, mail("root"), mail("one", to=["root"], author=EVE), mail("two", to=["one", "root"], author=EVE))
    assert [kind for kind, _ in story(ledger)["mail:one"]] == ["create_ticket", "add_note"]
    assert [kind for kind, _ in story(ledger)["mail:root"]] == ["create_ticket"]


def test_a_proven_reference_lets_anybody_in_and_in_they_stay(ledger: Ledger) -> None:
    take(ledger, mail("root"), mail("one", to=["root"], author=EVE, proven=True), mail("two", to=["root"], author=EVE))
    assert [said for _, said in story(ledger)["mail:root"]] == ["root", "one", "two"]
    assert people_of(ledger, "mail:root") == {ADA, EVE}


def test_whoever_is_written_to_or_copied_takes_part_from_then_on(ledger: Ledger) -> None:
    take(ledger, mail("root", cc=[BOB]), mail("one", to=["root"], author=BOB, cc=[EVE]))
    take(ledger, mail("two", to=["root"], author=EVE), mail("three", to=["root"], author="mallory@elsewhere.example"))
    assert [said for _, said in story(ledger)["mail:root"]] == ["root", "one", "two"]
    assert people_of(ledger, "mail:root") == {ADA, BOB, EVE}


def test_participants_grow_within_a_batch_as_they_do_between_batches(ledger: Ledger) -> None:
    chain = [
        mail("root", cc=[BOB]),
        mail("one", to=["root"], author=BOB, cc=[EVE]),
        mail("two", to=["one"], author=EVE),
    ]
    ledger.record([delivery(each) for each in chain])
    assert [said for _, said in story(ledger)["mail:root"]] == ["root", "one", "two"]
    assert people_of(ledger, "mail:root") == {ADA, BOB, EVE}


@pytest.mark.parametrize(
    ("opener", "author", "closes"),
    [(ADA, ADA, True), (ADA, EVE, False), (ADA, None, False), (None, None, False), (None, ADA, False)],
)
def test_where_the_opener_must_close_nobody_else_does(
    ledger: Ledger, opener: str | None, author: str | None, closes: bool
) -> None:
    take(ledger, opened(author=opener))
    (recorded,) = take(ledger, resolved(author=author, authority="opener"))
    assert kinds_of(ledger) == ["create_ticket", *(["close_ticket"] if closes else [])]
    assert case_row(ledger)["phase"] == ("closed" if closes else "open")
    if not closes:
        assert "may not close the case" in (recorded.effects[0].reason or "")


def test_the_opener_is_who_opened_it_and_not_who_reopened_it(ledger: Ledger) -> None:
    take(ledger, opened(author=ADA), resolved(author=ADA, authority="opener", end=10))
    take(ledger, commented(author=EVE, occurred_at=opened(start=20).occurred_at))
    take(ledger, resolved(author=EVE, authority="opener", end=30, message="by eve"))
    assert kinds_of(ledger) == ["create_ticket", "close_ticket", "reopen_ticket", "add_note"]
    take(ledger, resolved(author=ADA, authority="opener", end=40, message="by ada"))
    assert kinds_of(ledger)[-1] == "close_ticket"


def test_a_name_is_known_within_its_source_only(ledger: Ledger) -> None:
    take(ledger, mail("root"))
    ledger.record([delivery(mail("reply", to=["root"]), source="another")])
    assert {each["source"]: each["key"] for each in rows(ledger, cases)} == {
        "prom": "mail:root",
        "another": "mail:reply",
    }


def test_an_opening_of_a_case_that_was_named_before_it_was_opened_is_an_opening_still(ledger: Ledger) -> None:
    """The case's end came first and gave the case its alias; the opening refers to that alias of its own case."""
    known = opened().references + mail("disk").references
    take(ledger, resolved(end=10, aliases=(name_of("disk"),)))
    (recorded,) = take(ledger, opened(references=known, aliases=(name_of("disk"),)))
    assert kinds_of(ledger) == []
    assert recorded.effects[0].reason == "the end arrived before the opening"


def test_a_second_episode_of_a_case_that_refers_to_itself_is_an_episode_still(ledger: Ledger) -> None:
    itself: dict[str, Any] = {"references": mail("disk").references, "aliases": (name_of("disk"),)}
    take(ledger, opened(**itself), resolved(end=10), opened(start=600, **itself))
    assert kinds_of(ledger) == ["create_ticket", "close_ticket", "create_ticket"]
    assert case_row(ledger)["episode"] == 2

"""Compares the effects recorded by the Tickets API with those expected for the acknowledged events: once and in order.

Pure. The name of an effect holds its kind and the step of its case: `add_note s3 on s1` is the note of step s3 on the
ticket that step s1 created. The expectation is a list of such names for each case.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from worker.ledger.queue.joining import BETWEEN

REPEAT = re.compile(r"may be a repeat", re.IGNORECASE)
"""Text of a note that may have been added before (rule 5 of exactly-once delivery)."""

MARK = re.compile(r"\bstep: (s\d+)\b")
"""Text that names the step of the case."""

NO_CASE = "?"


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect as the checker uses it."""

    case: str
    name: str
    may_repeat: bool = False
    """The text states that the effect may have been done before."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Result of a comparison; all numbers except `effects` and `repeats` must be 0."""

    effects: int
    lost: int
    duplicated: int
    misordered: int
    unexpected: int
    repeats: int
    """Effects that were repeated and declared as such, which the engine is allowed to do."""
    wrong: tuple[str, ...] = field(default=(), compare=False)
    """Cases with wrong effects."""

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.duplicated or self.misordered or self.unexpected)

    def figures(self) -> dict[str, int]:
        return {name: value for name, value in asdict(self).items() if name != "wrong"}


def judge(expected: Mapping[str, Sequence[str]], effects: Iterable[Effect]) -> Verdict:
    """Compare each case: every name of `expected` must occur once, after the names before it."""
    of_case: dict[str, list[Effect]] = {case: [] for case in expected}
    for each in effects:
        of_case.setdefault(each.case, []).append(each)
    verdicts = {case: _judge_case(expected.get(case, ()), found) for case, found in of_case.items()}
    each_case = verdicts.values()
    return Verdict(
        effects=sum(each.effects for each in each_case),
        lost=sum(each.lost for each in each_case),
        duplicated=sum(each.duplicated for each in each_case),
        misordered=sum(each.misordered for each in each_case),
        unexpected=sum(each.unexpected for each in each_case),
        repeats=sum(each.repeats for each in each_case),
        wrong=tuple(case for case, each in verdicts.items() if not each.is_clean),
    )


def _judge_case(expected: Sequence[str], found: Sequence[Effect]) -> Verdict:
    first: dict[str, int] = {}
    duplicated = unexpected = repeats = 0
    for place, each in enumerate(found):
        if each.name not in expected:
            unexpected += 1
        elif each.name not in first:
            first[each.name] = place
        elif each.may_repeat:
            repeats += 1
        else:
            duplicated += 1
    places = [first[name] for name in expected if name in first]
    # An effect counts as misordered once, however many of its predecessors come after it.
    misordered = sum(place < max(places[:index], default=-1) for index, place in enumerate(places))
    return Verdict(len(found), len(expected) - len(first), duplicated, misordered, unexpected, repeats)


def observe(recorded: Iterable[Mapping[str, Any]]) -> list[Effect]:
    """Turn the records of the Tickets API (`/effects`) into effects.

    A create names its case in the last word of its subject; all other effects belong to the case of their ticket.
    """
    created: dict[str, tuple[str, str]] = {}
    effects = []
    for each in recorded:
        kind, ticket, body = each["kind"], str(each["ticket_id"]), str(each["body"])
        if kind == "create_ticket":
            created[ticket] = (json.loads(body)["subject"].split()[-1], _mark(body))
        case, step = created.get(ticket, (NO_CASE, "?"))
        for part in _parts(kind, body):
            mark = _mark(part)
            name = f"{kind} {mark}" if kind == "create_ticket" else f"{kind} {_what(kind, mark, body)}on {step}"
            effects.append(Effect(case, name, bool(REPEAT.search(body))))
    return effects


def _parts(kind: str, body: str) -> list[str]:
    """Return the notes that were joined into one; for other kinds the whole body."""
    return str(json.loads(body)["body"]).split(BETWEEN) if kind == "add_note" else [body]


def _mark(body: str) -> str:
    found = MARK.search(body)
    return found[1] if found else "?"


def _what(kind: str, mark: str, body: str) -> str:
    """Return what distinguishes an effect from others of its kind on its ticket; empty for a reopening."""
    if kind == "reopen_ticket":
        return ""
    return f"{json.loads(body).get('priority')} " if kind == "update_ticket" else f"{mark} "


def story(case: str, expected: Mapping[str, Sequence[str]], effects: Iterable[Effect]) -> str:
    """Format the expected and the actual effects of a case."""
    found = [each.name + (" (may be a repeat)" if each.may_repeat else "") for each in effects if each.case == case]
    return f"{case}\n  must be: {' | '.join(expected.get(case, ()))}\n  was:     {' | '.join(found)}"

"""Are the effects that the Tickets API recorded those that must follow from what was acknowledged, once, in order?

Pure. An effect has a name that says what it did and from which step of its case it came: `add_note s3 on s1` is the
note of step s3 on the ticket that step s1 created. What must follow is a list of such names for each case.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from worker.ledger.queue.joining import BETWEEN

REPEAT = re.compile(r"may be a repeat", re.IGNORECASE)
"""How a note says that it may have been added before (rule 5 of exactly-once delivery)."""

MARK = re.compile(r"\bstep: (s\d+)\b")
"""How a text says from which step of its case it came."""

NO_CASE = "?"


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect as the checker sees it."""

    case: str
    name: str
    may_repeat: bool = False
    """It says itself that it may have been done before."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the effects show; all but `effects` and `repeats` must be 0."""

    effects: int
    lost: int
    duplicated: int
    misordered: int
    unexpected: int
    repeats: int
    """Effects done again that say so: no fault of the engine, and not its silence."""
    wrong: tuple[str, ...] = field(default=(), compare=False)
    """The cases that are not as they must be."""

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.duplicated or self.misordered or self.unexpected)

    def figures(self) -> dict[str, int]:
        return {name: value for name, value in asdict(self).items() if name != "wrong"}


def judge(expected: Mapping[str, Sequence[str]], effects: Iterable[Effect]) -> Verdict:
    """Compare, case by case. Within a case every name of `expected` is there once, and after those before it."""
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
    # One that stands before any of those that it must follow is misordered, however many those are.
    misordered = sum(place < max(places[:index], default=-1) for index, place in enumerate(places))
    return Verdict(len(found), len(expected) - len(first), duplicated, misordered, unexpected, repeats)


def observe(recorded: Iterable[Mapping[str, Any]]) -> list[Effect]:
    """The records of the Tickets API (`/effects`) as effects.

    A create names its case in the last word of its subject; everything else belongs to the case of its ticket.
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
    """The notes that were folded into one; else the body as a whole."""
    return str(json.loads(body)["body"]).split(BETWEEN) if kind == "add_note" else [body]


def _mark(body: str) -> str:
    found = MARK.search(body)
    return found[1] if found else "?"


def _what(kind: str, mark: str, body: str) -> str:
    """What tells an effect from others of its kind on its ticket; a reopening says nothing of itself."""
    if kind == "reopen_ticket":
        return ""
    return f"{json.loads(body).get('priority')} " if kind == "update_ticket" else f"{mark} "


def story(case: str, expected: Mapping[str, Sequence[str]], effects: Iterable[Effect]) -> str:
    """What must have happened to a case, and what did."""
    found = [each.name + (" (may be a repeat)" if each.may_repeat else "") for each in effects if each.case == case]
    return f"{case}\n  must be: {' | '.join(expected.get(case, ()))}\n  was:     {' | '.join(found)}"

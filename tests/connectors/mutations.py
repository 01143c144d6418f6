"""Checks that every connector reads, remarks on or refuses every damaged but validly signed delivery.

    python3 -m tests.connectors.mutations --number 100000 --seed 1

The fixtures of each kind, broken in one to four places, are signed, verified and parsed. One line for each kind counts
the outcomes. The exit code is 1 if a delivery

- raised anything but a ConnectorError,
- was denied although it was signed, or
- had an item that became neither an event nor a remark.

The exit code is also 1 if fewer than a fifth of a kind's deliveries had events: then the mutations are too rough to
prove anything. `tests.acceptance.mutations` sends such deliveries through the whole intake, for mail and chat.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count, islice
from typing import Literal

from connectors import Fixture, connector, fixtures, kinds
from connectors.contract.messages import ConnectorError, Denied, Inbound, Parsed
from tests.connectors.mutate import mutations
from tests.connectors.sealing import KEYS, NEEDED, SAYS_NOTHING, SEALED, proof, sealed

Outcome = Literal["events", "ignored", "unreadable", "refused", "denied", "unaccounted", "raised"]
OUTCOMES: tuple[Outcome, ...] = ("events", "ignored", "unreadable", "refused", "denied", "unaccounted", "raised")
FAILURES: tuple[Outcome, ...] = ("denied", "unaccounted", "raised")

NOW = datetime(2026, 3, 14, 3, tzinfo=UTC)
LEAST_SHARE = 0.2
EVENTFUL = 0.85
"""The share of mutations made from fixtures with events."""

ITEMS = {"alertmanager": "alerts", "grafana": "alerts"}
"""Field of a kind's payload that lists the items; each item must become an event or a remark.

For other kinds, the delivery is the only item.
"""


WITHIN = {"cloudwatch": "Message", "ses": "Message"}
"""Field of a kind's payload whose text is another document; two of three mutations damage that document."""


@dataclass(frozen=True, slots=True)
class Case:
    """One damaged delivery and its outcome."""

    kind: str
    body: bytes
    outcome: Outcome
    error: str = ""


def run(kind: str, *, number: int, seed: int) -> Iterator[Case]:
    """Yield `number` damaged deliveries of a kind with their outcomes; the same seed gives the same deliveries."""
    for fixture, body in islice(damaged(kind, seed), number):
        yield _tried(kind, fixture, body)


def damaged(kind: str, seed: int) -> Iterator[tuple[Fixture, bytes]]:
    """Yield fixtures of the kind with damaged bodies, without end; the same seed gives the same bodies."""
    known = list(fixtures(kind).values())
    eventful = [each for each in known if each.expected.get("events")]
    chance = random.Random(seed)  # noqa: S311
    for number in count(seed * 1_000_003):
        fixture = chance.choice(eventful if chance.random() < EVENTFUL else known)
        yield fixture, _damaged(kind, fixture.body, number)


def _damaged(kind: str, body: bytes, seed: int) -> bytes:
    damage: Literal["lines", "json"] = "lines" if kind in ("email", "mailgun") else "json"
    document = json.loads(body) if kind in WITHIN else {}
    inner = document.get(WITHIN.get(kind)) if seed % 3 else None
    (damaged,) = mutations([inner.encode() if inner else body], kind=damage, seed=seed, count=1)
    if not inner:
        return damaged
    return json.dumps(document | {WITHIN[kind]: damaged.decode("utf-8", "replace")}).encode()


def _tried(kind: str, fixture: Fixture, body: bytes) -> Case:
    code = connector(kind)
    wanted = {"secret": "s3cret", **NEEDED.get(kind, {}), **fixture.expected.get("settings", {})}
    settings = code.settings.model_validate(wanted)
    whole = sealed(kind, body)
    if kind in SEALED and whole == body:
        return Case(kind, body, "refused", "its proof stands in it, and it is too broken for one")
    try:
        headers = fixture.headers | proof(kind, whole, settings, NOW)
        lower = tuple((name.lower(), value) for name, value in headers.items())
        verdict = code.verify(Inbound("prod", NOW, whole, lower), settings, NOW, KEYS)
        if isinstance(verdict, Denied):
            return Case(kind, whole, "refused" if kind in NEEDED else "denied", verdict.reason)
        parsed = code.parse(verdict, settings)
    except ConnectorError as error:
        return Case(kind, whole, "refused", str(error))
    except Exception as error:  # noqa: BLE001 — finding any error is the purpose of this program
        return Case(kind, whole, "raised", f"{type(error).__name__}: {error}")
    return Case(kind, whole, _outcome(kind, whole, parsed))


def _outcome(kind: str, body: bytes, parsed: Parsed) -> Outcome:
    said = len(parsed.events) + len(parsed.unreadable)
    if kind in ITEMS:
        items = json.loads(body.decode("utf-8-sig"))[ITEMS[kind]]
        if said != len(items):
            return "unaccounted"
    elif not said and not parsed.ignored and parsed.reply is None:
        return "unaccounted"
    if parsed.events:
        return "events"
    return "unreadable" if parsed.unreadable else "ignored"


def is_clean(outcomes: Counter[Outcome]) -> bool:
    """Return True if no delivery failed and enough of them had events."""
    failed = sum(outcomes[each] for each in FAILURES)
    return failed == 0 and outcomes["events"] >= LEAST_SHARE * outcomes.total()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=10_000, help="deliveries, shared out to the kinds")
    parser.add_argument("--seed", type=int, default=1)
    readable = [each for each in kinds() if each not in SAYS_NOTHING]
    parser.add_argument("--kind", choices=readable, help="of this kind only")
    given = parser.parse_args()
    chosen = [given.kind] if given.kind else readable
    clean = True
    sys.stdout.write(f"{'kind':14}" + "".join(f"{each:>12}" for each in OUTCOMES) + "\n")
    for kind in chosen:
        outcomes: Counter[Outcome] = Counter()
        for case in run(kind, number=given.number // len(chosen), seed=given.seed):
            outcomes[case.outcome] += 1
            if case.outcome in FAILURES and outcomes[case.outcome] <= 3:
                sys.stdout.write(f"{kind}: {case.outcome}: {case.error}\n  {case.body[:500]!r}\n")
        clean = clean and is_clean(outcomes)
        sys.stdout.write(f"{kind:14}" + "".join(f"{outcomes[each]:>12}" for each in OUTCOMES) + "\n")
    sys.stdout.write("clean\n" if clean else "NOT clean\n")
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())

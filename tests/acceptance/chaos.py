"""Does every acknowledged alert become exactly one ticket, whatever is killed and whatever the Tickets API does?

    python3 dev.py chaos --events 500 --kills 5 --seed 1

Alerts fire and resolve while the process is killed with -9 and the Tickets API cuts connections, answers 500 and 503,
and takes its time. A source that gets no 2xx sends again, as real ones do. At the end everything is sent once more.
What the API saw, in order, is then compared with what was acknowledged. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.acceptance.processes import QUICK, Embedded, alert, body, resolved

FAULTS: tuple[dict[str, Any], ...] = (
    {"action": "reset", "when": "before", "probability": 0.03},
    {"action": "reset", "when": "after", "probability": 0.03},
    {"action": "status", "when": "after", "status": 500, "probability": 0.03},
    {"action": "status", "status": 503, "retry_after": 1, "probability": 0.03},
    {"action": "truncate", "probability": 0.02},
    {"action": "latency", "when": "before", "seconds": 0.3, "probability": 0.05},
    {"action": "latency", "when": "after", "seconds": 1.5, "probability": 0.01},
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the effects of a run show; everything but `events`, `effects` and `faults` must be 0."""

    events: int
    effects: int
    faults: int
    lost: int
    duplicated: int
    misordered: int
    unexpected: int


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect as the checker sees it."""

    kind: str
    case: str
    """The fingerprint that it is about."""


def judge(fired: Sequence[str], ended: Sequence[str], effects: Sequence[Effect], faults: int) -> Verdict:
    """Compare effects, in order, with what was acknowledged: each of `fired` is created once, each of `ended` closed
    once and after that."""
    wanted = {("create_ticket", case) for case in fired} | {("close_ticket", case) for case in ended}
    first: dict[tuple[str, str], int] = {}
    duplicated = unexpected = 0
    for place, each in enumerate(effects):
        name = (each.kind, each.case)
        if name not in wanted:
            unexpected += 1
        elif name in first:
            duplicated += 1
        else:
            first[name] = place
    misordered = sum(
        first.get(("create_ticket", case), len(effects)) > first[("close_ticket", case)]
        for case in ended
        if ("close_ticket", case) in first
    )
    return Verdict(
        events=len(fired) + len(ended),
        effects=len(effects),
        faults=faults,
        lost=len(wanted - first.keys()),
        duplicated=duplicated,
        misordered=misordered,
        unexpected=unexpected,
    )


def is_clean(verdict: Verdict) -> bool:
    return not (verdict.lost or verdict.duplicated or verdict.misordered or verdict.unexpected)


def run(folder: Path, *, events: int, kills: int, seed: int) -> Verdict:
    """One run against a `ticketrelay run` of its own in `folder`."""
    chance = random.Random(seed)  # noqa: S311 — a seeded run can be repeated
    alerts = [alert(fingerprint=f"{chance.getrandbits(64):016x}") for _ in range((events + 1) // 2)]
    stream = _stream(alerts, events, chance)
    kill_at = set(chance.sample(range(1, max(2, len(stream))), min(kills, max(1, len(stream) - 1))))
    embedded = Embedded(folder, QUICK)
    embedded.start()
    try:
        _add_faults(embedded, seed)
        for place, delivery in enumerate(stream):
            _deliver(embedded, delivery)
            if place in kill_at:
                embedded.kill()
                embedded.start()
                _add_faults(embedded, seed + place)
        embedded.wait_until_idle(patience=180)
        for delivery in stream:
            _deliver(embedded, delivery)
        embedded.wait_until_idle(patience=180)
        effects = _effects(embedded)
    finally:
        embedded.stop()
    fired = [each["fingerprint"] for delivery in stream for each in delivery if each["status"] == "firing"]
    ended = [each["fingerprint"] for delivery in stream for each in delivery if each["status"] == "resolved"]
    return judge(fired, ended, effects, faults=len(kill_at))


def _stream(alerts: list[dict[str, Any]], events: int, chance: random.Random) -> list[list[dict[str, Any]]]:
    """Deliveries of one to four alerts; each alert fires, and most resolve some time later."""
    waiting = [resolved(each) for each in alerts[: events - len(alerts)]]
    stream: list[list[dict[str, Any]]] = []
    fired: list[dict[str, Any]] = []
    for each in alerts:
        fired.append(each)
        if len(fired) >= chance.randint(1, 4):
            stream.append(fired)
            fired = []
        if waiting and chance.random() < 0.5 and _has_fired(waiting[0], stream):
            stream.append([waiting.pop(0)])
    return [*stream, *([fired] if fired else []), *([each] for each in waiting)]


def _has_fired(ended: dict[str, Any], stream: list[list[dict[str, Any]]]) -> bool:
    return any(each["fingerprint"] == ended["fingerprint"] for delivery in stream for each in delivery)


def _deliver(embedded: Embedded, delivery: list[dict[str, Any]]) -> None:
    """Send until it is acknowledged, as a source does."""
    for _ in range(50):
        try:
            if embedded.site.post(body(delivery)).status_code == 200:
                return
        except httpx.TransportError:
            continue
    raise AssertionError("not acknowledged in 50 tries")


def _add_faults(embedded: Embedded, seed: int) -> None:
    for number, rule in enumerate(FAULTS):
        embedded.site.add_fault(**rule, method="POST", path="/tickets", seed=seed * 100 + number)


def _effects(embedded: Embedded) -> list[Effect]:
    """The effects with the fingerprint that each is about: creates name it, the others go by the ticket."""
    case_of: dict[str, str] = {}
    found = []
    for each in embedded.site.effects():
        if each["kind"] == "create_ticket":
            case_of[each["ticket_id"]] = json.loads(each["body"])["subject"].split()[-1]
        found.append(Effect(each["kind"], case_of.get(each["ticket_id"], "?")))
    return found


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="dev.py chaos", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--events", type=int, default=500, help="how many alerts fire or resolve")
    parser.add_argument("--kills", type=int, default=5, help="how often everything is killed with -9")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    if options.events < 2 or options.kills < 0:
        parser.error("--events is at least 2, --kills at least 0")
    with tempfile.TemporaryDirectory() as folder:
        verdict = run(Path(folder) / "var", events=options.events, kills=options.kills, seed=options.seed)
    print(json.dumps(asdict(verdict)))
    return 0 if is_clean(verdict) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Sends damaged messages with valid signatures, and checks that each is answered and accounted for.

    python3 -m tests.acceptance.mutations --kind email --count 20000 --seed 1
    python3 -m tests.acceptance.mutations --kind chat --count 100000

The connector's fixtures, broken in one to four places each, go through the real HTTP edge over keep-alive connections
into a ledger of their own; nothing is delivered. Prints a line for each outcome, and JSON for each kind; `chat`
divides the number among all platforms. The exit code is 1 if an answer was 5xx, an error was logged, or a delivery
answered 2xx is missing in the ledger. It is also 1 if fewer than a fifth were events: the mutations are then too rough
to prove anything.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import httpx
import structlog.testing
from sqlalchemy import select

from connectors import Fixture, connector
from connectors.contract.messages import Inbound, Unverified
from tests.connectors.mutations import damaged
from tests.connectors.sealing import KEYS, NEEDED, proof, sealed
from tests.no_tls import NO_TLS
from tickets.listening import listen
from worker.intake.http import Edge, intake_app
from worker.intake.intake import Intake
from worker.intake.keys import Keyring
from worker.intake.listener import HttpThread
from worker.ledger import Ledger
from worker.ledger.schema.tables import inbound
from worker.runtime.metrics import Metrics
from worker.settings import Source

Kind = Literal["email", "slack", "teams", "teams_bot", "telegram", "discord"]
CHAT: tuple[Kind, ...] = ("slack", "teams", "teams_bot", "telegram", "discord")
SETTINGS: dict[Kind, dict[str, str]] = {"email": {"address": "support@example.net"}}

CONNECTIONS = 8
AT_ONCE = 1000  # bodies made before they are sent
MAX_BODY = 25 * 1024 * 1024
ERRORS_SHOWN = 20
LEAST_SHARE = 0.2  # of the deliveries must be events


class Outcome(NamedTuple):
    """Answer to one delivery."""

    status: int
    outcome: str
    """The recorded outcome in the answer (accepted, quarantined); `reply` if the platform requires another answer."""
    has_events: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """The last line of the output."""

    kind: str
    count: int
    answered_200: int
    answered_202: int
    answered_4xx: int
    answered_5xx: int
    with_events: int
    accounted_for: int
    """Deliveries that the ledger holds or has counted."""


def is_clean(verdict: Verdict, errors: int) -> bool:
    """True if nothing failed, every accepted delivery is recorded, and enough of them were events."""
    taken = verdict.answered_200 + verdict.answered_202
    answered = taken + verdict.answered_4xx + verdict.answered_5xx
    return (
        verdict.answered_5xx == errors == 0
        and answered == verdict.count
        and verdict.accounted_for == taken
        and verdict.with_events >= LEAST_SHARE * verdict.count
    )


def judge(kind: str, outcomes: Counter[Outcome], accounted_for: int) -> Verdict:
    """Return the verdict, from the answers and the number of deliveries in the ledger."""

    def answered(first: int, end: int) -> int:
        return sum(number for each, number in outcomes.items() if first <= each.status < end)

    return Verdict(
        kind=kind,
        count=outcomes.total(),
        answered_200=answered(200, 201),
        answered_202=answered(202, 203),
        answered_4xx=answered(400, 500),
        answered_5xx=answered(500, 600),
        with_events=sum(number for each, number in outcomes.items() if each.has_events),
        accounted_for=accounted_for,
    )


def run(kind: Kind, *, count: int, seed: int, folder: Path) -> tuple[Verdict, Counter[Outcome], list[str]]:
    """Send `count` damaged deliveries; returns the verdict, the outcomes, and the logged errors."""
    deliveries = islice(damaged(kind, seed), count)
    source = _source(kind)
    ledger = Ledger(f"sqlite:///{folder / 'ledger.db'}")
    ledger.upgrade()
    outcomes: Counter[Outcome] = Counter()
    numbers: set[int] = set()
    try:
        with _errors() as errors, _listening(ledger, source) as url, ExitStack() as stack:
            clients = [
                stack.enter_context(httpx.Client(base_url=url, timeout=60, trust_env=False, verify=NO_TLS))
                for _ in range(CONNECTIONS)
            ]
            pool = stack.enter_context(ThreadPoolExecutor(CONNECTIONS))
            while some := list(islice(deliveries, AT_ONCE)):
                shares = [some[start::CONNECTIONS] for start in range(CONNECTIONS)]
                for answers in pool.map(partial(_send, source), clients, shares):
                    outcomes.update(outcome for outcome, _ in answers)
                    numbers.update(number for _, number in answers if number is not None)
        return judge(kind, outcomes, _accounted_for(ledger, numbers)), outcomes, errors
    finally:
        ledger.close()


def _source(kind: Kind) -> Source:
    code = connector(kind)
    return Source(
        kind, code, code.settings.model_validate({"secret": "s3cret", **NEEDED.get(kind, {}), **SETTINGS.get(kind, {})})
    )


@contextmanager
def _listening(ledger: Ledger, source: Source) -> Iterator[str]:
    metrics = Metrics()
    intake = Intake(ledger, lambda _: None, metrics)
    # Microsoft's keys are those of the tests, without a network request.
    keyring = Keyring(httpx.MockTransport(lambda request: httpx.Response(200, content=KEYS[str(request.url)])))
    now = lambda: datetime.now(UTC)  # noqa: E731 — a clock
    app = intake_app(Edge(intake, ledger, lambda: {source.id: source}, metrics, MAX_BODY, now, keyring))
    listener = listen("127.0.0.1", 0)
    thread = HttpThread([(listener, app)])
    intake.start()
    thread.start()
    try:
        yield "http://{}:{}".format(*listener.getsockname())
    finally:
        thread.stop()
        intake.stop()


class _Errors(logging.Handler):
    """Collects errors that libraries log."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(f"{record.name}: {record.getMessage()}")


@contextmanager
def _errors() -> Iterator[list[str]]:
    """Collect all logged errors; complete at the end of the block."""
    handler = _Errors()
    logging.getLogger().addHandler(handler)
    try:
        with structlog.testing.capture_logs() as events:
            yield handler.texts
        handler.texts += [str(each) for each in events if each["log_level"] in ("error", "critical")]
    finally:
        logging.getLogger().removeHandler(handler)


def _send(
    source: Source, client: httpx.Client, deliveries: Sequence[tuple[Fixture, bytes]]
) -> list[tuple[Outcome, int | None]]:
    """Send the deliveries one after the other on one connection; returns each outcome and its delivery number."""
    whole = [(fixture, sealed(source.connector.kind, body)) for fixture, body in deliveries]
    return [_read(source, body, _post(source, client, fixture, body)) for fixture, body in whole]


def _post(source: Source, client: httpx.Client, fixture: Fixture, body: bytes) -> httpx.Response:
    headers = fixture.headers | proof(source.connector.kind, body, source.settings, datetime.now(UTC))
    return client.post(f"/in/{source.id}", content=body, headers=headers)


def _read(source: Source, body: bytes, answer: httpx.Response) -> tuple[Outcome, int | None]:
    is_json = answer.is_success and answer.headers.get("content-type") == "application/json"
    told: object = answer.json() if is_json else {}
    if not isinstance(told, dict) or "inbound" not in told:
        if not answer.is_success:
            return Outcome(answer.status_code, "refused", has_events=False), None
        return Outcome(answer.status_code, "a reply", has_events=_has_events(source, body)), None
    number = int(told["inbound"].removeprefix("in-"))
    return Outcome(answer.status_code, told["outcome"], has_events=told["events"] > 0), number


def _has_events(source: Source, body: bytes) -> bool:
    """True if the body gives events; an answer in the platform's own format does not show this."""
    inbound = Inbound(source.id, datetime.now(UTC), body)
    return bool(source.connector.parse(Unverified(inbound), source.settings).events)


def _accounted_for(ledger: Ledger, numbers: Set[int]) -> int:
    """The number of deliveries that the ledger holds or has counted, minus answered numbers missing in it."""
    with ledger.database.read() as connection:
        kept = {each.id: each.deliveries for each in connection.execute(select(inbound.c.id, inbound.c.deliveries))}
    held: int = sum(kept.values())
    return held - len(numbers - kept.keys())


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="mutations", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--kind", choices=[*get_args(Kind), "chat"], required=True, help="whose fixtures are broken")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    if options.count < 1:
        parser.error("--count is at least 1")
    chosen: tuple[Kind, ...] = CHAT if options.kind == "chat" else (options.kind,)
    return max([_told(kind, -(-options.count // len(chosen)), options.seed) for kind in chosen])


def _told(kind: Kind, count: int, seed: int) -> int:
    """Run and print one kind; returns the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        verdict, outcomes, errors = run(kind, count=count, seed=seed, folder=Path(folder))
    for each, number in outcomes.most_common():
        said = "with events" if each.has_events else "without events"
        sys.stdout.write(f"{number:>8}  {each.status}  {each.outcome:<12} {said}\n")
    for error in errors[:ERRORS_SHOWN]:
        sys.stdout.write(f"logged: {error}\n")
    sys.stdout.write(f"{json.dumps(asdict(verdict))}\n")
    sys.stdout.flush()
    return 0 if is_clean(verdict, len(errors)) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Counts the files, functions, returns and types that one message passes on its way to a ticket, by stage.

    python -m benchmarks.trace alert|mail [--json]

The message goes through one process: settings with one route, a ledger on SQLite, `Intake`, `Deliverer`, and the local
Tickets API on 127.0.0.1. A first message warms everything up (imports, caches, compiled statements). A second message
about something else is traced until its call is settled. Printed for each stage, and for all of them together:

    files      files of worker/, connectors/ and tickets/ (without tickets/server/) in which a function is called
    functions  functions and methods called in these files; comprehensions do not count
    returns    calls from another of these files into a file that was entered before in the stage. A call that comes
               back through a library counts; going on after a call, or after an await, does not
    types      classes of these packages with constructed instances: by an `__init__` in Python, a generated one
               included, or by pydantic's validation. A class without an `__init__`, as most exceptions, is not seen

A stage begins at its doors (`DOORS`). Listeners, the broker, and the hand-over of a message from one thread to the next
are left out. In the totals a file, function or type of several stages counts once. Times are not measured.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from benchmarks.parts.alerts import AUTHORIZATION, SECRET, alerts, body
from benchmarks.parts.processes import BenchmarkError
from benchmarks.parts.tracing import Doors, Passed, Tracer, total
from connectors.contract.messages import Denied, Inbound, Verified
from tickets.server import LocalTicketsApi, Options
from tickets.server.testing import running
from worker.delivery.deliverer import Deliverer
from worker.delivery.node import open_client
from worker.delivery.rules import Rules
from worker.delivery.sending import Sender
from worker.intake.intake import Intake
from worker.intake.reading import read, read_verified
from worker.intake.smtp import enveloped
from worker.ledger import Delivery, Ledger, open_ledger
from worker.planning.model import Kind
from worker.runtime.metrics import Metrics
from worker.settings import Settings, Source, load

ROOT = Path(__file__).resolve().parents[1]
PACKAGES, LEFT_OUT = ("worker", "connectors", "tickets"), "tickets.server"
DOORS: Doors = {
    "reading": (enveloped, read, read_verified),
    "recording": (Intake.take, Ledger.record),
    "claiming": (Deliverer.deliver,),
    "sending": (Sender.send,),
    "settling": (Ledger.settle,),
}
"""The functions at which each stage begins."""
ROUTES: list[dict[str, object]] = [{"name": "rest", "category": "monitoring", "reopen_window": "4h"}]
"""A route that matches every message, so that routing is passed."""
API_KEY = "ak_test_local"
PATIENCE_S, POLL_S = 60.0, 0.005
TRACED = range(2, 12)  # numbers of the messages that may be traced
ONLY_WARNINGS = 30  # the log level, as a number
COLUMNS = ("files", "functions", "returns", "types")

Read = Callable[[Source, int], Delivery | Denied]
"""Makes the message of that number, and reads it."""


def read_alert(source: Source, _number: int) -> Delivery | Denied:
    """Make an alert of Alertmanager, read as after a POST."""
    now = datetime.now(UTC)
    headers = tuple((name.lower(), value) for name, value in AUTHORIZATION.items())
    return read(source, Inbound(source.id, now, body([next(_alerts)]), headers), now)


def read_mail(source: Source, number: int) -> Delivery:
    """Make a customer's mail, read as after SMTP's DATA."""
    sender, recipient = f"ada{number}@customer.example", "support@example.net"
    mail = (
        f"From: Ada <{sender}>\r\nTo: Support <{recipient}>\r\nSubject: Printer {number} is out of toner\r\n"
        f"Date: Fri, 13 Mar 2026 17:04:10 +0100\r\nMessage-ID: <{number}.4711@mail.customer.example>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        f"Good afternoon,\r\n\r\nprinter {number} asks for black toner.\r\n\r\nThank you\r\nAda\r\n"
    )
    arrived = enveloped(source, mail.encode(), sender, [recipient], datetime.now(UTC))
    return read_verified(source, Verified(arrived))


@dataclass(frozen=True, slots=True)
class Message:
    """A kind of message: the settings of its source, and a function that makes and reads a message."""

    source: Mapping[str, object]
    read: Read


MESSAGES = {
    "alert": Message({"kind": "alertmanager", "secret": SECRET}, read_alert),
    "mail": Message({"kind": "email", "secret": SECRET, "address": "support@example.net"}, read_mail),
}
_alerts = alerts()


@dataclass(frozen=True, slots=True)
class Product:
    """The parts of one process that a message passes."""

    source: Source
    ledger: Ledger
    intake: Intake
    deliverer: Deliverer
    metrics: Metrics
    due: set[Kind]
    """Kinds of operation that became due by recording."""

    def take(self, message: Message, number: int) -> int:
        """Read and record one message, and deliver its operation; returns the number of attempts.

        On a busy machine a call may come too late for its token, and is postponed. Raises BenchmarkError.
        """
        delivery = message.read(self.source, number)
        if isinstance(delivery, Denied) or delivery.unreadable is not None:
            raise BenchmarkError(f"the message cannot be read: {delivery}")
        self.due.clear()
        before, begun, tries = self._settled(), 0, 0
        deadline = time.monotonic() + PATIENCE_S
        self.intake.take(delivery).result(PATIENCE_S)
        while self._settled()["done"] == before["done"]:
            tries += 1
            begun += sum(self.deliverer.deliver(kind) for kind in self.due)
            while True:
                if time.monotonic() > deadline:
                    raise BenchmarkError(f"not delivered: {tries} tries, settled: {dict(self._settled())}")
                time.sleep(POLL_S)
                if self._settled().total() >= before.total() + begun:
                    break
        return tries

    def _settled(self) -> Counter[str]:
        """Return the number of settled calls by outcome."""
        found: Counter[str] = Counter()
        for metric in self.metrics.attempts.collect():
            for sample in metric.samples:
                if sample.name.endswith("_total"):
                    found[sample.labels["outcome"]] += int(sample.value)
        return found


def product(stack: ExitStack, settings: Settings) -> Product:
    """Start the parts; the stack stops them in reverse order."""
    ledger = stack.enter_context(closing(open_ledger(settings)))
    ledger.upgrade()
    due: set[Kind] = set()
    metrics = Metrics()
    intake = Intake(ledger, due.update, metrics)
    deliverer = Deliverer(
        ledger,
        lambda: open_client(settings),
        Rules(settings.api, settings.timing, settings.policy.repeat_notes, lambda: settings),
        owner="trace",
        wake=lambda _: None,
        fraction=lambda: 0.5,
        metrics=metrics,
    )
    intake.start()
    stack.callback(intake.stop)
    deliverer.start()
    stack.callback(deliverer.stop, PATIENCE_S)
    return Product(settings.sources["traced"], ledger, intake, deliverer, metrics, due)


async def tickets_of(settings: Settings) -> int:
    """Return the number of tickets, by the API's own list."""
    async with open_client(settings) as client:
        return (await client.list_tickets(limit=1)).total


def trace(message: Message) -> dict[str, Passed]:
    """Deliver one message, then a traced one; returns the trace of the second by stage. Raises BenchmarkError.

    A message with a postponed call passes more than others do, so another message is traced instead.
    """
    tracer = Tracer(ROOT, PACKAGES, LEFT_OUT, DOORS)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ticketrelay-trace-")))
        api = stack.enter_context(LocalTicketsApi(Options(f"sqlite:///{folder / 'tickets.db'}")))
        environ = {
            "TICKETRELAY_API__URL": stack.enter_context(running(api)).base_url,
            "TICKETRELAY_API__KEY": API_KEY,
            "TICKETRELAY_LEDGER__URL": f"sqlite:///{folder / 'ledger.db'}",
        }
        settings = load(environ, overrides={"sources": {"traced": message.source}, "routes": ROUTES})
        with tracer.installed(), ExitStack() as parts:
            traced = product(parts, settings)
            traced.take(message, 1)
            for number in TRACED:
                tracer.begin()
                if traced.take(message, number) == 1:
                    break
            else:
                raise BenchmarkError("every call was put off: the machine is too busy")
        if (tickets := asyncio.run(tickets_of(settings))) != number:
            raise BenchmarkError(f"{number} messages became {tickets} tickets")
    return tracer.stages


def table(kind: str, counts: Mapping[str, Mapping[str, int]]) -> str:
    """Format a line for each stage, and one for all of them."""
    lines = [f"{kind:<10}" + "".join(f"{each:>11}" for each in COLUMNS)]
    lines += [f"{name:<10}" + "".join(f"{each[column]:>11}" for column in COLUMNS) for name, each in counts.items()]
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="dev.py trace", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", nargs="?", metavar="KIND", help=f"what is sent: {' or '.join(MESSAGES)}")
    parser.add_argument("--json", action="store_true", help="print one line of JSON instead of the table")
    options = parser.parse_args(arguments)
    if options.kind not in MESSAGES:
        print(f"dev.py trace: which one? There are: {', '.join(MESSAGES)}", file=sys.stderr)
        return 2
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(ONLY_WARNINGS))
    stages = trace(MESSAGES[options.kind])
    counts = {name: each.counts() for name, each in stages.items()}
    whole = total(stages.values()).counts()
    if options.json:
        print(json.dumps({"trace": options.kind, "stages": counts, "total": whole}))
    else:
        print(table(options.kind, counts | {"total": whole}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

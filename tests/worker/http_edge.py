"""An HTTP edge on a port of this machine, with a ledger and an HTTP client."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.routing import BaseRoute

from tests.no_tls import NO_TLS
from tickets.listening import listen
from worker.intake.http import Edge, intake_app
from worker.intake.intake import PATIENCE_S, Intake
from worker.intake.keys import Keyring
from worker.intake.listener import HttpThread
from worker.ledger import Ledger
from worker.ledger.schema.tables import inbound
from worker.runtime.gauges import metrics_of
from worker.settings import Settings, Source, load

from .builders import NOON, rows

SECRET = "correct horse"
BEARER = {"Authorization": f"Bearer {SECRET}"}
MAX_BODY = 10_000
ENVIRON = {
    "TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1",
    "TICKETRELAY_API__KEY": "ak_test_1",
    "TICKETRELAY_SOURCES__PROM__KIND": "alertmanager",
    "TICKETRELAY_SOURCES__PROM__SECRET": SECRET,
    "TICKETRELAY_SOURCES__PROM__MAX_ITEMS": "20",
    "TICKETRELAY_SERVER__GAUGES_EVERY": "0",
}


@dataclass(frozen=True, slots=True)
class Served:
    """A listener with a ledger and an HTTP client."""

    http: httpx.Client
    ledger: Ledger
    address: tuple[str, int]

    def post(self, body: bytes, **headers: str) -> httpx.Response:
        return self.http.post("/in/prom", content=body, headers=BEARER | headers)

    def stored(self) -> list[dict[str, Any]]:
        return rows(self.ledger, inbound)


@contextmanager
def serving(
    ledger: Ledger,
    *more: Source,
    keyring: Keyring | None = None,
    is_loopback: bool = False,
    patience: float = PATIENCE_S,
    beside: Sequence[BaseRoute] = (),
    shows_metrics: bool = True,
) -> Iterator[Served]:
    settings: Settings = load(ENVIRON)
    metrics = metrics_of(ledger, settings)
    intake = Intake(ledger, lambda _: None, metrics, patience=patience)
    sources = {**settings.sources, **{each.id: each for each in more}}
    edge = Edge(
        intake, ledger, lambda: sources, metrics, MAX_BODY, lambda: NOON, keyring or Keyring(), is_loopback=is_loopback
    )
    app = intake_app(edge, beside=beside, shows_metrics=shows_metrics)
    listener = listen("127.0.0.1", 0)
    address = listener.getsockname()
    thread = HttpThread([(listener, app)])
    intake.start()
    thread.start()
    try:
        with httpx.Client(
            base_url=f"http://{address[0]}:{address[1]}", timeout=30, trust_env=False, verify=NO_TLS
        ) as http:
            yield Served(http, ledger, address)
    finally:
        thread.stop()
        intake.stop()

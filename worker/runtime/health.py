"""Health probes and metrics of a process.

    GET /livez     200 while all parts of the process live; 503 with the names of the dead parts: restart the process
    GET /readyz    200 while the ledger can be used and written; 503: leave the process running, and send it no work
    GET /metrics   Prometheus' text format

Neither probe looks at the broker: a process does its work without the broker, too. Each has a thread of its own, so
that none waits for other requests, such as those that fetch a certificate.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from worker.ledger import Ledger, LedgerAway
from worker.runtime.metrics import Metrics

T = TypeVar("T")
PROBES = frozenset({"/livez", "/readyz", "/metrics"})

Parts = Mapping[str, Callable[[], bool]]
"""Indispensable parts of a process: name and check. A check returns True while the part lives. It may take seconds."""


def threads(*names: str) -> Parts:
    """Return parts that live as long as the threads of these names."""
    return {name: lambda name=name: any(each.name == name for each in threading.enumerate()) for name in names}  # type: ignore[misc]


def health_routes(
    ledger: Ledger, metrics: Metrics, parts: Parts | None = None, *, shows_metrics: bool = True
) -> list[BaseRoute]:
    """Return the routes `/livez` and `/readyz`, and `/metrics` unless `shows_metrics` is False."""
    needed = parts or {}
    alone = {path: ThreadPoolExecutor(1, thread_name_prefix=path.strip("/")) for path in PROBES}

    def dead_parts() -> list[str]:
        return sorted(name for name, lives in needed.items() if not lives())

    async def live(_: Request) -> Response:
        dead = await _in(alone["/livez"], dead_parts)
        return PlainTextResponse(f"parts that died: {', '.join(dead)}\n", 503) if dead else PlainTextResponse("alive\n")

    async def ready(_: Request) -> Response:
        try:
            is_usable = await _in(alone["/readyz"], ledger.is_usable)
            problem = await _in(alone["/readyz"], ledger.write_problem) if is_usable else None
        except LedgerAway as error:
            # The text of the error names hosts, and the listener may be public: it is in the log.
            return PlainTextResponse(f"the ledger cannot be used: {type(error).__name__}\n", 503)
        if not is_usable:
            return PlainTextResponse("the ledger has no tables, or those of another version\n", 503)
        if problem is not None:
            return PlainTextResponse(f"the ledger cannot be written: {problem}\n", 503)
        return PlainTextResponse("ready\n")

    async def show_metrics(_: Request) -> Response:
        text = await _in(alone["/metrics"], lambda: generate_latest(metrics.registry))
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    probes: list[BaseRoute] = [Route("/livez", live), Route("/readyz", ready)]
    return [*probes, Route("/metrics", show_metrics)] if shows_metrics else probes


async def _in(pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(pool, work)


def health_app(ledger: Ledger, metrics: Metrics, parts: Parts) -> Starlette:
    """Return the application of a process that has no other listener."""
    return Starlette(routes=health_routes(ledger, metrics, parts))

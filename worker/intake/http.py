"""The HTTP edge: `POST /in/<source>`, beside the probes of a process (`worker/runtime/health.py`).

request or message                           answer
in the ledger                                200 and its outcome
in quarantine: authentic, but unreadable     202 and the reason
not proven to come from a source, or         401, always the same; nothing is stored. A platform's request without
no such source                               proof and content is answered as the platform expects
no such source, on a loopback address, or    404
no such address
another method than POST                     405
over a limit                                 413
a content encoding (we take none)            415
the ledger cannot be used, or is behind;     503 with Retry-After: the sender comes again
its certificate cannot be fetched, or its
subscription not be confirmed, at present
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Receive, Scope, Send

from connectors.contract.messages import Denied, Inbound, OverLimit, Reply
from worker.intake.display_names import are_asked_for, with_display_names
from worker.intake.intake import Busy, Intake, Stopped
from worker.intake.keys import Keyring, Refused, Unreachable
from worker.intake.prompting import ask
from worker.intake.reading import NO_KEYS, TooLarge, read
from worker.intake.refusals import UNKNOWN, Refusals, comes_from_here, most_read, refusal
from worker.ledger import QUARANTINED, Delivery, Ledger, Recorded, storable
from worker.runtime.health import Parts, health_routes
from worker.runtime.metrics import Metrics
from worker.settings import Source

log = structlog.get_logger()

RETRY_AFTER_S = 5
PARSED_INLINE = 64 * 1024  # bytes; larger bodies are parsed in a thread, so that small ones need not wait
REASONS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Edge:
    """The parts that take deliveries over HTTP."""

    intake: Intake
    ledger: Ledger
    sources: Callable[[], Mapping[str, Source]]
    """Returns the present sources; called once a message."""
    metrics: Metrics
    max_body: int
    """Bytes, unless the source has its own limit."""
    clock: Callable[[], datetime]
    keyring: Keyring = field(default_factory=Keyring)
    """Fetches the certificates of senders."""
    is_loopback: bool = False
    """True for a listener that only this machine reaches: there, an unknown source is answered 404."""
    refusals: Refusals = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "refusals", Refusals(self.metrics))

    async def take(self, request: Request) -> Response:
        """Take one delivery in, and answer its sender. An unknown source is answered like a wrong secret."""
        sources, name = self.sources(), request.path_params["source"]
        source = sources.get(name)
        if source is None and self.is_loopback and comes_from_here(request):
            return self.refusals.not_found(name)
        if request.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
            return refusal(415, "content_encoding", "send the body without a content encoding")
        try:
            body = await _body(request, most_read(sources.values(), self.max_body))
            arrived = _inbound(name, request, body, self.clock())
            verdict = UNKNOWN if source is None else await self._verdict(source, arrived)
        except TooLarge as error:
            return refusal(413, "too_large", str(error))
        except OverLimit as error:
            return refusal(413, "too_many", str(error))
        except Unreachable:
            return _unavailable()
        except ClientDisconnect:
            return refusal(400, "incomplete", "the sender closed the connection before the message was complete")
        if source is None or isinstance(verdict, Denied):
            return self._refused(sources, arrived, verdict if isinstance(verdict, Denied) else UNKNOWN)
        return await self._recorded(source, verdict)

    def refuse_method(self, request: Request) -> Response:
        """Answer a request with another method than POST."""
        return self.refusals.wrong_method(request.path_params["source"], request.method)

    def refuse_address(self, request: Request) -> Response:
        """Answer a request for an address that does not exist."""
        return self.refusals.no_such_address(request.method, request.url.path)

    async def _verdict(self, source: Source, arrived: Inbound) -> Delivery | Denied:
        """Return the request's delivery, or its denial. Raises OverLimit, TooLarge, Unreachable."""
        limit, now = source.settings.max_body or self.max_body, arrived.received_at
        outside = source.connector.outside
        keys = NO_KEYS if outside is None else await self.keyring.keys(outside, arrived, source.settings)
        if len(arrived.body) <= PARSED_INLINE and not are_asked_for(source):
            return read(source, arrived, now, keys, max_body=limit)
        named = partial(with_display_names, self.ledger, source)
        return await run_in_threadpool(read, source, arrived, now, keys, named, limit)

    def _refused(self, sources: Mapping[str, Source], arrived: Inbound, denied: Denied) -> Response:
        """Answer a request without a proof. It does not matter which source it names."""
        kinds = {each.connector.kind: each.connector for each in sources.values()}
        replies = (each.unproven(arrived) for each in kinds.values())
        reply = next((each for each in replies if each is not None), None)
        return _written(reply) if reply is not None else self.refusals.unauthorized(arrived.source, denied)

    async def _recorded(self, source: Source, delivery: Delivery) -> Response:
        """Have the delivery recorded; then make the confirmation and the prompt that it asks for."""
        answer = await _record(self.intake, delivery)
        if answer.status_code == 200:
            answer = await _confirmed(self.keyring, source, delivery) or answer
        prompt = delivery.parsed.prompt
        if prompt is not None and answer.status_code == 200:
            answer.background = BackgroundTask(ask, source.id, prompt)
        return answer


def intake_app(
    edge: Edge, *, beside: Sequence[BaseRoute] = (), parts: Parts | None = None, shows_metrics: bool = True
) -> Starlette:
    """Return the ASGI application.

    `beside` are further routes on the same listener; `/livez` checks `parts`. Without `shows_metrics`, there is no
    `/metrics`: the listener may be public.
    """
    return Starlette(
        routes=[
            Route("/in/{source}", edge.take, methods=["POST"]),
            Route("/in/{source}", _WithAnyMethod(edge.refuse_method)),
            Mount("/in", _WithAnyMethod(edge.refuse_address)),
            *health_routes(edge.ledger, edge.metrics, parts, shows_metrics=shows_metrics),
            *beside,
            Mount("/", _WithAnyMethod(edge.refuse_address)),
        ]
    )


class _WithAnyMethod:
    """An endpoint for every method. Starlette answers a function's other methods itself, without a line in the log."""

    def __init__(self, answer: Callable[[Request], Response]) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._answer(Request(scope))(scope, receive, send)


async def _body(request: Request, limit: int) -> bytes:
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > limit:
        raise TooLarge(f"the body has more than {limit} bytes")
    parts = bytearray()
    async for part in request.stream():
        parts += part
        if len(parts) > limit:
            raise TooLarge(f"the body has more than {limit} bytes")
    return bytes(parts)


def _inbound(source_id: str, request: Request, body: bytes, now: datetime) -> Inbound:
    headers = tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in request.headers.raw)
    return Inbound(source=source_id, received_at=now, body=body, headers=headers, query=request.url.query)


async def _confirmed(ring: Keyring, source: Source, delivery: Delivery) -> Response | None:
    """Confirm a subscription when the delivery asks for it. Returns an answer when that failed, else None."""
    url, outside = delivery.parsed.confirm, source.connector.outside
    if url is None or outside is None:
        return None
    try:
        await ring.confirm(outside, url)
    except (Refused, Unreachable) as error:
        log.warning("subscription.not_confirmed", source=source.id, reason=str(error))
        return _unavailable()
    log.info("subscription.confirmed", source=source.id)
    return None


def _unavailable() -> JSONResponse:
    return refusal(
        503, "unavailable", "the message was not stored: send it again later", {"Retry-After": str(RETRY_AFTER_S)}
    )


async def _record(intake: Intake, delivery: Delivery) -> Response:
    try:
        recorded = await asyncio.wrap_future(intake.take(delivery))
    except (Busy, Stopped, SQLAlchemyError):
        return _unavailable()
    reply = delivery.parsed.reply
    if reply is not None and recorded.outcome != QUARANTINED:
        return _written(reply)
    return JSONResponse(_receipt(recorded, delivery), 202 if recorded.outcome == QUARANTINED else 200)


def _written(reply: Reply) -> Response:
    return Response(reply.body, reply.status, media_type=reply.content_type)


def _receipt(recorded: Recorded, delivery: Delivery) -> dict[str, object]:
    planned = [effect for effect in recorded.effects if effect.operations]
    nothing = [effect.reason for effect in recorded.effects if effect.reason]
    return {
        "inbound": f"in-{recorded.inbound_id}",
        "outcome": recorded.outcome,
        "reason": recorded.reason if recorded.outcome == QUARANTINED else None,
        "events": len(recorded.effects),
        "planned": len(planned),
        "without_effect": len(nothing),
        "reasons": sorted(set(nothing))[:REASONS_SHOWN],
        "ignored": [
            {"item": storable(each.item), "reason": storable(each.reason)}
            for each in delivery.parsed.ignored[:REASONS_SHOWN]
        ],
    }

"""ASGI application of the server: route, key, limit, scope, body, faults, one transaction, answer.

The application serves paths that begin with `/api/v1`. Mount it with `Mount("", api.app)`, behind more special
routes, or with `Mount("/api/v1", api.app)`.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from dataclasses import dataclass, replace

from starlette.datastructures import Headers
from starlette.routing import compile_path

from tickets.assumptions import IDEMPOTENCY_KEY_PATTERN
from tickets.server import idempotency
from tickets.server.calls import Call, Request, health, offered
from tickets.server.errors import HttpResponse, Refusal, invalid, not_found
from tickets.server.faults import NO_FAULT, FaultRule, Plan, answer_of
from tickets.server.openapi import document
from tickets.server.record import Entry
from tickets.server.revisions import render
from tickets.server.schemas import encode
from tickets.server.service import Parts, Service
from tickets.server.transport import Receive, Scope, Send, cut

PREFIX = "/api/v1"

_KEY = re.compile(IDEMPOTENCY_KEY_PATTERN)
_JSON = re.compile(r"application/([\w.+-]+\+)?json\s*(;.*)?", re.IGNORECASE | re.DOTALL)


class Disconnected(Exception):
    """The client disconnected before its request was complete; no answer is sent."""


@dataclass(frozen=True, slots=True)
class Match:
    """A matched path: its template, the value of `{id}`, and its calls by method."""

    template: str
    params: dict[str, str]
    calls: dict[str, Call]


def api_path(scope: Scope) -> str | None:
    """Return the path below `/api/v1`, however the application is mounted; None for any other path."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    if root and path.startswith(root):
        path = path[len(root) :]
    if root.endswith(PREFIX):
        return path
    return path.removeprefix(PREFIX) if path.startswith(PREFIX + "/") else None


async def read_body(receive: Receive, headers: Headers, most: int) -> bytes:
    """Read the whole body. Raises Refusal (413) as soon as the body is known to be too large, Disconnected."""
    declared = headers.get("content-length", "0")
    chunks: list[bytes] = []
    size = int(declared) if declared.isdecimal() else 0
    more = size <= most
    size = 0 if more else size
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        more = bool(message.get("more_body")) and size <= most
    if size > most:
        raise Refusal(413, f"the body is too large: it may have at most {most} bytes")
    return b"".join(chunks)


def idempotency_key(call: Call, headers: Headers) -> str | None:
    """Return the idempotency key of a request, None if missing. Raises Refusal (422) for an invalid key."""
    name = headers.get("idempotency-key")
    if name is None or not call.idempotent:
        return None
    if not _KEY.fullmatch(name):
        raise invalid("Idempotency-Key", "must be 1 to 255 printable ASCII characters without blanks", where="header")
    return name


def check_type(call: Call, headers: Headers, body: bytes) -> None:
    """Raise Refusal (415) for a body that is not declared as JSON."""
    if call.body is None or (not body and not call.body_required):
        return
    if not _JSON.fullmatch(headers.get("content-type", "").strip()):
        raise Refusal(415, "Content-Type must be application/json, or a type that ends in +json")


class TicketsApp:
    """The ASGI application; its state is in its parts."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._service = Service(parts)
        self._numbers = itertools.count(1)
        self._open = {
            "/health": health(parts.options),
            "/openapi.json": HttpResponse(200, encode(document(parts.options))),
        }
        self._routes: dict[str, tuple[re.Pattern[str], dict[str, Call]]] = {}
        for call in offered(parts.options):
            self._routes.setdefault(call.path, (compile_path(call.path)[0], {}))[1][call.method] = call

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"the Tickets API speaks HTTP, not {scope['type']}")
        headers = Headers(raw=scope["headers"])
        plan, template = NO_FAULT, "*"
        try:
            match = self._match(api_path(scope))
            template = match.template
            answer, plan = await self._answer(scope, receive, headers, match)
        except Refusal as refusal:
            answer = render(refusal, self._parts.options.revision)
        except Disconnected:
            return
        entry = Entry(
            self._parts.clock.us(),
            scope["method"],
            scope["path"],
            answer.status,
            self._service.owner(headers),
            headers.get("idempotency-key"),
        )
        self._parts.record.add(template, entry)
        request_id = f"req-{entry.at:x}-{next(self._numbers)}"
        answer = replace(answer, headers=(*answer.headers, ("x-request-id", request_id)))
        await deliver(answer, plan, scope, receive, send)

    def _match(self, path: str | None) -> Match:
        """Match a path to its calls. Raises Refusal (404)."""
        if path is None:
            raise not_found()
        if path in self._open:
            return Match(path, {}, {})
        for template, (pattern, calls) in self._routes.items():
            if found := pattern.match(path):
                return Match(template, found.groupdict(), calls)
        raise not_found()

    async def _answer(
        self, scope: Scope, receive: Receive, headers: Headers, match: Match
    ) -> tuple[HttpResponse, Plan]:
        """Answer a request. Raises Refusal for errors that no fault applies to: 401, 403, 405, 413, 429."""
        method: str = scope["method"]
        path = match.template.replace("{id}", match.params.get("id", ""))
        call = match.calls.get(method)
        if call is None and (match.calls or method != "GET"):
            allowed = ", ".join(sorted(match.calls) or ["GET"])
            raise Refusal(405, f"{path} allows only {allowed}", headers=(("allow", allowed),))
        owner = "" if call is None else self._service.admit(call, headers)
        body = await read_body(receive, headers, self._parts.options.max_body)
        plan = self._parts.faults.plan(method, PREFIX + path, body)
        try:
            if call is None:
                await asyncio.sleep(plan.pause_before)
                return self._instead(self._open[path], plan), plan
            check_type(call, headers, body)
            name = idempotency_key(call, headers)
            request = Request(
                options=self._parts.options,
                now=0,
                body=body,
                params=match.params,
                query=scope["query_string"].decode("latin-1"),
                key=name,
                search_lag=plan.search_lag,
            )
            key = None
            if name is not None:
                key = idempotency.Key(owner, name, idempotency.fingerprint(method, path, body))
            answer = await self._service.perform(call, request, key, plan)
            return self._instead(answer, plan), plan
        except Refusal as refusal:
            return render(refusal, self._parts.options.revision), plan

    def _instead(self, answer: HttpResponse, plan: Plan) -> HttpResponse:
        """Return the answer, or the status that a fault rule puts in its place."""
        rule = plan.rule
        return answer_of(rule, self._parts.options.revision) if rule is not None and rule.action == "status" else answer


async def deliver(answer: HttpResponse, plan: Plan, scope: Scope, receive: Receive, send: Send) -> None:
    """Send the answer, changed as the plan requires."""
    if plan.pause_after:
        await asyncio.sleep(plan.pause_after)
    rule = plan.rule
    if rule is None or rule.action == "status":
        await _start(answer, send)
        await send({"type": "http.response.body", "body": answer.body})
    elif rule.action == "reset":
        await cut(scope, receive, send, begun=False, reset=True)
    elif rule.action == "truncate":
        await _start(answer, send)
        half = answer.body[: len(answer.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        await cut(scope, receive, send, begun=True, reset=False)
    else:
        await _drip(answer, rule, send)


async def _start(answer: HttpResponse, send: Send) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    if answer.status != 204:
        headers.append((b"content-type", answer.content_type.encode()))
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})


async def _drip(answer: HttpResponse, rule: FaultRule, send: Send) -> None:
    await _start(answer, send)
    for start in range(0, len(answer.body), rule.chunk):
        await send({"type": "http.response.body", "body": answer.body[start : start + rule.chunk], "more_body": True})
        await asyncio.sleep(rule.seconds)
    await send({"type": "http.response.body", "body": b""})

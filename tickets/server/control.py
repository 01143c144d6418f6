"""Inspection and control of the server, on a separate listener.

    GET    /effects                     every effect, in order; `after` a sequence number, at most `limit`
    GET    /requests                    counts by method, path template and status; the last 10,000 requests
    GET    /faults                      the rules
    POST   /faults                      a rule (the fields of `FaultRule`) → {"id"}
    DELETE /faults, /faults/{id}        all rules, one rule
    POST   /clock/advance               {"seconds"} → {"now"}
    POST   /limits                      {"name"} or {"per_minute", "per_second", "window"}
    POST   /reset                       everything as new

Every request carries `Authorization: Bearer TOKEN`. A Host that is not loopback, or any Origin, is refused, so that
no page in a browser can reach the listener.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tickets.server.api import LocalTicketsApi
from tickets.server.clock import rfc3339
from tickets.server.faults import FaultRule
from tickets.server.limits import Limit
from tickets.server.options import LOOPBACK_HOSTS

_RULE, _LIMIT = TypeAdapter(FaultRule), TypeAdapter(Limit)
_MAX_PAGE = 10_000
_LOOPBACK = re.compile(rf"({'|'.join(re.escape(host) for host in sorted(LOOPBACK_HOSTS))})(:[0-9]{{1,5}})?")


def refusal(host: str, origin: str | None, authorization: str, token: str) -> tuple[int, str] | None:
    """Return (status, reason) for a request that is refused; None for a permitted one."""
    if not _LOOPBACK.fullmatch(host):
        return 421, "the Host must be loopback"
    if origin is not None:
        return 403, "no page in a browser may ask this"
    if not hmac.compare_digest(authorization.encode("utf-8", "replace"), f"Bearer {token}".encode()):
        return 401, "the token is missing or wrong"
    return None


class Guard:
    """ASGI middleware that rejects the requests that `refusal` refuses."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app, self._token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = Request(scope).headers
            refused = refusal(
                headers.get("host", ""), headers.get("origin"), headers.get("authorization", ""), self._token
            )
            if refused is not None:
                await JSONResponse({"error": refused[1]}, refused[0])(scope, receive, send)
                return
        await self._app(scope, receive, send)


class _Malformed(Exception):
    pass


def _number(request: Request, name: str, default: int, most: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise _Malformed(f"{name} must be a whole number from 0 on")
    return min(int(text), most)


def _object(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except ValueError as error:
        raise _Malformed("the body is not JSON") from error
    if not isinstance(content, dict):
        raise _Malformed("the body must be a JSON object")
    return content


def _effects(api: LocalTicketsApi, request: Request, _: bytes) -> Response:
    after = _number(request, "after", 0, 2**62)
    found = api.effects(after, _number(request, "limit", 1000, _MAX_PAGE))
    return JSONResponse({"data": [asdict(effect) for effect in found]})


def _requests(api: LocalTicketsApi, _request: Request, _: bytes) -> Response:
    counts = [
        {"method": method, "path": path, "status": status, "count": count}
        for (method, path, status), count in sorted(api.record.counts().items())
    ]
    return JSONResponse({"counts": counts, "log": [asdict(entry) for entry in api.record.log()]})


def _list_faults(api: LocalTicketsApi, _request: Request, _: bytes) -> Response:
    rules = [{"id": number, "left": left} | asdict(rule) for number, rule, left in api.faults.list()]
    return JSONResponse({"data": rules})


def _add_fault(api: LocalTicketsApi, _request: Request, body: bytes) -> Response:
    try:
        rule = _RULE.validate_json(body)
    except ValidationError as error:
        raise _Malformed(str(error)) from error
    return JSONResponse({"id": api.faults.add(rule)}, 201)


def _clear_faults(api: LocalTicketsApi, _request: Request, _: bytes) -> Response:
    api.faults.clear()
    return Response(status_code=204)


def _remove_fault(api: LocalTicketsApi, request: Request, _: bytes) -> Response:
    found = api.faults.remove(request.path_params["id"])
    return Response(status_code=204) if found else JSONResponse({"error": "no such rule"}, 404)


def _advance(api: LocalTicketsApi, _request: Request, body: bytes) -> Response:
    seconds = _object(body).get("seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise _Malformed("seconds is a number")
    try:
        api.clock.advance(seconds)
    except ValueError as error:
        raise _Malformed(str(error)) from error
    return JSONResponse({"now": rfc3339(api.clock.us())})


def _set_limits(api: LocalTicketsApi, _request: Request, body: bytes) -> Response:
    content = _object(body)
    try:
        limit = Limit.named(**content) if "name" in content else _LIMIT.validate_python(content)
    except (TypeError, ValueError) as error:
        raise _Malformed(str(error)) from error
    api.set_limit(limit)
    return JSONResponse(asdict(api.limit))


def _reset(api: LocalTicketsApi, _request: Request, _: bytes) -> Response:
    api.reset()
    return Response(status_code=204)


Command = Callable[[LocalTicketsApi, Request, bytes], Response]
"""Handler: takes the server, the request and its body, returns the answer. Raises _Malformed (422)."""

COMMANDS: tuple[tuple[str, str, Command], ...] = (
    ("GET", "/effects", _effects),
    ("GET", "/requests", _requests),
    ("GET", "/faults", _list_faults),
    ("POST", "/faults", _add_fault),
    ("DELETE", "/faults", _clear_faults),
    ("DELETE", "/faults/{id:int}", _remove_fault),
    ("POST", "/clock/advance", _advance),
    ("POST", "/limits", _set_limits),
    ("POST", "/reset", _reset),
)


def _route(api: LocalTicketsApi, method: str, path: str, command: Command) -> Route:
    async def endpoint(request: Request) -> Response:
        return command(api, request, await request.body())

    return Route(path, endpoint, methods=[method])


async def _answer_malformed(_request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 422)


def control_app(api: LocalTicketsApi, token: str) -> ASGIApp:
    """Return the application for one token. Raises ValueError for a blank token."""
    if not token.strip():
        raise ValueError("the token must not be blank")
    return Starlette(
        routes=[_route(api, *command) for command in COMMANDS],
        middleware=[Middleware(Guard, token=token)],
        exception_handlers={_Malformed: _answer_malformed},
    )

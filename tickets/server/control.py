"""What did the server do, and what shall it do next? Inspection and control, on a listener of their own.

    GET    /effects?after=SEQ&limit=N   every effect, in order
    GET    /requests                    counts by method, path template and status; the last 10,000 requests
    GET    /faults                      the rules
    POST   /faults                      a rule (the fields of `FaultRule`) → {"id"}
    DELETE /faults, /faults/{id}        all rules, one rule
    POST   /clock/advance               {"seconds"} → {"now"}
    POST   /limits                      {"name"} or {"per_minute", "per_second", "window"}
    POST   /reset                       everything as new

Every request carries `Authorization: Bearer TOKEN`. A Host that is not loopback, or any Origin, is refused, so that
no page in a browser can reach it.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Awaitable, Callable
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

_RULE = TypeAdapter(FaultRule)
_MAX_PAGE = 10_000
_LOOPBACK = re.compile(rf"({'|'.join(re.escape(host) for host in sorted(LOOPBACK_HOSTS))})(:[0-9]{{1,5}})?")


def refusal(host: str, origin: str | None, authorization: str, token: str) -> tuple[int, str] | None:
    """(status, reason) for a request that may not pass; None for one that may."""
    if not _LOOPBACK.fullmatch(host):
        return 421, "the Host must be loopback"
    if origin is not None:
        return 403, "no page in a browser may ask this"
    if not hmac.compare_digest(authorization.encode("utf-8", "replace"), f"Bearer {token}".encode()):
        return 401, "the token is missing or wrong"
    return None


class Guard:
    """Lets nothing through that `refusal` refuses."""

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
        raise _Malformed(f"{name} is a whole number")
    return min(int(text), most)


async def _object(request: Request) -> dict[str, Any]:
    try:
        content = json.loads(await request.body())
    except ValueError as error:
        raise _Malformed("the body is not JSON") from error
    if not isinstance(content, dict):
        raise _Malformed("the body is no object")
    return content


def _limit_of(content: dict[str, Any]) -> Limit:
    try:
        return Limit.named(**content) if "name" in content else TypeAdapter(Limit).validate_python(content)
    except (TypeError, ValueError) as error:
        raise _Malformed(str(error)) from error


Endpoint = Callable[[Request], Awaitable[Response]]


def _endpoints(api: LocalTicketsApi) -> dict[tuple[str, str], Endpoint]:
    async def effects(request: Request) -> Response:
        after = _number(request, "after", 0, 2**62)
        found = api.effects(after, _number(request, "limit", 1000, _MAX_PAGE))
        return JSONResponse({"data": [asdict(effect) for effect in found]})

    async def requests(_request: Request) -> Response:
        counts = [
            {"method": method, "path": path, "status": status, "count": count}
            for (method, path, status), count in sorted(api.record.counts().items())
        ]
        return JSONResponse({"counts": counts, "log": [asdict(entry) for entry in api.record.log()]})

    async def list_faults(_request: Request) -> Response:
        rules = [{"id": number, "left": left} | asdict(rule) for number, rule, left in api.faults.list()]
        return JSONResponse({"data": rules})

    async def add_fault(request: Request) -> Response:
        try:
            rule = _RULE.validate_json(await request.body())
        except ValidationError as error:
            raise _Malformed(str(error)) from error
        return JSONResponse({"id": api.faults.add(rule)}, 201)

    async def clear_faults(_request: Request) -> Response:
        api.faults.clear()
        return Response(status_code=204)

    async def remove_fault(request: Request) -> Response:
        found = api.faults.remove(request.path_params["id"])
        return Response(status_code=204) if found else JSONResponse({"error": "no such rule"}, 404)

    async def advance(request: Request) -> Response:
        seconds = (await _object(request)).get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
            raise _Malformed("seconds is a number")
        try:
            api.clock.advance(seconds)
        except ValueError as error:
            raise _Malformed(str(error)) from error
        return JSONResponse({"now": rfc3339(api.clock.us())})

    async def limits(request: Request) -> Response:
        api.set_limit(_limit_of(await _object(request)))
        return JSONResponse(asdict(api.limit))

    async def reset(_request: Request) -> Response:
        api.reset()
        return Response(status_code=204)

    return {
        ("GET", "/effects"): effects,
        ("GET", "/requests"): requests,
        ("GET", "/faults"): list_faults,
        ("POST", "/faults"): add_fault,
        ("DELETE", "/faults"): clear_faults,
        ("DELETE", "/faults/{id:int}"): remove_fault,
        ("POST", "/clock/advance"): advance,
        ("POST", "/limits"): limits,
        ("POST", "/reset"): reset,
    }


async def _answer_malformed(_request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 422)


def control_app(api: LocalTicketsApi, token: str) -> ASGIApp:
    """The application for one token. Raises ValueError for a blank one."""
    if not token.strip():
        raise ValueError("the token must not be blank")
    endpoints = _endpoints(api).items()
    return Starlette(
        routes=[Route(path, endpoint, methods=[method]) for (method, path), endpoint in endpoints],
        middleware=[Middleware(Guard, token=token)],
        exception_handlers={_Malformed: _answer_malformed},
    )

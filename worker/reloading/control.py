"""The control listener, where a process is asked to reload or to show its settings.

    POST /reload   200 the changes, and those that need a restart; 422 the problems, and nothing has changed
    GET  /config   the settings in force, without secrets: YAML, or JSON with `Accept: application/json`
    401            the token is missing or wrong
    403            there is an Origin: the request comes from a page in a browser
    421            the Host is not this machine: a name that resolves to its address (DNS rebinding)

The listener is a Unix socket that its owner alone may open, or a loopback address; the settings refuse any other.
"""

from __future__ import annotations

import hmac
import socket
import stat
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tickets.http_listener import Limits
from worker.intake.listener import HttpThread
from worker.reloading.reloader import Reloader
from worker.settings import SettingsError
from worker.settings.control import UNIX, is_this_machine
from worker.settings.showing import as_json, as_yaml, shown

WAITING = 8  # connections that may wait to be accepted


def refusal(host: str, origin: str | None, authorization: str, token: str | None) -> tuple[int, str] | None:
    """Return (status, reason) for a refused request; None for an allowed one. A `token` of None requires no token."""
    if not is_this_machine(_without_port(host)):
        return 421, "the header Host must be a loopback address or localhost"
    if origin is not None:
        return 403, "requests of pages in a browser are refused"
    if token is not None and not hmac.compare_digest(
        authorization.encode("utf-8", "replace"), f"Bearer {token}".encode()
    ):
        return (
            401,
            "the token is missing or wrong: send Authorization: Bearer TOKEN, with the token in control_token_file",
        )
    return None


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdecimal() and (":" not in name or name.endswith("]")) else host).strip("[]")


class _Guard:
    """Stops the requests that `refusal` refuses."""

    def __init__(self, app: ASGIApp, token: str | None) -> None:
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


def control_app(reloader: Reloader, token: str | None) -> Starlette:
    """Return the application of the control listener; a `token` of None requires no token."""

    async def reload(_: Request) -> Response:
        try:
            changes = await run_in_threadpool(reloader.reload)
        except SettingsError as error:
            return JSONResponse({"error": "the settings are unchanged", "problems": error.problems}, 422)
        return JSONResponse(
            {
                "changed": [asdict(each) for each in changes.taken],
                "needs_restart": [asdict(each) for each in changes.needs_restart],
                "warnings": list(changes.warnings),
            }
        )

    async def config(request: Request) -> Response:
        tree = shown(reloader.current.loaded)
        if "application/json" in request.headers.get("accept", ""):
            return JSONResponse(as_json(tree, origins=False))
        return PlainTextResponse(as_yaml(tree, origins=False) + "\n", media_type="application/yaml")

    return Starlette(
        routes=[Route("/reload", reload, methods=["POST"]), Route("/config", config, methods=["GET"])],
        middleware=[Middleware(_Guard, token=token)],
    )


class Control:
    """The control listener of one process, in a thread. Its Unix socket is removed at the end."""

    def __init__(self, listener: socket.socket, app: Starlette, limits: Limits | None = None) -> None:
        self._http = HttpThread([(listener, app)], limits)
        self._path = Path(listener.getsockname()) if listener.family == socket.AF_UNIX else None

    def start(self) -> None:
        self._http.start()

    def stop(self) -> None:
        self._http.stop()
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def unix_listener(path: Path) -> socket.socket:
    """Return a listening Unix socket that only its owner may open. An abandoned socket of that name is replaced.

    Raises OSError: another process listens there, the name belongs to something else, or the folder is missing.
    """
    _remove_abandoned(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        path.chmod(stat.S_IRUSR | stat.S_IWUSR)  # before it listens, nobody can connect
        listener.listen(WAITING)
    except OSError:
        listener.close()
        raise
    return listener


def _remove_abandoned(path: Path) -> None:
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise FileExistsError(17, "the path is a file, not a socket")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(1)
            try:
                probe.connect(str(path))
            except ConnectionRefusedError:
                path.unlink()


def unix_path(address: str) -> Path | None:
    """Return the path of `unix:PATH`; None for another address."""
    return Path(address.removeprefix(UNIX)) if address.startswith(UNIX) else None

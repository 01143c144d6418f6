"""The mail listeners of commands, and their limits."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from socket import AF_UNIX, socket

from sqlalchemy import make_url

from tickets.listening import listen
from worker.cli.shell.common import DEFAULT_SMTP, fail, split_address
from worker.intake.intake import Intake
from worker.intake.peers import Limits
from worker.intake.smtp import Boxes, SmtpThread
from worker.reloading.control import unix_listener
from worker.runtime.starting import listen_or_exit
from worker.runtime.terminal import secho
from worker.settings import Settings
from worker.settings.lints import is_loopback
from worker.settings.loader import Loaded

UNIX = "unix:"
UNIX_MODE = 0o666
"""The mail server is another user. The folder of the socket decides who may deliver."""


def smtp_listener(address: str, settings: Settings) -> socket:
    """Return a listener for SMTP. Ends the command when the address is public and mail is not limited."""
    host, port = split_address(address)
    missing = [name for name in ("per_minute", "keep_free") if getattr(settings.smtp, name) is None]
    if missing and not is_loopback(host):
        names = " and ".join(f"TICKETRELAY_SMTP__{name.upper()}" for name in missing)
        fail([f"--smtp {address}: set {names} first; without limits, mail is taken on a loopback address only"])
    return listen_or_exit(host, port, "--smtp")


def lmtp_listener(address: str) -> socket:
    """Return a listener for LMTP, on this machine alone (RFC 2033, section 5): `HOST:PORT`, or `unix:/PATH`."""
    if not address.startswith(UNIX):
        host, port = split_address(address)
        if not is_loopback(host):
            fail(
                [f"--lmtp {address}: LMTP is for a mail server on this machine: give a loopback address or {UNIX}/PATH"]
            )
        return listen_or_exit(host, port, "--lmtp")
    path = Path(address.removeprefix(UNIX))
    try:
        listener = unix_listener(path)
        path.chmod(UNIX_MODE)
    except OSError as error:
        fail([f"cannot listen on {address}: {error.strerror}; choose another address with --lmtp"])
    return listener


def mail_thread(
    listener: socket, intake: Intake, boxes: Callable[[], Boxes], settings: Settings, *, lmtp: bool = False
) -> SmtpThread:
    """Return the edge behind a listener, with the limits of the settings; not started yet."""
    url = make_url(settings.ledger.url)
    is_file = url.get_backend_name() == "sqlite" and url.database
    return SmtpThread(
        listener,
        intake,
        boxes,
        clock=lambda: datetime.now(UTC),
        limits=_limits(settings),
        ledger=Path(str(url.database)).absolute() if is_file else None,
        lmtp=lmtp,
    )


def endpoint(listener: socket) -> str:
    """Return the address of a listener, in the form of an option."""
    name = listener.getsockname()
    return f"{UNIX}{name}" if listener.family == AF_UNIX else "{}:{}".format(*name[:2])


def _limits(settings: Settings) -> Limits:
    wanted = settings.smtp
    return Limits(
        per_minute=wanted.per_minute,
        connections=wanted.connections,
        per_peer=wanted.per_peer,
        keep_free=wanted.keep_free,
        tls=_tls(settings),
        unfinished=wanted.unfinished,
        data_timeout=wanted.data_timeout,
        idle_timeout=wanted.idle_timeout,
    )


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if settings.smtp.certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.smtp.certificate, settings.smtp.certificate_key)
    except OSError as error:
        fail([f"TICKETRELAY_SMTP__CERTIFICATE: {settings.smtp.certificate}: {error}"])
    return context


def bind_smtp(smtp: str | None, loaded: Loaded) -> socket | None:
    """Return the SMTP listener of `run`; None if mail is off, or the default address is not free.

    Ends the command with exit code 2 when the address is not available, or not allowed.
    """
    if smtp is None:
        try:
            return listen(*split_address(DEFAULT_SMTP))
        except OSError as error:
            secho(
                f"  WARNING        no mail is taken in: cannot listen on {DEFAULT_SMTP}: {error.strerror}; "
                "choose another address with --smtp",
                fg="yellow",
            )
            return None
    if smtp == "off":
        return None
    if not loaded.has("sources") and not is_loopback(split_address(smtp)[0]):
        fail(
            [
                f"--smtp {smtp}: no source is configured, so mail to every address is taken, which is allowed on a "
                "loopback address only"
            ]
        )
    return smtp_listener(smtp, loaded.settings)

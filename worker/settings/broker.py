"""Settings of the broker: where wake-ups go, and how its certificate is verified.

A server's certificate is verified by default, including its name. (kombu by itself verifies nothing for `rediss://`,
and not the name for `amqps://`; `worker/broker/reach.py` sets that.)
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import SplitResult, parse_qsl, urlsplit

from pydantic import Field, FilePath, StringConstraints, model_validator

from connectors.contract.secrets import Password
from connectors.contract.settings import PasswordSecret
from worker.settings.database import UNENCODED
from worker.settings.section import MayHoldPassword, Section, Shape

ALWAYS_TLS = ("rediss", "amqps")
WITH_LISTS = ("sentinel", "amqp")
IN_QUERY = frozenset({"connect_timeout", "heartbeat", "insist", "login_method"})
"""The parameters of a URL that kombu's Connection takes. It ends with a TypeError for any other one."""
Word = Annotated[str, Shape(r"^[A-Za-z0-9_.-]{1,100}$", "1 to 100 letters, digits, _, . and -")]


class BrokerSettings(Section):
    """A broker: `memory://` (one process), `redis://…`, `rediss://…`, `sentinel://…`, `amqp://…`, `amqps://…`.

    `sentinel://…;sentinel://…` lists several Sentinels.
    """

    url: Annotated[
        str,
        Shape(
            r"^(memory://|(rediss?|amqps?|sentinel)://.+)$",
            "memory://, redis://…, rediss://…, sentinel://…, amqp://… or amqps://…",
        ),
        MayHoldPassword(),
        Password(),
    ] = Field(default="memory://", repr=False)
    """`redis://…`, `rediss://…`, `amqp://…`, `amqps://…`, or `sentinel://HOST:PORT;sentinel://HOST:PORT/DB` with the
    addresses of the Sentinels, not of Redis. `memory://` is for `run` only."""
    queue: Word = "ticketrelay"
    """The queue of the wake-ups. Deployments that share a broker need a queue each."""
    username: Annotated[str, StringConstraints(min_length=1)] | None = None
    """The user name at the broker; takes precedence over the URL."""
    password: PasswordSecret | None = None
    """The password at the broker, or at the Redis behind Sentinel; takes precedence over the URL."""
    master_name: Word | None = None
    """The Sentinels' name of the Redis to use."""
    sentinel_username: Annotated[str, StringConstraints(min_length=1)] | None = None
    """The user name at the Sentinels themselves."""
    sentinel_password: PasswordSecret | None = None
    """The password at the Sentinels themselves."""
    tls: bool = False
    """TLS to the Sentinels and to their Redis; for other brokers use `rediss://` or `amqps://`."""
    tls_verify: Literal["full", "ca", "none"] = "full"
    """The verified parts of a server's certificate: authority and name, authority only, or none."""
    tls_ca_file: FilePath | None = None
    """Path of a PEM file with the authorities that may sign the server's certificate; None: the system's."""
    tls_certificate_file: FilePath | None = None
    """Path of a PEM file with our certificate, if the server requires one."""
    tls_key_file: FilePath | None = None
    """Path of a PEM file with the key of our certificate; None: the key is in the certificate's file."""

    @property
    def scheme(self) -> str:
        return self.url.partition("://")[0]

    @property
    def is_encrypted(self) -> bool:
        return self.tls or self.scheme in ALWAYS_TLS

    @model_validator(mode="after")
    def _addresses_are_whole(self) -> Self:
        parts = [split_url(each) for each in self.url.split(";")]
        if len(parts) > 1 and self.scheme not in WITH_LISTS:
            raise ValueError(f"url: {self.scheme}:// takes one address, not a list")
        for part in parts:
            if part.scheme != self.scheme:
                raise ValueError("url: every address of a list must begin with the same scheme")
            if self.scheme != "memory" and not part.hostname:
                raise ValueError("url: the host is missing: expected an address such as redis://HOST:6379/0")
            if self.scheme in ("redis", "rediss") and not part.path.strip("/").isdecimal() and part.path.strip("/"):
                raise ValueError("url: the path must be the number of a database, such as redis://HOST:6379/0")
            if "ssl_" in part.query:
                raise ValueError("url: TLS is set with tls_verify, tls_ca_file and tls_certificate_file")
            if unknown := sorted({name for name, _ in parse_qsl(part.query, True)} - IN_QUERY):
                hint = "the settings username and password take the login, and the path takes the database"
                raise ValueError(f"url: {unknown[0]}= cannot stand in the URL: {hint}")
            if self.password is not None and part.password:
                raise ValueError("password: the URL has a password too; remove one of the two")
        return self

    @model_validator(mode="after")
    def _options_fit_the_broker(self) -> Self:
        is_sentinel = self.scheme == "sentinel"
        if is_sentinel and self.master_name is None:
            raise ValueError("master_name: is required with sentinel://, and names the Redis to use")
        foreign = ("master_name", "sentinel_username", "sentinel_password", "tls")
        for name in foreign if not is_sentinel else ():
            if getattr(self, name):
                raise ValueError(f"{name}: is for sentinel:// only")
        files = ("tls_ca_file", "tls_certificate_file", "tls_key_file")
        for name in files if not self.is_encrypted else ():
            if getattr(self, name) is not None:
                raise ValueError(f"{name}: the broker is reached without TLS; use rediss://, amqps://, or tls=true")
        if self.tls_key_file is not None and self.tls_certificate_file is None:
            raise ValueError("tls_key_file: is of no use without tls_certificate_file; set that too")
        return self

    @model_validator(mode="after")
    def _files_can_be_used(self) -> Self:
        """Load the files at the start. When the broker is first reached, an error would look like an outage."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if self.tls_ca_file is not None:
            _try("tls_ca_file", self.tls_ca_file, lambda path: context.load_verify_locations(path))
        if self.tls_certificate_file is not None:
            key = self.tls_key_file
            _try("tls_certificate_file", self.tls_certificate_file, lambda path: context.load_cert_chain(path, key))
        return self


def split_url(url: str) -> SplitResult:
    """Return the parts of a URL. Raises ValueError, without a part of the URL, if it cannot be read."""
    try:
        parts = urlsplit(url)
    except ValueError:  # its message may hold the password
        raise ValueError(f"url: cannot be read as a URL; {UNENCODED}") from None
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("url: the port must be a number up to 65535") from None
    return parts


def _try(name: str, path: Path, load: Callable[[Path], None]) -> None:
    try:
        load(path)
    except OSError as error:  # includes ssl.SSLError
        raise ValueError(f"{name}: {str(path)!r} cannot be used: {error.strerror or error}") from None

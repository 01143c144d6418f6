"""Settings of the alarms: who is told when one comes up and when it is over, and the ping that says that we live."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, model_validator

from connectors.contract.durations import Seconds
from connectors.contract.receipts import MailServer
from connectors.contract.settings import PasswordSecret
from worker.settings.control import LAST_PORT
from worker.settings.section import Section, Shape

_HERE = "localhost"
_LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,254}}$){_LABEL}(?:\.{_LABEL})*\.?")
"""The name of a host, in lower case (RFC 1123, section 2.1), and with the underscore that some have in a local network.
The call itself refuses what else cannot be looked up."""


def _callable(url: SecretStr) -> SecretStr:
    """Refuse a URL that would show its tokens to a network. The message holds no part of the URL."""
    text = url.get_secret_value()
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError("must be an https:// URL") from None
    is_local = parts.scheme == "http" and _is_loopback(parts.hostname or "")
    if not parts.hostname or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("must be an https:// URL")
    if not _is_host(parts.hostname):
        raise ValueError("must be an https:// URL with the name of a host")
    if parts.scheme != "https" and not is_local:
        raise ValueError("must be an https:// URL; http:// is allowed on a loopback address only")
    return url


def _has_port(address: str) -> str:
    if not 1 <= int(address.rpartition(":")[2]) <= LAST_PORT:
        raise ValueError(f"must have a port from 1 to {LAST_PORT}")
    return address


def _is_host(host: str) -> bool:
    """Return True for an IP address, and for a name of which every part has 1 to 63 characters."""
    try:
        return ip_address(host) is not None
    except ValueError:
        return _NAME.fullmatch(host) is not None


def _is_loopback(host: str) -> bool:
    try:
        return host == _HERE or ip_address(host).is_loopback
    except ValueError:
        return False


def _one_line(text: str) -> str:
    """Refuse a text that would break a line of a message, or a header of a mail."""
    if not text.isprintable():
        raise ValueError("must be one line of printable characters")
    return text


SecretUrl = Annotated[PasswordSecret, AfterValidator(_callable)]
"""A URL that may hold a token, and so is never shown."""
MailAddress = Annotated[
    str,
    # Without the marks of groups and quotes, which the headers of a mail would read as more than one address.
    Shape(r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255}$", "an address, such as oncall@example.net"),
    AfterValidator(_one_line),
]
HostPort = Annotated[
    str,
    Shape(r"^(\[[0-9a-fA-F:]+\]|[^:\s]+):[0-9]{1,5}$", "HOST:PORT, such as mail.example.net:587"),
    AfterValidator(_one_line),
    AfterValidator(_has_port),
]
TargetName = Annotated[
    str, Shape(r"^[a-z0-9][a-z0-9_-]{0,63}$", "1 to 64 of a-z, 0-9, _ and -, and begin with a letter or digit")
]
Word = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_one_line)]


class NotifyTarget(Section):
    """One target of alarms: a URL, a mail address, or a channel of a chat source. Give one of the three."""

    url: SecretUrl | None = None
    """A URL that takes a POST with JSON. Incoming webhooks of chats take it too: its fields `text` and `content` hold
    the message."""
    mail: MailAddress | None = None
    """A mail address. The mail goes through `alarms.mail_by`."""
    source: Word | None = None
    """A source of kind `slack` or `telegram`, whose bot posts the message."""
    channel: Word | None = None
    """The channel of that source, by its id on the platform."""
    least: Literal["nothing to do", "look", "act"] = "look"
    """The alarms that are told: `act` for those that wait for somebody, `look` for these and those that somebody should
    look at, `nothing to do` for all."""

    @model_validator(mode="after")
    def _is_one_target(self) -> Self:
        given = [name for name in ("url", "mail", "source") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give one of url, mail and source, not {' and '.join(given) or 'none of them'}")
        if (self.source is None) != (self.channel is None):
            raise ValueError("source and channel belong together: give both, or another target")
        return self


class AlarmsSettings(Section):
    """The targets that are told of alarms, the way of the mails to them, and the ping."""

    notify: dict[TargetName, NotifyTarget] = Field(default_factory=dict)
    """The targets, each with a name that never changes. Each is told once when an alarm comes up, and once when it is
    over."""
    deployment: Word | None = None
    """The name of this deployment in the messages. None: the name of the host that sends them."""
    runbook: Annotated[str, StringConstraints(pattern=r"^https?://[!-~]{1,500}$")] | None = None
    """The address of your own runbook, in which `{alarm}` stands for the name of the alarm. None: the page of this
    documentation."""
    mail_by: HostPort | None = None
    """HOST:PORT of the mail server that takes the mails to targets."""
    mail_security: Literal["none", "starttls", "tls"] = "starttls"
    """Encryption of the connection to that server; `none` is for a server on this machine."""
    mail_username: Word | None = None
    """Name to log in with at that server. None: no login."""
    mail_password: PasswordSecret | None = None
    """The password of `mail_username`."""
    mail_from: MailAddress = "ticketrelay@localhost"
    """The address in From."""
    ping_url: SecretUrl | None = None
    """A URL that is asked with GET while a worker lives and can write to the ledger. A service that watches for missing
    pings, such as healthchecks.io, then tells you when all of it is dead. None: no pings."""
    ping_every: Seconds = Field(default=60.0, ge=10.0)
    """The pause between two pings."""

    @model_validator(mode="after")
    def _mails_have_a_way(self) -> Self:
        if self.mail_by is None and any(each.mail is not None for each in self.notify.values()):
            raise ValueError(
                "mail_by: is required, because a target is a mail address: give HOST:PORT of a mail server"
            )
        if self.mail_password is not None and self.mail_username is None:
            raise ValueError("mail_password: is of no use without mail_username; set that too")
        host = (self.mail_by or "").rpartition(":")[0].strip("[]")
        if self.mail_security == "none" and self.mail_password is not None and not _is_loopback(host):
            raise ValueError("mail_security: 'none' would send mail_password in clear; use starttls or tls")
        return self

    @property
    def mail_server(self) -> MailServer | None:
        """The server for mails to targets."""
        if self.mail_by is None:
            return None
        host, _, port = self.mail_by.rpartition(":")
        password = None if self.mail_password is None else self.mail_password.get_secret_value()
        return MailServer(host.strip("[]"), int(port), self.mail_security, self.mail_username, password)

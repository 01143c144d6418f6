"""The models of all settings, with the rules between them.

Every section is frozen and refuses unknown keys. Durations are seconds. The docstring beneath a setting is its
description in `ticketrelay schema`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AnyHttpUrl, Field, InstanceOf, StringConstraints, model_validator

from connectors.contract.connector import Connector
from connectors.contract.durations import Seconds, SecondsOrNone
from connectors.contract.secrets import Password
from connectors.contract.settings import ChosenSecret, PasswordSecret, SourceSettings
from worker.settings import control
from worker.settings.alarms import AlarmsSettings
from worker.settings.broker import BrokerSettings, split_url
from worker.settings.database import as_postgresql
from worker.settings.expectations import Test
from worker.settings.routes import Route
from worker.settings.section import MayHoldPassword, Section, Shape
from worker.settings.templates import Template, TemplateText


def _port_exists(address: str) -> str:
    if int(address.rpartition(":")[2]) > control.LAST_PORT:
        raise ValueError(f"must have a port of at most {control.LAST_PORT}")
    return address


Address = Annotated[
    str,
    Shape(r"^(\[[0-9a-fA-F:]+\]|[^:\s]+):[0-9]{1,5}$", "HOST:PORT, such as 127.0.0.1:8080; an IPv6 host in brackets"),
    AfterValidator(_port_exists),
]
SourceId = Annotated[
    str,
    Shape(
        r"^[a-z0-9][a-z0-9_-]{0,63}$",
        "1 to 64 of a-z, 0-9, _ and -, and begin with a letter or digit",
    ),
]
DAY_S = 86400.0
LEAST_KEPT_S = 3600.0


def _is_no_number_of_days(kept: float) -> float:
    """Refuse a number that was meant as days, and would delete nearly everything as seconds."""
    if kept < LEAST_KEPT_S:
        days = f"{kept:g}d" if kept.is_integer() else "30d"
        raise ValueError(f"must be at least 1h: {kept:g} is a number of seconds; write {days} for days, null for ever")
    return kept


Kept = Annotated[Seconds, AfterValidator(_is_no_number_of_days)]
"""How long something is kept that is deleted afterwards."""


class ServerSettings(Section):
    """The HTTP listener of intake."""

    listen: Address = "127.0.0.1:8080"
    """The address at which `serve` takes messages in, and to which `send` sends. `run` has `--listen` instead."""
    max_body: int = Field(default=1024 * 1024, ge=1)
    """Bytes of one request's body; a larger one is answered 413."""
    max_waiting: int = Field(default=1000, ge=1)
    """The most deliveries that may wait for the ledger; one more is answered 503, a mail 451."""
    connections: int = Field(default=500, ge=1)
    """Connections of the HTTP listener open at once; on one more, a probe is answered, and any other request gets 503.
    The limit of open files can lower it."""
    head_deadline: Seconds = 10.0
    """How long the head of a request may take; after that it is answered 408."""
    body_deadline: Seconds = 60.0
    """How long the body of a request may take, plus 1 s for each 64 KiB that arrived; after that it is answered 408."""
    keep_alive: Seconds = 75.0
    """How long a connection is kept open for the next request."""
    health_listen: Address = "127.0.0.1:8081"
    """The address of `/livez`, `/readyz` and `/metrics` of `mail` and `worker`; their `--listen` takes precedence."""
    gauges_every: SecondsOrNone = Field(default=2.0, le=60.0)
    """How long a process shows the gauges of the ledger in `/metrics` before it reads them again; 0: at each scrape."""
    metrics: bool = False
    """True: the listener of `serve` shows `/metrics`, to everybody who reaches it; so does that of `run` at an address
    that others reach. `serve --health` has them on a listener of its own."""
    control: str | None = None
    """The address at which `ticketrelay reload` asks: `unix:/PATH`, or a loopback address; None: no reloads."""
    control_token: ChosenSecret | None = None
    """The token of `control`, required for a loopback address. A Unix socket needs none: only its owner may open it."""

    @model_validator(mode="after")
    def _control_is_on_this_machine(self) -> Self:
        if self.control is not None:
            problem = control.refused(self.control, has_token=self.control_token is not None)
            if problem is not None:
                raise ValueError(problem)
        return self


class SmtpSettings(Section):
    """The listeners for mail. The only recipients are the addresses of the sources."""

    per_minute: int | None = Field(default=600, ge=1)
    """Mails that one peer may send by SMTP in any 60 s; one more is answered 451. None: no limit, on loopback only."""
    connections: int = Field(default=200, ge=1)
    """Connections open at once; one more is answered 421."""
    per_peer: int = Field(default=50, ge=1)
    """Connections open at once from one peer; one more is answered 421."""
    keep_free: int | None = Field(default=64 * 1024 * 1024, ge=1)
    """Bytes that stay free on the disk of SQLite's ledger; below that, mail is answered 452. None: on loopback only."""
    unfinished: int = Field(default=256 * 1024 * 1024, ge=1)
    """Bytes in memory for all mails that a listener takes in at once; beyond that, a mail is answered 452.

    A mail that comes alone is taken, whatever its size."""
    data_timeout: Seconds = 600.0
    """How long the content of one mail may take to arrive; then the connection is ended with 421."""
    idle_timeout: Seconds = 60.0
    """How long a peer may send neither a command nor a part of a mail; then the connection is ended with 421."""
    postmaster: SourceId | None = None
    """The source that takes mail to `postmaster`, and to `postmaster` at the domain of any source.

    None: the first source of that domain; without a domain, the first source of mail."""
    certificate: Path | None = None
    """A file with the certificate chain (PEM), with which STARTTLS is offered."""
    certificate_key: Path | None = None
    """A file with the certificate's private key; None: the key is in the same file."""


class LedgerSettings(Section):
    """The database, and how long it keeps data that only people read."""

    url: Annotated[
        str,
        AfterValidator(as_postgresql),
        Shape(
            r"^(sqlite:///.+|(postgresql(\+psycopg)?|postgres)://.+)$",
            "sqlite:///PATH or postgresql://USER@HOST/DATABASE",
        ),
        MayHoldPassword(),
        Password(),
    ] = "sqlite:///var/ledger.db"
    """`sqlite:///PATH`, or `postgresql://USER@HOST/DATABASE`; `postgres://` is read as `postgresql://`. Special
    characters of a password are percent-encoded: `%40` for @."""
    intake_patience: Seconds = Field(default=3.0, le=3600.0)
    """How long a message that comes in waits while another process holds SQLite's lock. Then its sender is told to send
    it again (503, 451, 75). All other work waits 30 s."""
    keep_bodies: Kept | None = 30 * DAY_S
    """How long the bytes of a delivery are kept. Those in quarantine are kept until somebody has decided. None: for
    ever."""
    keep_attempts: Kept | None = 90 * DAY_S
    """How long the attempts at an operation are kept, after it is done. None: for ever."""

    @model_validator(mode="after")
    def _port_is_a_number(self) -> Self:
        if not self.url.startswith("sqlite"):
            split_url(self.url)
        return self


class ApiSettings(Section):
    """The Tickets API that we deliver to, and our key's budget there."""

    url: AnyHttpUrl
    """The base URL, such as `https://apps.aurionai.net/api/v1`."""
    key: PasswordSecret
    """The key that is sent as `X-API-Key`."""
    link: Annotated[str, StringConstraints(pattern=r"^https?://[!-~]{1,500}$")] | None = None
    """The address of a ticket for people, used in receipts: `https://tickets.example.org/{id}`, with `{id}` for its
    number. None: no link."""
    revision: Literal["A", "B"] = "A"
    """The revision of the API's documentation in use."""
    per_minute: int | None = Field(default=100, ge=1)
    """Requests that our key may make in any 60 s; None: no limit."""
    per_second: int | None = Field(default=20, ge=1)
    """Requests that our key may make in any 1 s; None: no limit."""
    in_flight: int = Field(default=40, ge=1, le=1000)
    """Calls under way at once in one worker process."""
    breaker_rate: float = Field(default=0.5, gt=0, le=1)
    """The rate of failed calls from which on only probes are sent; rejected calls do not count as failed."""
    breaker_calls: int = Field(default=20, ge=1)
    """The fewest calls in `timing.breaker_window` with which the breaker may open by its rate."""
    breaker_in_a_row: int = Field(default=5, ge=1)
    """The breaker also opens after so many failed calls of one process in a row, over at least `timing.breaker_after`.
    """


FORGETS_KEYS_AFTER = 24 * 3600.0  # seconds, as in the service's contract


class TimingSettings(Section):
    """Time limits and pauses. A value that breaks a rule of exactly-once delivery is refused."""

    http_timeout: Seconds = 20.0
    """The longest time of one call."""
    margin: Seconds = 5.0
    """The time that a lease must still hold beyond one call before the call is sent."""
    lease: Seconds = 60.0
    """How long a worker may act on a case."""
    request_life: Seconds = 60.0
    """How long an abandoned request can still take effect at the service."""
    ghost_wait: Seconds = 60.0
    """The pause after an attempt of unknown outcome."""
    key_window: Seconds = 23 * 3600.0
    """How long after the first send an idempotency key is trusted."""
    search_settles: Seconds = 300.0
    """How long after its creation a ticket may still be missing from the API's search."""
    backoff_base: Seconds = 1.0
    """The pause after failure n is random, up to this times 2 to the power of n."""
    backoff_cap: Seconds = 900.0
    """The longest pause after a failure."""
    dispatch_interval: Seconds = 1.0
    """How often every worker looks for due work without a wake-up."""
    probe_interval: Seconds = 30.0
    """The pause between two probes while the key or its scope is refused, or the breaker is open."""
    breaker_window: Seconds = 30.0
    """The time over which failed calls are counted."""
    breaker_after: Seconds = 10.0
    """The shortest time between the first and the last of the failed calls in a row with which the breaker opens."""
    ring_expires: Seconds = 10.0
    """After this time a wake-up that no worker took is dropped."""
    stall_alarm: Seconds = 60.0
    """Due work without a claim for this time raises an alarm."""
    failing_alarm: Seconds = 120.0
    """Failed calls, and no answered one, for this time raise an alarm while work could be sent."""

    @property
    def latest_send(self) -> float:
        """Seconds after its claim within which a call must leave, so that it ends within the lease."""
        return self.lease - self.http_timeout - self.margin

    @model_validator(mode="after")
    def _rules_hold(self) -> Self:
        if self.latest_send <= 0:
            raise ValueError(
                f"http_timeout + margin ({self.http_timeout:g} + {self.margin:g}) must be less than "
                f"lease ({self.lease:g}): otherwise a worker could send after its lease has ended"
            )
        if self.ghost_wait < self.request_life:
            raise ValueError(
                f"ghost_wait ({self.ghost_wait:g}) must be at least request_life ({self.request_life:g}): "
                "otherwise a late request could take effect after the next one"
            )
        if self.backoff_cap < self.backoff_base:
            raise ValueError(
                f"backoff_cap ({self.backoff_cap:g}) must be at least backoff_base ({self.backoff_base:g})"
            )
        if self.key_window + self.lease + self.request_life > FORGETS_KEYS_AFTER:
            raise ValueError(
                f"key_window must end before the Tickets API forgets its keys: with lease and request_life "
                f"({self.key_window:g} + {self.lease:g} + {self.request_life:g}) it must be at most "
                f"{FORGETS_KEYS_AFTER:g}, since a request leaves up to a lease after its claim"
            )
        if self.key_window <= self.ghost_wait + self.backoff_cap:
            raise ValueError(
                f"key_window ({self.key_window:g}) must be longer than ghost_wait + backoff_cap "
                f"({self.ghost_wait:g} + {self.backoff_cap:g}): otherwise no key would protect a repeated call"
            )
        if self.breaker_window < self.http_timeout:
            raise ValueError(
                f"breaker_window ({self.breaker_window:g}) must be at least http_timeout ({self.http_timeout:g}): "
                "otherwise calls that time out are never counted together"
            )
        if self.failing_alarm < self.http_timeout:
            raise ValueError(
                f"failing_alarm ({self.failing_alarm:g}) must be at least http_timeout ({self.http_timeout:g}): "
                "otherwise the alarm could be raised while a call still waits for its answer"
            )
        return self


class PolicySettings(Section):
    """Choices of the lifecycle."""

    reopen_window: SecondsOrNone = 3600.0
    """How soon after its end, by the source's clock, a new opening reopens the ticket; later it creates a new one."""
    note_on_change: bool = True
    """A known message that comes with other content adds a note."""
    damping: SecondsOrNone = 0.0
    """The opening delay: how long an opening waits before its ticket is created.

    If the alert ends in that time, neither costs a call. Urgent openings wait too. 0: none waits.
    """
    storm_above: int | None = Field(default=None, ge=1)
    """Incidents of a source that may begin in a minute with a ticket each; the others share one ticket.

    Urgent incidents always have their own. None: all have their own, however many there are.
    """
    repeat_notes: bool = True
    """Repeat a note when its first outcome can never be known, with a line that it may be a repeat.

    Otherwise the note becomes a dead letter.
    """


@dataclass(frozen=True, slots=True)
class Routing:
    """The rules for the treatment of events."""

    routes: tuple[Route, ...] = ()
    templates: Mapping[str, Template] = field(default_factory=dict)
    policy: PolicySettings = field(default_factory=PolicySettings)
    """Applies where no route sets a value."""


@dataclass(frozen=True, slots=True)
class Source:
    """One configured instance of a connector."""

    id: str
    connector: Connector[Any]
    settings: SourceSettings
    routing: Routing = Routing()
    """The same for all sources; set by `Settings`."""


class Settings(Section):
    """All settings."""

    server: ServerSettings = ServerSettings()
    smtp: SmtpSettings = SmtpSettings()
    ledger: LedgerSettings = LedgerSettings()
    broker: BrokerSettings = BrokerSettings()
    api: ApiSettings
    timing: TimingSettings = TimingSettings()
    policy: PolicySettings = PolicySettings()
    alarms: AlarmsSettings = AlarmsSettings()
    sources: dict[SourceId, InstanceOf[Source]] = Field(default_factory=dict)
    """The sources: a permanent id, and the settings of each."""
    routes: tuple[Route, ...] = ()
    """The rules that say which events become which tickets, examined in this order."""
    templates: dict[str, TemplateText] = Field(default_factory=dict)
    """Templates, by the name that routes use."""
    tests: tuple[Test, ...] = ()
    """The tests of `ticketrelay test`."""

    @model_validator(mode="after")
    def _postmaster_takes_mail(self) -> Self:
        chosen = self.sources.get(self.smtp.postmaster or "")
        if chosen is not None and chosen.connector.address is None:
            takers = [name for name, each in self.sources.items() if each.connector.address is not None]
            known = f"there are: {', '.join(sorted(takers))}" if takers else "none is configured"
            raise ValueError(f"smtp.postmaster must be a source that takes mail, and {chosen.id} does not; {known}")
        return self

    @model_validator(mode="after")
    def _chats_can_post_alarms(self) -> Self:
        ours = {
            each.connector.address(each.settings).lower(): each.id
            for each in self.sources.values()
            if each.connector.address is not None
        }
        for name, target in self.alarms.notify.items():
            if (target.mail or "").lower() in ours:
                source = ours[(target.mail or "").lower()]
                raise ValueError(f"alarms.notify.{name}: {target.mail} is the address of {source}: give another")
            if target.source is None:
                continue
            chosen = self.sources.get(target.source)
            if chosen is None:  # `references.py` says so
                continue
            receipts = chosen.connector.receipts
            if receipts is None or receipts.to_channel is None:
                kind = chosen.connector.kind
                raise ValueError(f"alarms.notify.{name}: sources of kind {kind} cannot post into a channel; give url")
            if not receipts.is_on(chosen.settings):
                raise ValueError(f"alarms.notify.{name}: set receipts and the token of the bot of {target.source}")
            try:
                receipts.to_channel(target.channel or "")
            except ValueError:
                kind = chosen.connector.kind
                raise ValueError(
                    f"alarms.notify.{name}: {target.channel} is not the id of a channel of {kind}"
                ) from None
        return self

    @model_validator(mode="after")
    def _sources_know_their_routes(self) -> Self:
        routing = Routing(self.routes, self.templates, self.policy)
        for name, source in self.sources.items():
            self.sources[name] = replace(source, routing=routing)
        return self

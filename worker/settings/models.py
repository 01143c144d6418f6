"""Which settings are there, what do they mean, and which combinations would break a promise?

Every section is frozen and refuses unknown keys. Durations are seconds. The docstring beneath a setting is its
description in `ticketrelay schema`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AnyHttpUrl, Field, InstanceOf, StringConstraints, model_validator

from connectors.contract.connector import Connector
from connectors.contract.durations import Seconds, SecondsOrNone
from connectors.contract.settings import Secret, SourceSettings
from worker.settings import control
from worker.settings.broker import BrokerSettings
from worker.settings.expectations import Test
from worker.settings.routes import Route
from worker.settings.section import MayHoldPassword, Section, Shape
from worker.settings.templates import Template, TemplateText

Address = Annotated[
    str,
    Shape(r"^(\[[0-9a-fA-F:]+\]|[^:\s]+):[0-9]{1,5}$", "HOST:PORT, such as 127.0.0.1:8080; an IPv6 host in brackets"),
]
SourceId = Annotated[
    str,
    Shape(
        r"^[a-z0-9][a-z0-9_-]{0,63}$",
        "1 to 64 of a-z, 0-9, _ and -, and begin with a letter or digit",
    ),
]
DAY_S = 86400.0


class ServerSettings(Section):
    """The HTTP listener of intake."""

    listen: Address = "127.0.0.1:8080"
    """Where messages come in over HTTP."""
    max_body: int = Field(default=1024 * 1024, ge=1)
    """Bytes of one request's body; more is answered 413."""
    max_waiting: int = Field(default=1000, ge=1)
    """Deliveries that wait for the ledger at the most; one more is answered 503."""
    health_listen: Address = "127.0.0.1:8081"
    """Where a process without intake over HTTP answers `/livez`, `/readyz` and `/metrics`."""
    control: str | None = None
    """Where a process is asked to reload: `unix:/PATH`, or a loopback address; None: nowhere."""
    control_token: Secret | None = None
    """What who asks must show; on a Unix socket there may be none, since only its owner may open that."""

    @model_validator(mode="after")
    def _control_is_on_this_machine(self) -> Self:
        if self.control is not None:
            problem = control.refused(self.control, has_token=self.control_token is not None)
            if problem is not None:
                raise ValueError(problem)
        return self


class SmtpSettings(Section):
    """The listeners for mail. Recipients are the addresses of the sources, and nobody else."""

    per_minute: int | None = Field(default=600, ge=1)
    """Mails that one peer may send by SMTP in any 60 s; one more is answered 451. None: no limit, on loopback only."""
    connections: int = Field(default=200, ge=1)
    """Open at once; one more is answered 421."""
    per_peer: int = Field(default=50, ge=1)
    """Open at once to one peer; one more is answered 421."""
    keep_free: int | None = Field(default=64 * 1024 * 1024, ge=1)
    """Bytes that stay free on the disk of SQLite's ledger; beyond that mail is answered 452. None: on loopback only."""
    certificate: Path | None = None
    """A file with the certificate chain (PEM): STARTTLS is offered."""
    certificate_key: Path | None = None
    """A file with its private key; None: it is in the same file."""


class LedgerSettings(Section):
    """The database, and how long it keeps what only people look at."""

    url: Annotated[
        str,
        Shape(r"^(sqlite:///.+|postgresql(\+psycopg)?://.+)$", "sqlite:///PATH or postgresql://USER@HOST/DATABASE"),
        MayHoldPassword(),
    ] = "sqlite:///var/ledger.db"
    """`sqlite:///PATH`, or `postgresql://USER@HOST/DATABASE`."""
    keep_bodies: Seconds = 30 * DAY_S
    """For how long the bytes of a delivery are kept, once everything about it is done."""
    keep_attempts: Seconds = 90 * DAY_S
    """For how long the attempts at an operation are kept, once it is done."""


class ApiSettings(Section):
    """The Tickets API that we deliver to, and the budget that our key has there."""

    url: AnyHttpUrl
    """The base URL, such as `https://apps.aurionai.net/api/v1`."""
    key: Secret
    """The key that is sent as `X-API-Key`."""
    link: Annotated[str, StringConstraints(pattern=r"^https?://[!-~]{1,500}$")] | None = None
    """Where people find a ticket, for receipts; `{id}` stands for its number. None: receipts have no link."""
    revision: Literal["A", "B"] = "A"
    """Which revision of the API's documentation is spoken."""
    per_minute: int | None = Field(default=100, ge=1)
    """Requests in any 60 s; None: no limit."""
    per_second: int | None = Field(default=20, ge=1)
    """Requests in any 1 s; None: no limit."""
    in_flight: int = Field(default=40, ge=1, le=1000)
    """Calls under way at once in one worker process."""
    breaker_rate: float = Field(default=0.5, gt=0, le=1)
    """The share of calls that fail from which on nothing but probes is sent; calls that are rejected do not fail."""
    breaker_calls: int = Field(default=20, ge=1)
    """With fewer calls than these in `timing.breaker_window`, the breaker stays as it is."""


FORGETS_KEYS_AFTER = 24 * 3600.0  # the service, as its contract says


class TimingSettings(Section):
    """How long things take; a value that breaks a rule of exactly-once delivery is refused."""

    http_timeout: Seconds = 20.0
    """The whole of one call."""
    margin: Seconds = 5.0
    """What a lease must still hold beyond one call before it is sent."""
    lease: Seconds = 60.0
    """For how long a worker may act on a case."""
    request_life: Seconds = 60.0
    """How long a request that we gave up on can still take effect at the service."""
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
    """How often every worker looks for what nobody heard."""
    probe_interval: Seconds = 30.0
    """The pause between two probes while the key or its scope is refused, or the breaker is open."""
    breaker_window: Seconds = 30.0
    """The time over which failing calls are counted."""
    ring_expires: Seconds = 10.0
    """After this a ring that nobody took is dropped."""
    stall_alarm: Seconds = 60.0
    """Due work and no claim for so long is an alarm."""

    @model_validator(mode="after")
    def _rules_hold(self) -> Self:
        if self.http_timeout + self.margin >= self.lease:
            raise ValueError(
                f"http_timeout + margin ({self.http_timeout:g} + {self.margin:g}) must be less than "
                f"lease ({self.lease:g}): a worker would send after its lease has ended"
            )
        if self.ghost_wait < self.request_life:
            raise ValueError(
                f"ghost_wait ({self.ghost_wait:g}) must be at least request_life ({self.request_life:g}): "
                "a late request could land after its successor"
            )
        if self.backoff_cap < self.backoff_base:
            raise ValueError(
                f"backoff_cap ({self.backoff_cap:g}) must be at least backoff_base ({self.backoff_base:g})"
            )
        if self.key_window + self.lease + self.request_life > FORGETS_KEYS_AFTER:
            raise ValueError(
                f"key_window must end before the service forgets its keys: with lease and request_life "
                f"({self.key_window:g} + {self.lease:g} + {self.request_life:g}) it must be at most "
                f"{FORGETS_KEYS_AFTER:g}, since a request leaves up to a lease after its claim"
            )
        if self.key_window <= self.ghost_wait + self.backoff_cap:
            raise ValueError(
                f"key_window ({self.key_window:g}) must be longer than ghost_wait + backoff_cap "
                f"({self.ghost_wait:g} + {self.backoff_cap:g}): no key would protect a repetition"
            )
        if self.breaker_window < self.http_timeout:
            raise ValueError(
                f"breaker_window ({self.breaker_window:g}) must be at least http_timeout ({self.http_timeout:g}): "
                "calls that time out would be forgotten before the next ones do"
            )
        return self


class PolicySettings(Section):
    """What the lifecycle does where there is a choice."""

    reopen_window: SecondsOrNone = 3600.0
    """Opened again so soon after its end, by the source's clock: the ticket is reopened; later there is a new one."""
    note_on_change: bool = True
    """A known message that comes with other content adds a note."""
    damping: SecondsOrNone = 0.0
    """So long an opening waits before its ticket is created; ends it in that time, neither costs a call. Urgent ones
    wait too. 0: none waits."""
    storm_above: int | None = Field(default=None, ge=1)
    """When more incidents of a source than these begin in a minute, the others share one ticket; urgent ones do not.
    None: each has its own, however many there are."""
    repeat_notes: bool = True
    """A note of which it is not known whether it was added, and can never be, is added with a line that says so;
    else it becomes a dead letter."""


@dataclass(frozen=True, slots=True)
class Routing:
    """What decides how an event is dealt with."""

    routes: tuple[Route, ...] = ()
    templates: Mapping[str, Template] = field(default_factory=dict)
    policy: PolicySettings = field(default_factory=PolicySettings)
    """Of what no route sets."""


@dataclass(frozen=True, slots=True)
class Source:
    """One configured instance of a connector."""

    id: str
    connector: Connector[Any]
    settings: SourceSettings
    routing: Routing = Routing()
    """The same for all sources; `Settings` puts it there."""


class Settings(Section):
    """All of it."""

    server: ServerSettings = ServerSettings()
    smtp: SmtpSettings = SmtpSettings()
    ledger: LedgerSettings = LedgerSettings()
    broker: BrokerSettings = BrokerSettings()
    api: ApiSettings
    timing: TimingSettings = TimingSettings()
    policy: PolicySettings = PolicySettings()
    sources: dict[SourceId, InstanceOf[Source]] = Field(default_factory=dict)
    """Who sends: an id that is chosen once, and what is configured for it."""
    routes: tuple[Route, ...] = ()
    """Looked at in this order."""
    templates: dict[str, TemplateText] = Field(default_factory=dict)
    """By the names that routes know them by."""
    tests: tuple[Test, ...] = ()
    """What `ticketrelay test` tries."""

    @model_validator(mode="after")
    def _sources_know_their_routes(self) -> Self:
        routing = Routing(self.routes, self.templates, self.policy)
        for name, source in self.sources.items():
            self.sources[name] = replace(source, routing=routing)
        return self

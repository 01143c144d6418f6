"""Which settings are there, what do they mean, and which combinations would break a promise?

Every section is frozen and refuses unknown keys. Durations are seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import AnyHttpUrl, Field, InstanceOf, StringConstraints, model_validator

from connectors.base import Connector, Secret, SourceSettings
from worker.settings.broker import BrokerSettings
from worker.settings.section import Section

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Address = Annotated[str, StringConstraints(pattern=r"^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$")]
SourceId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]


class ServerSettings(Section):
    """The HTTP listener of intake."""

    listen: Address = "127.0.0.1:8080"
    max_body: int = Field(default=1024 * 1024, ge=1)
    """Bytes of one request's body; more is answered 413."""
    max_waiting: int = Field(default=1000, ge=1)
    """Deliveries that wait for the ledger at the most; one more is answered 503."""
    health_listen: Address = "127.0.0.1:8081"
    """Where a process without intake over HTTP answers `/livez`, `/readyz` and `/metrics`."""


class LedgerSettings(Section):
    """The database: `sqlite:///PATH` or `postgresql+psycopg://…`."""

    url: Annotated[str, StringConstraints(pattern=r"^(sqlite:///.+|postgresql(\+psycopg)?://.+)$")] = (
        "sqlite:///var/ledger.db"
    )


class ApiSettings(Section):
    """The Tickets API that we deliver to, and the budget that our key has there."""

    url: AnyHttpUrl
    key: Secret
    revision: Literal["A", "B"] = "A"
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
    request_life: Seconds = 60.0
    """How long a request that we gave up on can still take effect at the service."""
    ghost_wait: Seconds = 60.0
    """The pause after an attempt of unknown outcome."""
    key_window: Seconds = 23 * 3600.0
    """How long after the first send an idempotency key is trusted."""
    search_settles: Seconds = 300.0
    """How long after its creation a ticket may still be missing from the API's search."""
    backoff_base: Seconds = 1.0
    backoff_cap: Seconds = 900.0
    dispatch_interval: Seconds = 1.0
    probe_interval: Seconds = 30.0
    """The pause between two probes while the key or its scope is refused, or the breaker is open."""
    breaker_window: Seconds = 30.0
    """The time over which failing calls are counted."""
    ring_expires: Seconds = 10.0
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

    reopen_window: float = Field(default=3600.0, ge=0, allow_inf_nan=False)
    """Opened again so soon after its end, by the source's clock: the ticket is reopened; later there is a new one."""
    note_on_change: bool = True
    repeat_notes: bool = True
    """A note of which it is not known whether it was added, and can never be, is added with a line that says so;
    else it becomes a dead letter."""


@dataclass(frozen=True, slots=True)
class Source:
    """One configured instance of a connector."""

    id: str
    connector: Connector[Any]
    settings: SourceSettings


class Settings(Section):
    """All of it."""

    server: ServerSettings = ServerSettings()
    ledger: LedgerSettings = LedgerSettings()
    broker: BrokerSettings = BrokerSettings()
    api: ApiSettings
    timing: TimingSettings = TimingSettings()
    policy: PolicySettings = PolicySettings()
    sources: dict[SourceId, InstanceOf[Source]] = Field(default_factory=dict)

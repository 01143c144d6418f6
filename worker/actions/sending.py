"""Posts a signed sample to a running listener."""

from __future__ import annotations

from datetime import datetime

import httpx

from connectors import Fixture, fixtures
from connectors.contract.messages import ConnectorError
from worker.actions.errors import Refused, WrongInput
from worker.actions.sources import configured
from worker.settings import Settings

TIMEOUT_S = 30


def samples(settings: Settings, source: str) -> dict[str, Fixture]:
    """Return the samples of a source's connector, by name. Raises UnknownSource."""
    return fixtures(configured(settings, source).connector.kind)


def send(settings: Settings, source: str, sample: str | None, url: str | None, now: datetime) -> httpx.Response:
    """Send a sample to a source, signed with the source's secret.

    By default the sample opens a case, and goes to `server.listen`.
    Raises UnknownSource and WrongInput; Refused when no listener answered.
    """
    found = configured(settings, source)
    there = samples(settings, source)
    name = sample or next(each.name for each in there.values() if _opens(each))
    if name not in there:
        raise WrongInput(f"{found.connector.kind} has no sample {name!r}; there are: {', '.join(there)}")
    body = there[name].body
    target = f"{(url or f'http://{settings.server.listen}').rstrip('/')}/in/{source}"
    try:
        headers = there[name].headers | found.connector.sign(body, found.settings, now)
    except ConnectorError as error:
        raise WrongInput(str(error)) from error
    try:
        return httpx.post(target, content=body, headers=headers, timeout=TIMEOUT_S, trust_env=False)
    except httpx.TransportError as error:
        raise Refused(f"no listener answers at {target} ({error}); does `ticketrelay run` or `serve` run?") from error


def _opens(sample: Fixture) -> bool:
    return any(event["kind"] == "Opened" for event in sample.expected.get("events", ()))

"""Tests whether a source would accept its sender's messages. A sample is signed, verified and read, but not recorded.

A product that can be asked which alerts go on is asked.
"""

from __future__ import annotations

from datetime import UTC, datetime
from secrets import token_hex

from pydantic import SecretStr

from connectors import Fixture, fixtures
from connectors.contract.messages import ConnectorError, Denied, Inbound, Verified
from connectors.contract.settings import SourceSettings
from worker.documents.sources import SourceTested
from worker.intake.reading import NO_KEYS
from worker.jobs.asking import NoAnswer, asked, listed
from worker.settings import Source

WITHOUT_SAMPLE = b"{}"
ONLY_ITSELF = "only the sender itself can sign a message: send a test message from there"


def probe(source: Source) -> SourceTested:
    """Return how far a sample came, and the problem."""
    now = datetime.now(UTC)
    sample = _sample(fixtures(source.connector.kind))
    body = sample.body if sample is not None else WITHOUT_SAMPLE
    verdict = _verdict(source, source, body, now)
    forger = Source(source.id, source.connector, _with_another_secret(source))
    is_denied = isinstance(_verdict(source, forger, body, now), Denied)
    events, unread = _read(source, verdict) if sample is not None else (0, None)
    problem = ONLY_ITSELF if source.connector.outside else _problem(verdict, unread, is_denied=is_denied)
    silent = _silent(source)
    return SourceTested(
        source=source.id,
        kind=source.connector.kind,
        sample=sample.name if sample is not None else None,
        verified=isinstance(verdict, Verified),
        refuses_forged=is_denied,
        parsed=sample is not None and isinstance(verdict, Verified) and unread is None,
        events=events,
        asked=silent is None if asked(source) is not None else None,
        problem=problem or silent,
    )


def _sample(samples: dict[str, Fixture]) -> Fixture | None:
    """Return a sample that opens a case, else a readable one; samples that need no settings of their own come first."""
    readable = [each for each in samples.values() if "error" not in each.expected]
    return min(readable, key=lambda each: (not _opens(each), bool(each.expected.get("settings"))), default=None)


def _opens(sample: Fixture) -> bool:
    return any(event["kind"] == "Opened" for event in sample.expected["events"])


def _silent(source: Source) -> str | None:
    """Return why the product does not list its open alerts; None when it does, or need not."""
    question = asked(source)
    if question is None:
        return None
    try:
        listed(source)
    except NoAnswer as error:
        return f"{question.url} does not list its open alerts: {error}"
    return None


def _verdict(source: Source, signer: Source, body: bytes, now: datetime) -> Verified | Denied:
    signed = signer.connector.sign(body, signer.settings, now)
    headers = tuple((name.lower(), value) for name, value in signed.items())
    return source.connector.verify(Inbound(source.id, now, body, headers), source.settings, now, NO_KEYS)


def _with_another_secret(source: Source) -> SourceSettings:
    return source.settings.model_copy(update={"secret": SecretStr(token_hex(16)), "previous_secret": None})


def _read(source: Source, verdict: Verified | Denied) -> tuple[int, str | None]:
    if isinstance(verdict, Denied):
        return 0, None
    try:
        parsed = source.connector.parse(verdict, source.settings)
    except ConnectorError as error:
        return 0, str(error)
    unreadable = "; ".join(str(each) for each in parsed.unreadable)
    return len(parsed.events), unreadable or None


def _problem(verdict: Verified | Denied, unread: str | None, *, is_denied: bool) -> str | None:
    if isinstance(verdict, Denied):
        return f"the sender would be denied, though it has the right secret: {verdict.reason}"
    if not is_denied:
        return "a sender with another secret would be accepted: the connector does not verify senders"
    return f"the sample cannot be read: {unread}" if unread is not None else None

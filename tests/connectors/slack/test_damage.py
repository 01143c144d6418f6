"""Tests that damaged but validly signed deliveries become events or are refused, without a crash."""

from __future__ import annotations

from collections import Counter

from connectors import fixtures
from connectors.contract.messages import ConnectorError, Inbound, Verified
from connectors.slack import parse, sign, verify

from ..mutate import mutations
from .builders import NOW, configured

COUNT = 2_000


def test_damaged_deliveries_become_events_or_are_refused() -> None:
    settings = configured(private=False)
    outcomes: Counter[str] = Counter()
    # Fixtures with events count three times, because damage to the others shows little.
    seeds = [each.body for each in fixtures("slack").values() for _ in range(3 if each.expected.get("events") else 1)]
    for body in mutations(seeds, kind="json", seed=20260314, count=COUNT):
        headers = tuple((name.lower(), value) for name, value in sign(body, settings, NOW).items())
        verified = verify(Inbound("chat", NOW, body, headers), settings, NOW, {})
        assert isinstance(verified, Verified)
        try:
            parsed = parse(verified, settings)
        except ConnectorError:
            outcomes["refused"] += 1
            continue
        outcomes["events" if parsed.events else "none"] += 1
        for event in parsed.events:
            "\n".join([event.subject, event.text, *(part for pair in event.attributes for part in pair)]).encode()
            assert 0 < len(event.subject) <= 255
            assert len(event.text) <= 60_000
    assert outcomes["events"] >= COUNT / 5
    assert outcomes["refused"] > 0

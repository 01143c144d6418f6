"""Idempotency keys, markers and case keys that a ledger plans for the connectors' fixtures.

    .venv/bin/python -m tests.worker.idempotency_keys

adds new fixtures to `idempotency_keys.json`. Existing entries are never changed: with another key, a call that was sent
before an upgrade would be sent again after it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from connectors import connector, fixtures, kinds
from connectors.contract.messages import Inbound, OverLimit, Verified
from tests.connectors.sealing import NEEDED
from tickets.markers import word_in_request
from worker.intake.reading import read_verified
from worker.ledger import Ledger
from worker.ledger.schema.tables import aliases, cases, facts, operations
from worker.settings import Source

from .builders import ManualClock, rows

KEPT = Path(__file__).parent / "idempotency_keys.json"
NOW = datetime(2026, 3, 14, 3, 0, tzinfo=UTC)
MARKER_KEY = b"a fixed key, for tests: 32 bytes"
STORIES = {
    "alertmanager": ("firing", "repeat", "changed", "resolved", "refire"),
    "discord": ("slash-command", "note-in-thread"),
    "email": ("plain", "reply", "command"),
    "grafana": ("firing", "resolved"),
    "pagerduty": ("triggered", "acknowledged", "priority", "note", "resolved", "reopened"),
    "slack": ("mention", "reply", "edit", "close-reaction"),
    "telegram": ("mention", "reply", "close-reply"),
}
"""Fixtures that one source sends in this order, because the messages after an opening have keys too."""
TOGETHER = "one after the other"

STRANGERS = "strangers:"
"""The beginning of the name of a case that gathers what strangers write about another one."""

Planned = dict[str, Any]


def of_all_fixtures(folder: Path) -> dict[str, Planned]:
    """Return what is planned for each fixture alone and for each story, by name, if there are operations."""
    named = {}
    with _ledger(folder) as ledger:
        for kind in kinds():
            told: dict[str, tuple[str, ...]] = {name: (name,) for name in fixtures(kind)}
            if kind in STORIES:
                told[TOGETHER] = STORIES[kind]
            for name, messages in told.items():
                source_id = f"{kind}-{name}".replace(" ", "-")
                named[source_id] = f"{kind}: {name}"
                for message in messages:
                    _record(ledger, kind, source_id, message)
        return {named[source_id]: planned for source_id, planned in _planned(ledger).items()}


@contextmanager
def _ledger(folder: Path) -> Iterator[Ledger]:
    """A ledger with a fixed key of markers; otherwise each ledger would have different markers."""
    made = Ledger(f"sqlite:///{folder / 'keys.db'}", clock=ManualClock(NOW))
    made.upgrade()
    with made.database.write() as connection:
        connection.execute(facts.update().where(facts.c.name == "marker_key").values(value=MARKER_KEY))
    yield made
    made.close()


def _record(ledger: Ledger, kind: str, source_id: str, message: str) -> None:
    fixture = fixtures(kind)[message]
    configured = {"secret": "dev-secret", **NEEDED.get(kind, {}), **fixture.expected.get("settings", {})}
    source = Source(source_id, connector(kind), connector(kind).settings.model_validate(configured))
    headers = tuple((name.lower(), value) for name, value in fixture.headers.items())
    try:
        read = read_verified(source, Verified(Inbound(source_id, NOW, fixture.body, headers)))
    except OverLimit:
        return
    ledger.record([read])


def _planned(ledger: Ledger) -> dict[str, Planned]:
    """Return the operations, markers, cases and aliases by source, for sources with operations."""
    source_of = {each["id"]: each["source"] for each in rows(ledger, cases)}
    found: dict[str, Planned] = {}
    for each in rows(ledger, operations):
        source = source_of[each["case_id"]]
        its = found.setdefault(source, {"operations": [], "markers": [], "cases": [], "aliases": []})
        its["operations"].append([each["kind"], each["idempotency_key"]])
        if each["kind"] == "create_ticket":
            its["markers"].append(word_in_request(each["request"]))
    for table, column in ((cases, "key"), (aliases, "alias")):
        name = "cases" if table is cases else "aliases"
        for each in rows(ledger, table):
            # The names of cases that gather strangers came later: they are added, and lead no message of before.
            if each["source"] in found and not each[column].startswith(STRANGERS):
                found[each["source"]][name] = sorted([*found[each["source"]][name], each[column]])
    return found


def kept() -> dict[str, Planned]:
    """Return the stored entries."""
    found: dict[str, Planned] = json.loads(KEPT.read_text())
    return found


def main() -> None:
    with TemporaryDirectory() as folder:
        today = of_all_fixtures(Path(folder))
    before = kept() if KEPT.exists() else {}
    KEPT.write_text(json.dumps(today | before, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()

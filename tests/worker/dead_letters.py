"""Dead letters for tests: a create with operations held behind it, a note, and a file with an edited body."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from worker.ledger import Ledger
from worker.ledger.schema.tables import operations

from .builders import (
    claim_one,
    commented,
    dead,
    delivery,
    done,
    kill_create,
    opened,
    resolved,
    rows,
)


def blocked(ledger: Ledger) -> str:
    """Record a case with a rejected create, and a note and a close behind it; return the dead letter's id."""
    return kill_create(ledger, opened(), commented(), resolved())


def states(ledger: Ledger) -> list[str]:
    return [each["state"] for each in rows(ledger, operations)]


def body_of(ledger: Ledger, dead_letter: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ledger.show_dead(dead_letter).body)
    return found


def edited(ledger: Ledger, dead_letter: str, tmp_path: Path, **changes: Any) -> str:
    """Write the body of a dead letter with these changes into a file; return its path."""
    path = tmp_path / "edited.json"
    path.write_text(json.dumps({**body_of(ledger, dead_letter), **changes}))
    return str(path)


def dead_note(ledger: Ledger, *, private: bool = True) -> str:
    ledger.record([delivery(opened(), commented(private=private))])
    ledger.settle([(claim_one(ledger), done())])
    note = claim_one(ledger, "add_note")
    ledger.settle([(note, dead("404: no such ticket"))])
    return f"op-{note.case_id}-{note.seq}"

"""A ledger that makes receipts due."""

from __future__ import annotations

import pytest

from worker.ledger import Ledger

from ..conftest import MakeLedger


@pytest.fixture
def ledger(make_ledger: MakeLedger) -> Ledger:
    made = make_ledger(may_answer=True)
    made.upgrade()
    return made

"""A process that settles makes receipts due, however its ledger was opened."""

from __future__ import annotations

from pathlib import Path

from worker.ledger import open_ledger
from worker.ledger.schema.tables import receipts
from worker.settings import load

from ..builders import ManualClock, claim_one, done, rows
from .posting import arrive, sample


def test_a_ledger_that_is_opened_by_settings_makes_a_receipt_due(tmp_path: Path) -> None:
    settings = load(
        {
            "TICKETRELAY_API__URL": "http://127.0.0.1:1",
            "TICKETRELAY_API__KEY": "ak_test",
            "TICKETRELAY_LEDGER__URL": f"sqlite:///{tmp_path / 'ledger.db'}",
            "TICKETRELAY_SOURCES__CHAT__KIND": "slack",
            "TICKETRELAY_SOURCES__CHAT__SECRET": "s3cret",
            "TICKETRELAY_SOURCES__CHAT__RECEIPTS": "true",
            "TICKETRELAY_SOURCES__CHAT__BOT_TOKEN": "xoxb-test",
        }
    )
    source = settings.sources["chat"]
    ledger = open_ledger(settings)
    ledger.upgrade()
    arrive(ledger, ManualClock(ledger.now()), source, sample(source, "mention"))
    ledger.settle([(claim_one(ledger), done())])
    (receipt,) = rows(ledger, receipts)
    ledger.close()
    assert receipt["state"] == "due"

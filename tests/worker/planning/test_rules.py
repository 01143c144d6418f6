"""Each rule of planning holds over values alone, as in a rehearsal, and in a ledger."""

from __future__ import annotations

import pytest

from ..builders import ManualClock
from ..conftest import MakeLedger
from .histories import RULES
from .rules import Rule, played_by_ledger, played_in_memory

pytestmark = pytest.mark.one_database

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


@each_rule
def test_a_rehearsal_plans_by_the_rule(rule: Rule) -> None:
    calls, reasons = played_in_memory(rule)
    assert calls == rule.calls
    if rule.reasons:
        assert reasons == list(rule.reasons)


@each_rule
def test_a_ledger_plans_by_the_rule(rule: Rule, make_ledger: MakeLedger, clock: ManualClock) -> None:
    ledger = make_ledger(may_delay=True, may_group=True)
    ledger.upgrade()
    calls, reasons = played_by_ledger(rule, ledger, clock)
    assert calls == rule.calls
    if rule.reasons:
        assert reasons == list(rule.reasons)

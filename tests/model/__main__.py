"""`python3 -m tests.model` prints the exploration; `--trace SWITCH` prints how a promise breaks without that rule.

Exits 1 if a promise breaks with all rules on, or if no promise breaks with one of the rules off.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.model.ablations import ABLATIONS, Ablation, setting
from tests.model.explore import explore
from tests.model.scenarios import SCENARIOS, Setting


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tests.model", description=__doc__)
    parser.add_argument("--trace", choices=[each.switch for each in ABLATIONS], metavar="SWITCH")
    chosen: str | None = parser.parse_args().trace
    if chosen is not None:
        return _tell(next(each for each in ABLATIONS if each.switch == chosen))
    began = time.process_time()
    good = _all_on()
    for each in ABLATIONS:
        good &= _one_off(each)
    _say(f"\n{time.process_time() - began:.0f} s of CPU: {'as it should be' if good else 'NOT as it should be'}")
    return 0 if good else 1


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _all_on() -> bool:
    _say(f"{'all rules on':<50}{'states':>9}  violations")
    total, violations = 0, 0
    for scenario in SCENARIOS:
        found = explore(Setting(scenario))
        total += found.states
        violations += found.violation is not None
        _say(f"  {scenario.name:<48}{found.states:>9}  {found.violation or 0}")
        for number, what in enumerate(found.trace, 1):
            _say(f"      {number:>2}. {what}")
    _say(f"  {'together':<48}{total:>9}  {violations}")
    return not violations


def _one_off(ablation: Ablation) -> bool:
    if ablation is ABLATIONS[0]:
        _say(f"\n{'rule':<6}{'off':<26}{'what is done instead':<34}{'states':>7}{'steps':>7}  violation")
    found = explore(setting(ablation))
    _say(
        f"{ablation.rule:<6}{ablation.switch:<26}{ablation.without:<34}{found.states:>7}{len(found.trace):>7}  "
        f"{found.violation or 'NONE'}"
    )
    return found.violation is not None


def _tell(ablation: Ablation) -> int:
    found = explore(setting(ablation))
    _say(f"{ablation.scenario}; {ablation.switch} off: {ablation.without}")
    for number, what in enumerate(found.trace, 1):
        _say(f"  {number:>2}. {what}")
    _say(found.violation or "no promise broken")
    return 0 if found.violation else 1


if __name__ == "__main__":
    sys.exit(main())

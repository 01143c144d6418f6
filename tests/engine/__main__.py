"""`python3 -m tests.engine` prints each rule, on and off; `--walks N --from M` searches longer with all rules on.

Exits 1 if a promise breaks with all rules on, or if no promise breaks with one of the rules off.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.engine.ablations import ABLATIONS, Ablation
from tests.engine.homes import Home, home
from tests.engine.rules import Rules
from tests.engine.walks import Found, play, search

LENGTH = 60


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tests.engine", description=__doc__)
    parser.add_argument("--walks", type=int, default=50, metavar="N", help="random walks with all rules on")
    parser.add_argument("--from", type=int, default=0, metavar="M", dest="first", help="the number of the first one")
    chosen = parser.parse_args()
    began = time.process_time()
    with home() as at:
        good = _table(at)
        good &= _walks(at, range(chosen.first, chosen.first + chosen.walks))
    _say(f"{time.process_time() - began:.0f} s of CPU: {'as it should be' if good else 'NOT as it should be'}")
    return 0 if good else 1


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _table(at: Home) -> bool:
    _say(f"{'rule':<6}{'':<29}{'on':<8}{'off':<42}violation")
    right = [_row(at, each) for each in ABLATIONS]
    return all(right)


def _row(at: Home, ablation: Ablation) -> bool:
    on, off = play(at, Rules(), ablation.steps), play(at, ablation.rules, ablation.steps)
    clean, broken = on.violation if on else "clean", off.violation if off else "NONE"
    _say(f"{ablation.rule:<6}{ablation.name:<29}{clean:<8}{ablation.without:<42}{broken}")
    return on is None and off is not None


def _walks(at: Home, numbers: range) -> bool:
    walked, found = search(at, Rules(), numbers=numbers, length=LENGTH)
    _say(
        f"\nall rules on: {walked} random walks of {LENGTH} steps: {found.violation if found else 'no promise broken'}"
    )
    _tell(found)
    return found is None


def _tell(found: Found | None) -> None:
    for each in found.steps if found else ():
        _say(f"    {each},")


if __name__ == "__main__":
    sys.exit(main())

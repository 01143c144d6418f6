"""Switches off the rules of exactly-once delivery in the code, one by one, and tells which rules no test notices.

    python3 dev.py ablate --all          every rule
    python3 dev.py ablate --share 120    as many rules as fit into 120 s, chosen by the commit that is checked out
    python3 dev.py ablate --list         print the rules, their files and their tests
    python3 dev.py ablate NAME…          the rules with one of these texts in their name or in the name of their file

The code is changed in memory (tests/ablations/running.py), so the checkout stays as it is. Exits with 1 if a rule is
unnoticed, if the text of a rule is not in the code any more, or if tests fail although every rule is on.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence

from tests.ablations.ablation import Ablation
from tests.ablations.rules import ABLATIONS
from tests.ablations.running import Ran, run
from tests.shares import number_of_the_commit

AT_ONCE = 2
MARKS = {"noticed": "noticed  ", "unnoticed": "UNNOTICED", "stale": "STALE    ", "broken": "BROKEN   "}


def in_order_of(seed: str, ablations: Sequence[Ablation]) -> list[Ablation]:
    """Return the ablations in an order that depends on the seed alone; a share is the beginning of it."""
    return random.Random(seed).sample(ablations, len(ablations))  # noqa: S311 — an order, not a secret


def named(names: Sequence[str]) -> list[Ablation]:
    """Return the ablations with one of these texts in their names. Raises SystemExit when a text fits none."""
    unknown = [each for each in names if not any(_has(ablation, each) for ablation in ABLATIONS)]
    if unknown:
        raise SystemExit(f"ablate: no rule has {unknown[0]!r} in its name; `ablate --list` prints the rules")
    return [ablation for ablation in ABLATIONS if any(_has(ablation, each) for each in names)]


def _has(ablation: Ablation, name: str) -> bool:
    return name in ablation.rule or name in ablation.file


def baseline(ablations: Sequence[Ablation]) -> list[Ablation]:
    """Return two runs of all these tests with every rule on: of those that need PostgreSQL, and of the others."""
    runs = []
    for on_postgresql in (False, True):
        tests = dict.fromkeys(each for one in ablations if one.on_postgresql is on_postgresql for each in one.tests)
        if tests:
            runs.append(Ablation("every rule is on", "", "", "", tuple(tests), on_postgresql))
    return runs


def tell(ablation: Ablation, ran: Ran) -> None:
    print(f"{MARKS[ran.verdict]} {ran.cpu_s:5.1f} s  {ablation.rule}  ({ablation.file})", flush=True)
    if ran.verdict == "unnoticed":
        print(f"    {ablation.text!r}\n    became {ablation.instead!r}, and these tests pass:")
        print("\n".join(f"    {each}" for each in ablation.tests))
    elif ran.verdict != "noticed":
        print("\n".join(f"    {line}" for line in ran.why.splitlines()))


def check(ablations: Sequence[Ablation], share_s: float | None) -> int:
    """Run the ablations and print the result; returns the exit code."""
    begun = time.monotonic()
    verdicts: Counter[str] = Counter()
    cpu_s = 0.0
    for ablation, ran in run(ablations, at_once=AT_ONCE, share_s=share_s):
        tell(ablation, ran)
        verdicts[ran.verdict] += 1
        cpu_s += ran.cpu_s
    failing = 0
    if share_s is None:  # a share runs beside all tests
        for _, ran in run(baseline(ablations), at_once=AT_ONCE):
            cpu_s += ran.cpu_s
            if ran.verdict != "unnoticed":
                failing += 1
                print(f"BROKEN    with every rule on, these fail: {', '.join(ran.failed) or ran.why}")
    number = sum(verdicts.values())
    others = "".join(f", {verdicts[each]} {each}" for each in ("unnoticed", "stale", "broken") if verdicts[each])
    print(
        f"{number} of {len(ABLATIONS)} rules switched off, {verdicts['noticed']} noticed{others} "
        f"({cpu_s:.0f} s of CPU time, {time.monotonic() - begun:.0f} s)"
    )
    return 1 if failing or verdicts["noticed"] < number else 0


def main(words: Sequence[str]) -> int:
    description, _, examples = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        "dev.py ablate", description=description, epilog=examples, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--all", action="store_true", help="every rule, and their tests with every rule on")
    which.add_argument("--share", type=float, metavar="SECONDS", help="begin no rule after so many seconds")
    which.add_argument("--list", action="store_true", help="print the rules, and run nothing")
    which.add_argument("names", nargs="*", default=[], metavar="NAME", help="a text in the name of a rule or its file")
    parser.add_argument("--seed", metavar="TEXT", help="the text that chooses the share, instead of the commit")
    options = parser.parse_args(words)
    if options.list:
        for each in ABLATIONS:
            print(f"{each.rule}  ({each.file})\n" + "\n".join(f"    {test}" for test in each.tests))
        print(f"{len(ABLATIONS)} rules")
        return 0
    if options.share is not None:
        return check(in_order_of(options.seed or str(number_of_the_commit()), ABLATIONS), options.share)
    return check(ABLATIONS if options.all else named(options.names), None)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends the processes of the tests, too
    raise SystemExit(main(sys.argv[1:]))

"""`python3 dev.py chaos --broker redis --events 5000 --faults 20 --seed 1`: a run, its progress on standard error.

The last line is JSON. Exit code 0: nothing lost, duplicated, misordered or unexpected, no dead letter,
every alarm that had to come up was up, and none is up at the end.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any, get_args

from tests.acceptance.chaos.driver import Outcome, run
from tests.acceptance.chaos.sites import Kind


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="dev.py chaos", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--broker", choices=get_args(Kind), default="embedded", help="embedded: one process, SQLite")
    parser.add_argument("--events", type=int, default=500, help="how many things sources say")
    parser.add_argument("--faults", "--kills", type=int, default=5, help="how often a process or a server is hit")
    parser.add_argument("--seed", type=int, default=1, help="the same seed is the same stream and the same faults")
    parser.add_argument(
        "--limit", metavar="MINUTE/SECOND", help="requests that the Tickets API takes; no limit by default"
    )
    options = parser.parse_args(arguments)
    if options.events < 2 or options.faults < 0:
        parser.error("--events is at least 2, --faults at least 0")
    if options.limit is not None and not re.fullmatch(r"[1-9][0-9]*/[1-9][0-9]*", options.limit):
        parser.error("--limit is requests of a minute and of a second, such as 3000/600")
    signal.signal(signal.SIGTERM, _end)
    folder = Path(tempfile.mkdtemp(prefix="ticketrelay-chaos-"))
    folder.chmod(0o755)
    keep = True
    try:
        outcome = run(
            options.broker,
            folder,
            events=options.events,
            faults=options.faults,
            seed=options.seed,
            limit=options.limit,
        )
        keep = not outcome.is_clean
    except KeyboardInterrupt:
        keep = False
        raise
    finally:
        if keep:
            print(f"logs and databases are kept in {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    for each in (*outcome.stories, *map("missing alarm: {}".format, outcome.missing_alarms)):
        print(each)
    print(json.dumps(figures(outcome) | {"broker": options.broker, "seed": options.seed, "limit": options.limit}))
    return 0 if outcome.is_clean else 1


def _end(number: int, _frame: object) -> None:
    """End the run, and with it what it started. A second SIGTERM, as `timeout` sends it, must not interrupt that."""
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def figures(outcome: Outcome) -> dict[str, Any]:
    return {
        "events": outcome.events,
        "faults": outcome.faults,
        "api_faults": outcome.api_faults,
        **outcome.verdict.figures(),
        "dead": outcome.dead,
        "missing_alarms": len(outcome.missing_alarms),
        "left_alarms": outcome.left_alarms,
        "kinds": outcome.kinds,
        "alarms": outcome.alarms,
        "seconds": outcome.seconds,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

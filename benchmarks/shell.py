"""Compares the CPU time of `--help` with that of a Python that does nothing.

    python -m benchmarks.shell [--rounds N] [COMMAND…]

Prints the median CPU seconds of both (user and system, with those of their children) and their ratio.
The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys

NOTHING = [sys.executable, "-c", "pass"]


def cpu_seconds(command: list[str]) -> float:
    """Return the CPU seconds of one run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("words", nargs="*", default=["--help"], metavar="COMMAND")
    arguments, more = parser.parse_known_args()
    words = [*arguments.words, *more] if more else arguments.words
    asked = [sys.executable, "-m", "worker.cli", *words]
    cpu_seconds(asked)  # so that no round includes the compilation to byte code
    # Alternately, so that other work of the machine affects both alike.
    pairs = [(cpu_seconds(NOTHING), cpu_seconds(asked)) for _ in range(arguments.rounds)]
    nothing, ours = (statistics.median(each) for each in zip(*pairs, strict=True))
    print(f"{' '.join(words)}: {ours:.3f} s of CPU, {ours / nothing:.1f} times those of python -c pass")
    found = {
        "benchmark": "shell",
        "command": words,
        "rounds": arguments.rounds,
        "cpu_s": ours,
        "nothing_cpu_s": nothing,
    }
    print(json.dumps(found | {"cpu_ratio_vs_nothing": ours / nothing}))


if __name__ == "__main__":
    main()

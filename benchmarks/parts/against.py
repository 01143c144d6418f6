"""Runs one benchmark of this checkout and of another revision alternately, and prints the median of their ratios.

    python3 dev.py bench NAME --against REV [--pairs N] [OPTIONS OF THE BENCHMARK]

This checkout is measured as it stands, with uncommitted changes. REV is written to a temporary folder, which is
removed at the end. Each side runs its own benchmark and its own code, in the same virtual environment and with the same
options.
The order changes with each pair (A B, B A, A B …), so that a machine that becomes slower affects both alike.
A ratio of 1 or more means that this checkout is at least as quick as REV. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.parts.processes import END_PATIENCE_S, BenchmarkError, Noise, end_cleanly, module, running

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("worker", "connectors", "tickets", "benchmarks")
LOCK = Path("requirements", "dev.lock")
PAIRS = 5


class CannotCompare(Exception):
    """The revision, the repository, or the benchmark with a figure does not exist."""


@dataclass(frozen=True, slots=True)
class Figure:
    """The figure of a benchmark that is compared: its key in the last line of the output, which is JSON."""

    key: str
    meaning: str
    more_is_better: bool = False
    options: tuple[str, ...] = ()
    """Inserted before the caller's options; they leave out parts that the figure does not need."""


# CPU time where possible: other work on the machine disturbs CPU time least.
FIGURES = {
    "rehearse": Figure("cpu_ms_per_delivery", "CPU ms of each delivery", options=("--rounds", "3")),
    "delivery": Figure(
        "cpu_ms",
        "CPU ms of each operation in workers, broker and database",
        # The contenders beside Ticketrelay get as little work as possible.
        options=("--rounds", "1", "--pools", "threads:2", "--latency", "200"),
    ),
    "intake": Figure(
        "per_cpu_second",
        "alerts taken in for each CPU second of server, database and broker",
        more_is_better=True,
        options=("--rounds", "1"),
    ),
    "shell": Figure("cpu_s", "CPU seconds of the command"),
}


@dataclass(frozen=True, slots=True)
class Side:
    """A checkout that is measured, and the folder that holds its code."""

    name: str
    folder: Path

    def environment(self) -> dict[str, str]:
        """Give this folder's packages precedence over the installed ones, also in processes of the benchmark."""
        others = os.environ.get("PYTHONPATH")
        return {"PYTHONPATH": os.pathsep.join([str(self.folder), *([others] if others else [])])}

    def prepare(self) -> None:
        """Compile the code, so that no measurement includes the compilation.

        Raises BenchmarkError if Python imports the code from another folder.
        """
        shown = "; ".join(f"import {each}; print({each}.__path__[0])" for each in PACKAGES)
        command = [sys.executable, "-c", shown]
        with tempfile.TemporaryDirectory(prefix="ticketrelay-against-") as elsewhere:
            found = _output(command, cwd=Path(elsewhere), environment=self.environment())
        for line, package in zip(found.splitlines(), PACKAGES, strict=True):
            if Path(line).resolve() != (self.folder / package).resolve():
                raise BenchmarkError(f"{self.name}: {package} is imported from {line}, not from {self.folder}")
        compiled = [*module("compileall"), "-q", *PACKAGES]
        subprocess.run(compiled, cwd=self.folder, capture_output=True, check=False)


def _output(command: Sequence[str], cwd: Path, environment: dict[str, str] | None = None) -> str:
    """Run a command to its end; returns its standard output. Raises BenchmarkError unless it exits with 0."""
    done = subprocess.run(
        command, cwd=cwd, env=os.environ | (environment or {}), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BenchmarkError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def commit_of(revision: str) -> str:
    """Return the commit of a revision of this checkout. Raises CannotCompare if git or the revision is missing."""
    git = shutil.which("git")
    if git is None:
        raise CannotCompare("--against needs git, which is not installed")
    top = subprocess.run([git, "rev-parse", "--show-cdup"], cwd=ROOT, capture_output=True, text=True, check=False)
    if top.returncode or top.stdout.strip():
        raise CannotCompare(f"--against needs a git checkout, and {ROOT} is none")
    name = f"{revision}^{{commit}}"
    found = subprocess.run(
        [git, "rev-parse", "--verify", "--quiet", "--end-of-options", name],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if found.returncode:
        raise CannotCompare(f"--against: this repository has no commit {revision!r}")
    return found.stdout.strip()


@contextmanager
def checkout(commit: str) -> Iterator[Path]:
    """Write the files of a commit to a temporary folder; the repository's index and worktree list stay untouched."""
    git = shutil.which("git") or "git"
    with tempfile.TemporaryDirectory(prefix="ticketrelay-against-") as name:
        folder = Path(name)
        index = {"GIT_INDEX_FILE": str(folder / "index")}
        _output([git, "read-tree", commit], ROOT, index)
        _output([git, "checkout-index", "--all", f"--prefix={folder / 'checkout'}{os.sep}"], ROOT, index)
        yield folder / "checkout"


def measure(name: str, side: Side, options: Sequence[str]) -> float:
    """Run one side's benchmark; returns its figure. Raises BenchmarkError if the run fails or prints no such figure."""
    figure = FIGURES[name]
    with tempfile.TemporaryDirectory(prefix="ticketrelay-against-") as folder:
        output = Path(folder) / "output.txt"
        command = module(f"benchmarks.{name}", *figure.options, *options)
        with running(command, output, environment=side.environment(), cwd=side.folder, waits=False,
                     end=signal.SIGINT) as process:  # fmt: skip
            _wait(process)
        said = output.read_text(errors="replace")
    if process.returncode:
        raise BenchmarkError(f"{side.name}: {name} ended with {process.returncode}: {said[-2000:]}")
    return figure_of(said, figure.key)


def _wait(process: subprocess.Popen[str]) -> None:
    try:
        process.wait()
    except SystemExit as leaving:
        # Ctrl-C reaches the benchmark as well. A second signal would interrupt the benchmark while it ends its servers.
        if leaving.code == 128 + signal.SIGINT:
            with suppress(subprocess.TimeoutExpired):
                process.wait(END_PATIENCE_S)
        raise


def figure_of(output: str, key: str) -> float:
    """Return the figure in the last line of an output. Raises BenchmarkError if it is missing or not positive."""
    last = output.rstrip().rpartition("\n")[2]
    try:
        value = json.loads(last)[key]
    except (ValueError, KeyError, TypeError) as error:
        raise BenchmarkError(f"the last line has no figure {key!r}: {last[:500]}") from error
    if not isinstance(value, int | float) or value <= 0:
        raise BenchmarkError(f"the figure {key!r} is to be positive, and is {value!r}")
    return float(value)


def quickness(figure: Figure, mine: float, theirs: float) -> float:
    """Return how many times as quick this checkout is as the other one."""
    return mine / theirs if figure.more_is_better else theirs / mine


def compare(name: str, mine: Side, theirs: Side, pairs: int, options: Sequence[str]) -> dict[str, object]:
    """Measure both sides alternately and print a line for each pair; returns the line of JSON."""
    figure, noise = FIGURES[name], Noise()
    better = "more is better" if figure.more_is_better else "less is better"
    print(f"{name}: {figure.meaning} ({better})\n{'':<8}{mine.name:>16}{theirs.name:>16}{'ratio':>10}", flush=True)
    found: list[dict[str, float]] = []
    for number in range(pairs):
        sides = (theirs, mine) if number % 2 == 0 else (mine, theirs)
        figures = {each.name: measure(name, each, options) for each in sides}
        us, them = figures[mine.name], figures[theirs.name]
        found.append({"this": us, "other": them, "ratio": round(quickness(figure, us, them), 4)})
        print(f"{f'pair {number + 1}':<8}{us:>16.3f}{them:>16.3f}{found[-1]['ratio']:>10.3f}", flush=True)
    middle = round(statistics.median(each["ratio"] for each in found), 4)
    print(f"{'median':<8}{'':>32}{middle:>10.3f}  (1 or more: this checkout is at least as quick)")
    return {
        "benchmark": name,
        "against": theirs.name,
        "figure": figure.key,
        "pairs": found,
        "median_ratio": middle,
        "cpu_share_of_others": noise.share(),
    }


def run(name: str, revision: str, pairs: int, options: Sequence[str]) -> dict[str, object]:
    """Check the other revision out and compare. Raises CannotCompare or BenchmarkError."""
    if name not in FIGURES:
        raise CannotCompare(f"--against compares {', '.join(FIGURES)}; {name!r} has no figure to compare")
    commit = commit_of(revision)
    with checkout(commit) as folder:
        if not (folder / "benchmarks" / f"{name}.py").exists():
            raise CannotCompare(f"--against: {revision} has no benchmark {name!r}")
        if (folder / LOCK).read_bytes() != (ROOT / LOCK).read_bytes():
            print(f"{revision} has other versions in {LOCK}: both run with those of this checkout", file=sys.stderr)
        mine, theirs = Side("this checkout", ROOT), Side(commit[:10], folder)
        for each in (mine, theirs):
            each.prepare()
        return compare(name, mine, theirs, pairs, options)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="dev.py bench",
        usage="python3 dev.py bench NAME --against REV [--pairs N] [OPTIONS OF THE BENCHMARK]",
        description=__doc__,
        epilog="\n".join(["what is compared:", *(f"  {name:<10}{each.meaning}" for name, each in FIGURES.items())]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("name", metavar="NAME", help=f"{', '.join(FIGURES)}")
    parser.add_argument("--against", required=True, metavar="REV", help="a commit, branch or tag of this repository")
    parser.add_argument("--pairs", type=int, default=PAIRS, help=f"measurements of each side ({PAIRS})")
    given, options = parser.parse_known_args()
    if given.pairs < 1:
        parser.error("--pairs: at least 1")
    end_cleanly()
    try:
        print(json.dumps(run(given.name, given.against, given.pairs, options)))
    except CannotCompare as error:
        print(f"dev.py bench: {error}", file=sys.stderr)
        return 2
    except BenchmarkError as error:
        print(f"dev.py bench: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Looks for known vulnerabilities of the locked runtime requirements, with pip-audit.

    python3 dev.py audit             exits 1 for a vulnerability, 2 if a package could not be looked up
    python3 dev.py audit --check     as `dev.py check` does: what could not be looked up is said, and does not fail

pip-audit is not among the locked requirements, because its data need the Internet. Without the data of a package
pip-audit prints "No known vulnerabilities found" and exits 0, so its report is read package by package: a package that
it skipped was not looked up. The packages are those of this platform; others' markers are in the lock.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.dependencies.locks import RUNTIME

SERVICES = ("pypi", "osv")
"""The sources of pip-audit. The second is asked only if the first does not know every package."""
TIMEOUT_S = 15
"""Seconds for one request."""
WHOLE_S = 120
"""Seconds for one source."""

INSTALL = "install it outside of this project with: uv tool install pip-audit"


@dataclass(frozen=True, slots=True)
class Report:
    """The result of one source, or of several."""

    looked_up: frozenset[str] = frozenset()
    """The names of packages whose vulnerabilities are known."""
    skipped: frozenset[str] = frozenset()
    """The names of packages for which there was no data."""
    found: tuple[str, ...] = ()
    """A line for each vulnerability."""
    trouble: str | None = None
    """Why there is no report."""

    def joined(self, other: Report) -> Report:
        """Return both reports as one: a package is looked up if one source knows it."""
        looked_up = self.looked_up | other.looked_up
        return Report(
            looked_up,
            (self.skipped | other.skipped) - looked_up,
            tuple(dict.fromkeys((*self.found, *other.found))),
            self.trouble if not looked_up else None,
        )


def read_report(text: str) -> Report:
    """Return what pip-audit's JSON says. Raises ValueError for anything else."""
    document = json.loads(text)
    try:
        packages = document["dependencies"]
        skipped = frozenset(each["name"] for each in packages if "skip_reason" in each)
        known = [each for each in packages if "skip_reason" not in each]
        found = tuple(
            _line(each["name"], each["version"], vulnerability) for each in known for vulnerability in each["vulns"]
        )
        return Report(frozenset(each["name"] for each in known), skipped, found)
    except (KeyError, TypeError) as error:
        raise ValueError(f"pip-audit's report is not of a known form: {error!r} is missing") from None


def _line(name: str, version: str, vulnerability: dict[str, object]) -> str:
    fixed = vulnerability.get("fix_versions")
    mended = f"mended in {', '.join(map(str, fixed))}" if isinstance(fixed, list) and fixed else "not mended yet"
    return f"{name} {version}: {vulnerability['id']}, {mended}"


def audited(program: str, lock: Path, services: Sequence[str] = SERVICES) -> Report:
    """Ask the sources one after another, until every package was looked up."""
    whole: Report | None = None
    for service in services:
        report = _asked(program, lock, service)
        whole = report if whole is None else whole.joined(report)
        if not whole.skipped and whole.trouble is None:
            break
    return whole or Report(trouble="no source was asked")


def _asked(program: str, lock: Path, service: str) -> Report:
    command = (program, "--format", "json", "--progress-spinner", "off", "--timeout", str(TIMEOUT_S), "--disable-pip",
               "--require-hashes", "--vulnerability-service", service, "--requirement", str(lock))  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=WHOLE_S, check=False)
    except subprocess.TimeoutExpired:
        return Report(trouble=f"the source {service} did not answer within {WHOLE_S} s")
    except OSError as error:
        return Report(trouble=f"pip-audit cannot be started: {error}")
    try:
        return read_report(done.stdout)
    except ValueError:
        said = " ".join(done.stderr.strip().splitlines()[-1:])[:300]
        return Report(trouble=f"the source {service} gave no report: {said}")


def told(report: Report) -> tuple[list[str], int]:
    """Return the lines to print, and the exit code."""
    lines = [f"audit: VULNERABLE {each}" for each in report.found]
    whole = len(report.looked_up) + len(report.skipped)
    if report.trouble is not None or report.skipped or not whole:
        why = report.trouble or f"no data for {', '.join(sorted(report.skipped)[:5])}{' …' * (len(report.skipped) > 5)}"
        lines.append(f"audit: NOT LOOKED UP: {len(report.looked_up)} of {whole} packages were looked up; {why}")
        return lines, 1 if report.found else 2
    lines += [] if report.found else [f"audit: no known vulnerability in {whole} packages"]
    return lines, 1 if report.found else 0


def main(arguments: Sequence[str]) -> int:
    if not set(arguments) <= {"--check"}:
        print("dev.py audit: the only option is --check", file=sys.stderr)
        return 2
    program = shutil.which("pip-audit")
    missing = Report(trouble=f"pip-audit is not installed; {INSTALL}")
    lines, code = told(missing if program is None else audited(program, RUNTIME))
    print("\n".join(lines))
    return 0 if code == 2 and "--check" in arguments else code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

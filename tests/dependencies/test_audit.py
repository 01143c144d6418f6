"""Known vulnerabilities fail the audit; what could not be looked up is said, and never counts as free of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.dependencies.audit import audited, main, read_report, told

CLEAN = {"name": "click", "version": "8.5.1", "vulns": []}
SKIPPED = {"name": "jinja2", "skip_reason": "Dependency not found on PyPI and could not be audited: jinja2 (2.4.1)"}
"""As pip-audit 2.10.1 reports a package without data; it then prints "No known vulnerabilities found" and exits 0."""
VULNERABLE = {
    "name": "jinja2",
    "version": "2.4.1",
    "vulns": [{"id": "PYSEC-2019-217", "fix_versions": ["2.10.1"], "aliases": [], "description": "A sandbox escape."}],
}


def pip_audit(folder: Path, **of: list[Any] | str) -> str:
    """Make a stand-in for pip-audit: a program that reports these packages for each source, or fails with a text."""
    program = folder / "pip-audit"
    cases = [
        f"*{service}*) echo {said!r} >&2; exit 1;;"
        if isinstance(said, str)
        else f"*{service}*) echo '{json.dumps({'dependencies': said, 'fixes': []})}';;"
        for service, said in of.items()
    ]
    program.write_text("\n".join(["#!/bin/sh", f'echo "$*" >> {folder}/asked', 'case "$*" in', *cases, "esac", ""]))
    program.chmod(0o755)
    return str(program)


def asked(folder: Path) -> int:
    return len((folder / "asked").read_text().splitlines())


def test_packages_without_a_known_vulnerability_pass(tmp_path: Path) -> None:
    report = audited(pip_audit(tmp_path, pypi=[CLEAN], osv=[]), tmp_path)
    assert told(report) == (["audit: no known vulnerability in 1 packages"], 0)
    assert asked(tmp_path) == 1


def test_a_vulnerability_is_named_with_the_version_that_mends_it(tmp_path: Path) -> None:
    lines, code = told(audited(pip_audit(tmp_path, pypi=[CLEAN, VULNERABLE]), tmp_path))
    assert (lines, code) == (["audit: VULNERABLE jinja2 2.4.1: PYSEC-2019-217, mended in 2.10.1"], 1)


def test_a_package_without_data_is_not_free_of_vulnerabilities(tmp_path: Path) -> None:
    lines, code = told(audited(pip_audit(tmp_path, pypi=[CLEAN, SKIPPED], osv="Failed to resolve"), tmp_path))
    assert (lines, code) == (["audit: NOT LOOKED UP: 1 of 2 packages were looked up; no data for jinja2"], 2)
    assert asked(tmp_path) == 2


def test_another_source_is_asked_for_what_one_does_not_know(tmp_path: Path) -> None:
    lines, code = told(audited(pip_audit(tmp_path, pypi=[CLEAN, SKIPPED], osv=[CLEAN, VULNERABLE]), tmp_path))
    assert (lines, code) == (["audit: VULNERABLE jinja2 2.4.1: PYSEC-2019-217, mended in 2.10.1"], 1)


def test_without_any_data_it_says_so(tmp_path: Path) -> None:
    lines, code = told(audited(pip_audit(tmp_path, pypi="Failed to resolve", osv="Failed to resolve"), tmp_path))
    assert code == 2
    assert lines[0].startswith("audit: NOT LOOKED UP: 0 of 0 packages were looked up; the source pypi gave no report")
    assert "Failed to resolve" in lines[0]


@pytest.mark.parametrize("odd", ["", "[]", "{}", '{"dependencies": [{}]}', '{"dependencies": [{"name": "a"}]}', "null"])
def test_an_odd_report_is_none(odd: str) -> None:
    with pytest.raises(ValueError, match=r"Expecting value|not of a known form"):
        read_report(odd)


def test_checks_fail_for_a_vulnerability_and_not_for_missing_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    pip_audit(tmp_path, pypi=[SKIPPED], osv="Failed to resolve")
    assert (main([]), main(["--check"])) == (2, 0)
    assert capsys.readouterr().out.count("NOT LOOKED UP") == 2
    pip_audit(tmp_path, pypi=[VULNERABLE], osv=[])
    assert (main([]), main(["--check"])) == (1, 1)
    (tmp_path / "pip-audit").unlink()
    assert main(["--check"]) == 0
    assert "pip-audit is not installed; install it outside of this project" in capsys.readouterr().out
    assert main(["--wrong"]) == 2

"""Tests of finding connectors, and of the errors about unknown and broken connectors."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import connectors
from connectors import UnknownKind, connector, fixtures, kinds

ROOT = Path(__file__).parents[2]
THIRD_PARTY = """
from connectors.contract.connector import Connector
from connectors.contract.messages import Parsed, Verified
from connectors.contract.settings import SourceSettings

CONNECTOR = Connector(
    kind="pager",
    title="Acme Pager",
    settings=SourceSettings,
    verify=lambda inbound, settings, now, keys: Verified(inbound),
    parse=lambda message, settings: Parsed(),
    sign=lambda body, settings, now: {},
)
"""

WRITTEN_FOR_BASE = """
from connectors.base import Connector, Parsed, SourceSettings, Verified
from connectors.events import Opened, digest
from datetime import UTC, datetime

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

def parse(message, settings):
    text = message.inbound.body.decode()
    return Parsed((Opened(source_message_id=text, case_key=text, occurred_at=NOON, started_at=NOON,
                          content_digest=digest(text), subject=text, text=text, priority="high"),))

CONNECTOR = Connector(
    kind="pager",
    title="Acme Pager",
    settings=SourceSettings,
    verify=lambda inbound, settings, now, keys: Verified(inbound),
    parse=parse,
    sign=lambda body, settings, now: {},
)
"""


def install(folder: Path, entries: str, module: str = THIRD_PARTY, name: str = "acme") -> None:
    """Write the files of an installed package: a module, and metadata with its entry points."""
    (folder / f"{name}_pager.py").write_text(module)
    metadata = folder / f"{name}_pager-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-pager\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[ticketrelay.connectors]\n{entries}\n")


def in_python(path: Path, code: str) -> str:
    """Run code in a fresh interpreter with `path` first on its import path, and return its output.

    A fresh interpreter is needed because entry points are read once per process.
    """
    environment = os.environ | {"PYTHONPATH": str(path)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=path.parent,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_kinds_are_sorted_and_hold_ours() -> None:
    assert list(kinds()) == sorted(kinds())
    assert set(connectors.BUILT_IN) <= set(kinds())


def test_the_rule_that_the_worker_imports_no_kind_names_all_of_them() -> None:
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (forbidden,) = [each for each in rules if each["name"].startswith("The worker imports no connector of a kind")]
    named = {each.removeprefix("connectors.") for each in forbidden["forbidden_modules"]}
    assert named == {*connectors.BUILT_IN, "base", "events"}


def test_an_unknown_kind_says_which_was_probably_meant() -> None:
    with pytest.raises(UnknownKind) as caught:
        connector("alertmanger")
    assert isinstance(caught.value, KeyError)
    assert str(caught.value) == "no connector of kind 'alertmanger'; did you mean 'alertmanager'?"


def test_a_kind_that_resembles_none_gets_the_list_of_all() -> None:
    with pytest.raises(UnknownKind, match=r"there are: .*alertmanager"):
        fixtures("zzz")


def test_a_connector_of_somebody_else_is_found_by_its_entry_point(tmp_path: Path) -> None:
    install(tmp_path, "pager = acme_pager:CONNECTOR")
    code = (
        "import connectors as c; print(c.kinds(), c.connector('pager').title, c.fixtures('pager'))\n"
        "try: c.connector('pagr')\n"
        "except KeyError as error: print(error)"
    )
    assert in_python(tmp_path, code).splitlines() == [
        f"{tuple(sorted([*connectors.BUILT_IN, 'pager']))} Acme Pager {{}}",
        "no connector of kind 'pagr'; did you mean 'pager'?",
    ]


def test_a_package_that_was_written_for_connectors_base_still_works(tmp_path: Path) -> None:
    install(tmp_path, "pager = acme_pager:CONNECTOR", WRITTEN_FOR_BASE)
    code = (
        "import connectors as c\n"
        "from connectors.contract.connector import Connector\n"
        "from connectors.contract.messages import Inbound, Verified\n"
        "from datetime import UTC, datetime\n"
        "found = c.connector('pager')\n"
        "settings = found.settings(secret='not blank')\n"
        "verified = found.verify(Inbound('acme', datetime.now(UTC), b'pump 3'), settings, datetime.now(UTC), {})\n"
        "read = found.parse(verified, settings)\n"
        "print(type(found) is Connector, type(verified) is Verified, read.events[0].case_key)"
    )
    assert in_python(tmp_path, code) == "True True pump 3"


def test_a_broken_connector_of_somebody_else_harms_its_own_kind_alone(tmp_path: Path) -> None:
    install(tmp_path, "pager = acme_pager:CONNECTOR\nbeeper = acme_pager:CONNECTOR\nbell = acme_pager:THIRD_PARTY")
    install(tmp_path, "pager = other_pager:CONNECTOR\nhorn = other_pager:CONNECTOR", "import absent", "other")
    code = (
        "import connectors as c\n"
        "for kind in c.kinds():\n"
        "    if kind in c.BUILT_IN[1:]: continue\n"
        "    try: print(kind, c.connector(kind).kind)\n"
        "    except Exception as error: print(kind, type(error).__name__, error)"
    )
    assert in_python(tmp_path, code).splitlines() == [
        "alertmanager alertmanager",
        "beeper BrokenConnector the entry point of 'beeper' gives a connector of kind 'pager'",
        "bell AttributeError module 'acme_pager' has no attribute 'THIRD_PARTY'",
        "horn ModuleNotFoundError No module named 'absent'",
        "pager BrokenConnector 'pager' is claimed by acme_pager:CONNECTOR and other_pager:CONNECTOR",
    ]


def test_an_entry_point_that_gives_something_else_is_refused_by_name(tmp_path: Path) -> None:
    install(tmp_path, "pager = acme_pager:SourceSettings")
    code = "import connectors as c\ntry: c.connector('pager')\nexcept c.BrokenConnector as error: print(error)"
    assert in_python(tmp_path, code) == "the entry point of 'pager' gives a ModelMetaclass, not a Connector"


def test_nobody_replaces_a_connector_of_ours(tmp_path: Path) -> None:
    install(tmp_path, "alertmanager = acme_pager:CONNECTOR")
    code = "import connectors as c; print(c.kinds(), c.connector('alertmanager').title)"
    assert in_python(tmp_path, code) == f"{tuple(sorted(connectors.BUILT_IN))} Prometheus Alertmanager"


def test_fixtures_are_read_from_a_package_that_is_not_unpacked(tmp_path: Path) -> None:
    folder = Path(connectors.__file__).parent
    archive = tmp_path / "connectors.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                zipped.write(path, Path("connectors") / path.relative_to(folder))
    code = (
        "import connectors as c; found = c.fixtures('alertmanager')\n"
        "print('.zip' in c.__file__, len(found), found['firing'].body[:1], *found['firing'].expected)"
    )
    assert in_python(archive, code) == f"True {len(fixtures('alertmanager'))} b'{{' events ignored unreadable"

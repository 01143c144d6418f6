"""Checks out the code of the previous version, from the history of this repository."""

from __future__ import annotations

import io
import subprocess
import tarfile
from functools import cache
from pathlib import Path

VERSION_BEFORE = "b36c5b9f15e68c261705c4889f79c764703482b4"
"""The last commit before the ledger's tables changed; the next release sets the commit of this version."""

_ROOT = Path(__file__).parent.parent
_PACKAGES = ("worker", "connectors", "tickets")


@cache
def version_before_is_there() -> bool:
    """True if the history holds that commit; false without git, or in a source archive or shallow clone."""
    command = ["git", "-C", str(_ROOT), "cat-file", "-e", f"{VERSION_BEFORE}^{{commit}}"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def check_out_version_before(folder: Path) -> Path:
    """Write the packages of the previous version to the folder, and return it."""
    command = ["git", "-C", str(_ROOT), "archive", "--format=tar", VERSION_BEFORE, *_PACKAGES]
    archive = subprocess.run(command, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return folder

"""The code of the version before this one, taken from the history of this repository."""

from __future__ import annotations

import io
import subprocess
import tarfile
from functools import cache
from pathlib import Path

VERSION_BEFORE = "b36c5b9f15e68c261705c4889f79c764703482b4"
"""The last commit before the ledger's tables changed; the next release names the commit of this one."""

_ROOT = Path(__file__).parent.parent
_PACKAGES = ("worker", "connectors", "tickets")


@cache
def version_before_is_there() -> bool:
    """False without git, and in a copy without history, such as a source archive or a shallow clone."""
    command = ["git", "-C", str(_ROOT), "cat-file", "-e", f"{VERSION_BEFORE}^{{commit}}"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def check_out_version_before(folder: Path) -> Path:
    """Put the packages of the version before into the folder, and give it."""
    command = ["git", "-C", str(_ROOT), "archive", "--format=tar", VERSION_BEFORE, *_PACKAGES]
    archive = subprocess.run(command, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return folder

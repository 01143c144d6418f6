"""Runs the blocks of a page as printed, in one bash, in a folder made for it.

    machine = Machine(folder, replacements=[("127.0.0.1:8080", f"127.0.0.1:{kept_port()}")])
    machine.run(ROOT / "docs" / "tutorial.md")

`run` raises PageFailed, with the page, the line, the block and its output.

Each page begins in an empty folder, with an empty HOME and without settings of Ticketrelay. The printed clone URL leads
to a repository of this working tree. `tests/pages/markdown.py` lists what a page can tell the runner.

Replacements stand for what a machine has once (ports, names of databases); everything else runs as printed. A `.venv`
that a page made in its clone is put into the clone of the next page, so that pip finds the packages installed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.limits import ROOT
from tests.pages.markdown import Block, blocks, page_blocks
from tests.pages.shell import PageFailed, Shell, missing_line

CLONE_URL = "https://git.example.org/ticketrelay.git"
CLONE = "ticketrelay"
WORK = "work"  # the folder in which the blocks of a page run
PATIENCE_S = 240.0
INSTALLING_S = 600.0
"""The longest time for one block of a page that installs, which takes minutes beside other tests."""
GIT = shutil.which("git") or "git"


class Machine:
    """A folder in which pages run one after the other, and the repository that they clone."""

    def __init__(
        self,
        folder: Path,
        *,
        replacements: Sequence[tuple[str, str]] = (),
        patience_s: float = PATIENCE_S,
        root: Path = ROOT,
    ) -> None:
        """`folder` must be empty; `patience_s` limits each block; pages are named as from `root`."""
        self.folder = folder
        self._replacements = replacements
        self._patience_s = patience_s
        self._root = root
        self._work = folder / WORK
        self._kept_venv = folder / "kept-venv"

    def run(self, page: Path, *, in_clone: bool = False, before: str = "") -> set[str]:
        """Run a page to its end, and end what it started. Raises PageFailed or UnreadablePage.

        `in_clone` is for a page without the clone as its first step: it begins in the cloned folder. `before` is
        Markdown whose blocks run first, for a page about something that is there already.
        Returns the missing programs because of which blocks were left out; under CI none is left out.
        """
        found = [*blocks("before the page", before), *page_blocks(page, self._root)]
        missing = {block.program for block in found if block.program and not shutil.which(block.program)}
        missing = set() if os.environ.get("CI") == "true" else missing
        for each in (self._work, self.folder / "home", self.folder / "blocks"):
            shutil.rmtree(each, ignore_errors=True)
            each.mkdir()
        start = self._work
        if in_clone:
            subprocess.run([GIT, "clone", "--quiet", self._origin(), CLONE], cwd=self._work, check=True)
            self._put_venv_into_clone()
            start = self._work / CLONE
        shell = Shell(start, self.folder / "blocks", self._environment(found), self._patience_s)
        try:
            for block in found:
                if block.program not in missing:
                    self._run_block(shell, block)
                    self._put_venv_into_clone()
        except PageFailed as failure:
            failure.add_note(shell.background_outputs())
            raise
        finally:
            shell.end()
            if (self._work / CLONE / ".venv").exists() and not self._kept_venv.exists():
                (self._work / CLONE / ".venv").rename(self._kept_venv)
        return missing

    def _run_block(self, shell: Shell, block: Block) -> None:
        text, expected = self.replaced(block.text), [self.replaced(line) for line in block.expected]
        if block.save_as is not None:
            shell.save(block, text)
        elif block.background_until is not None:
            shell.start(block, text, self.replaced(block.background_until))
            shell.until_shown(block, lambda: shell.output_of(block), expected)
        elif block.repeats:
            shell.until_shown(block, lambda: shell.run(block, text, may_fail=True), expected)
        else:
            output = shell.run(block, text)
            if missing := missing_line(expected, output):
                raise PageFailed(block, f"its output lacks the line {missing!r}, or has it out of order", output)

    def replaced(self, text: str) -> str:
        for printed, here in self._replacements:
            text = text.replace(printed, here)
        return text

    def _put_venv_into_clone(self) -> None:
        clone = self._work / CLONE
        if self._kept_venv.exists() and clone.exists() and not (clone / ".venv").exists():
            self._kept_venv.rename(clone / ".venv")

    def _environment(self, found: Sequence[Block]) -> dict[str, str]:
        """Return an environment as after a login: without a virtual environment, and without our settings."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not re.match(r"TICKETRELAY_|GIT_|PYTHON|PYTEST|COV|VIRTUAL_ENV$|CI$", name)
        }
        paths = [path for path in os.environ.get("PATH", "").split(os.pathsep) if path != f"{sys.prefix}/bin"]
        kept |= {
            "HOME": str(self.folder / "home"),
            "PATH": os.pathsep.join([f"{sys.base_prefix}/bin", *paths]),
            "PIP_CACHE_DIR": _pip_cache(),
        }
        if any(CLONE_URL in block.text for block in found):
            kept |= {
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": f"url.{self._origin()}.insteadOf",
                "GIT_CONFIG_VALUE_0": CLONE_URL,
            }
        return kept

    def _origin(self) -> Path:
        """Return the repository of the working tree, made at the first call."""
        origin = self.folder / "origin"
        if not origin.exists():
            make_repository(self._root, origin)
        return origin


def make_repository(tree: Path, origin: Path) -> None:
    """Make a repository with one commit: the files of a working tree as they are, without what git ignores."""
    listed = subprocess.run(
        [GIT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=tree,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (tree / name).is_file():
            (origin / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(tree / name, origin / name)
    identity = ("-c", "user.name=page test", "-c", "user.email=page-test@localhost")
    for command in (["init", "--quiet"], ["add", "--all"], [*identity, "commit", "--quiet", "-m", "The working tree"]):
        subprocess.run([GIT, *command], cwd=origin, check=True)


def _pip_cache() -> str:
    """Return pip's cache of this user, since HOME is another folder while a page runs."""
    return os.environ.get("PIP_CACHE_DIR") or str(Path("~/.cache/pip").expanduser())

"""Kinds of mistakes in a configuration: each is refused or warned of, with its place and what to write, and no other.

The mistakes stand in `config_mistakes/*.txt`: a title, the file (or the variables) with one mistake, and after `>>>`
all that `ticketrelay check` prints. `[bytes]` in a title: the file is written with Python's escapes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from worker.actions.check import check
from worker.settings.loader import gather
from worker.settings.problems import SettingsError, render

from .mistakes import RIGHT

FOLDER = Path(__file__).parent / "config_mistakes"
GOOD = "JQ2v3kXn7rTz9wBcD4fG"
SECRETS = {
    "secret": GOOD,
    "other": GOOD[::-1],
    "slack": "0123456789abcdef0123456789abcdef",
    "empty": "",
    "blank": " \t\n",
    "padded": f"{GOOD} \n",
    "lines": f"{GOOD}\n{GOOD}\n",
    "short": "hunter2\n",
    "open": GOOD,
}


def mistakes() -> Iterator[tuple[str, str, str]]:
    """Yield the file of each mistake with its title, the configuration, and what is printed."""
    for file in sorted(FOLDER.glob("*.txt")):
        for piece in re.split(r"(?m)^### ", file.read_text())[1:]:
            title, _, rest = piece.partition("\n")
            content, _, told = rest.partition("\n>>>\n")
            yield f"{file.stem}: {title}", content, told.rstrip("\n")


MISTAKES = list(mistakes())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the configuration, with files of secrets beside it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "large").write_bytes(bytes(64 * 1024 + 1))
    os.mkfifo(tmp_path / "pipe")
    for name, content in SECRETS.items():
        file = tmp_path / name
        file.write_text(content)
        file.chmod(0o644 if name == "open" else 0o600)
    return tmp_path


def printed(title: str, content: str) -> str:
    """Return what `ticketrelay check` prints about the configuration."""
    environ, file = dict(RIGHT), Path("c.yaml")
    if title.startswith("environment:"):
        environ |= dict(line.split("=", 1) for line in content.splitlines())
        found = check(lambda: gather(environ), None, secrets=True, connect=False)
    else:
        if re.search(r"(?m)^api:\n  url:", content):
            del environ["TICKETRELAY_API__URL"]  # the environment would take precedence
        if title.endswith("[bytes]"):
            made = content.encode("latin-1").decode("unicode_escape")
            encoding = "latin-1" if "\\x" in content and "\\x07" not in content else "utf-8"
            file.write_bytes(made.encode(encoding))
        else:
            file.write_text(content)
        found = check(lambda: gather(environ, file), file, secrets=True, connect=False)
    return "\n".join(render(each, found.hidden) for each in found.found)


@pytest.mark.parametrize(("title", "content", "told"), MISTAKES, ids=[title for title, _, _ in MISTAKES])
def test_a_mistake_is_told_with_its_place_and_what_to_write_and_no_other_is(
    title: str, content: str, told: str, folder: Path
) -> None:
    assert printed(title, content).replace(str(folder), "FOLDER") == told


def test_each_kind_of_mistake_is_told_and_there_are_many() -> None:
    assert len({content for _, content, _ in MISTAKES}) == len(MISTAKES) >= 58
    assert all(told for _, _, told in MISTAKES)


def test_no_message_shows_a_secret() -> None:
    assert not [title for title, _, told in MISTAKES if re.search(f"hunter2|{GOOD}", told)]


def test_a_configuration_file_that_is_missing_is_told_with_its_path(folder: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        gather(RIGHT, folder / "missing.yaml")
    assert "the file cannot be read: No such file or directory" in caught.value.problems[0]

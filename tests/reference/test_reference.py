"""The committed reference pages are those that the code makes."""

from __future__ import annotations

import pytest

from connectors import BUILT_IN, connector
from tests.reference.pages import FOLDER, pages
from worker.cli import COMMANDS
from worker.settings.fields import sections_of
from worker.settings.models import Settings


@pytest.mark.parametrize("name", ["settings.md", "commands.md", "metrics.md"])
def test_the_committed_page_is_the_one_that_the_code_makes(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == pages()[name], "run `python3 dev.py reference`"


def test_every_setting_has_a_meaning() -> None:
    models = [*sections_of(Settings), *(connector(kind).settings for kind in BUILT_IN)]
    for model in models:
        models += [each for each in sections_of(model) if each not in models]
        nameless = [name for name, field in model.model_fields.items() if not field.description]
        assert nameless == [], model


def test_every_command_is_on_the_page() -> None:
    assert all(f"## {name}" in pages()["commands.md"] for name in COMMANDS)

"""The committed reference pages are those that the code makes."""

from __future__ import annotations

from connectors import BUILT_IN, connector
from tests.reference import commands
from tests.reference.pages import FOLDER, pages
from worker.cli import COMMANDS
from worker.settings.fields import sections_of
from worker.settings.models import Settings


def test_the_committed_pages_are_those_that_the_code_makes() -> None:
    for name, text in pages().items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, f"{name}: run `python3 dev.py reference`"


def test_every_setting_has_a_meaning() -> None:
    models = [*sections_of(Settings), *(connector(kind).settings for kind in BUILT_IN)]
    for model in models:
        models += [each for each in sections_of(model) if each not in models]
        nameless = [name for name, field in model.model_fields.items() if not field.description]
        assert nameless == [], model


def test_every_command_is_on_the_page() -> None:
    page = commands.page()
    assert all(f"## {name}" in page for name in COMMANDS)

"""The committed reference pages are those that the code makes."""

from __future__ import annotations

import click

from connectors import BUILT_IN, connector
from tests.reference import commands
from tests.reference.pages import FOLDER, pages
from worker.cli import COMMANDS
from worker.documents.registry import DESCRIPTIONS, DOCUMENTS, printed_by
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


def test_every_schema_is_described_and_published() -> None:
    published = {path.stem for path in (FOLDER / "schemas").glob("*.json")}
    assert DESCRIPTIONS.keys() == DOCUMENTS.keys() == published


def test_each_command_that_prints_json_has_a_schema_and_each_schema_a_command() -> None:
    printing = {" ".join(path) for path, each in commands.every() if any(is_output(option) for option in each.params)}
    described = {option.removesuffix(" …") for name in DOCUMENTS for option in _commands_of(name)}
    assert described == printing - {"config show"}  # it prints the settings, which `schema` describes


def _commands_of(document: str) -> list[str]:
    return [each.split(" -")[0] for each in printed_by(document).split(", ")]


def is_output(option: click.Parameter) -> bool:
    return "--output" in option.opts

"""The README of a connector names the settings that the connector has."""

from __future__ import annotations

import pytest

from connectors import BUILT_IN
from tests.reference.readmes import all_settings, in_code, in_tables, own_settings, readme


@pytest.mark.parametrize("kind", BUILT_IN)
def test_a_table_of_settings_names_only_settings_of_the_kind(kind: str) -> None:
    assert in_tables(readme(kind).read_text(encoding="utf-8")) - all_settings(kind) == set()


@pytest.mark.parametrize("kind", BUILT_IN)
def test_each_setting_of_a_kind_is_in_its_readme(kind: str) -> None:
    text = readme(kind).read_text(encoding="utf-8")
    assert own_settings(kind) - in_tables(text) - in_code(text) == set()


def test_a_setting_is_known_by_its_variable_its_file_and_its_name() -> None:
    table = "| setting | default |\n|---|---|\n| `…__ITEMS` or `TOKEN_FILE` | `none` |\n| `GESTURES__<WORD>` | |\n"
    assert in_tables(f"{table}\n| event | is |\n|---|---|\n| `opened` | |\n") == {"items", "token", "gestures"}
    assert {"username", "api_token"} <= in_code("`TICKETRELAY_SOURCES__PROM__USERNAME=x`, `api_token_file`")

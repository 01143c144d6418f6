"""The settings that a connector's README names, and those that its model has."""

from __future__ import annotations

import re
from pathlib import Path

from connectors import BUILT_IN, connector
from connectors.contract.settings import SourceSettings
from tests.limits import ROOT
from worker.settings.fields import sections_of

HEADS = ("setting", "name")
"""First cell of the head of a table of settings."""
_CODE = re.compile(r"```.*?```|`[^`]+`", re.DOTALL)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def readme(kind: str) -> Path:
    return ROOT / "connectors" / kind / "README.md"


def in_tables(text: str) -> set[str]:
    """Return the settings in the first columns of the tables of settings, in lower case."""
    found: set[str] = set()
    is_settings = False
    for line in text.splitlines():
        first = line.split("|")[1].strip() if line.startswith("|") else None
        if first is None:
            is_settings = False
        elif first in HEADS:
            is_settings = True
        elif is_settings:
            found.update(_setting(each) for each in re.findall(r"`([^`]+)`", first))
    return found


def _setting(name: str) -> str:
    """Return the name of a setting that is written as a variable, with or without `_FILE`, or in lower case."""
    lowered = name.removeprefix("…__").lower()
    return lowered.split("__")[0].removesuffix("_file")


def in_code(text: str) -> set[str]:
    """Return every word in code of a README, in lower case: a variable counts by its setting."""
    words = {word.lower() for code in _CODE.findall(text) for word in _WORD.findall(code)}
    parts = words | {part for word in words for part in word.split("__")}
    return parts | {part.removesuffix("_file") for part in parts}


def all_settings(kind: str) -> set[str]:
    """Return the settings of a kind, with those of the sections inside them."""
    model = connector(kind).settings
    sections = list(sections_of(model))
    for each in sections:
        sections += [inner for inner in sections_of(each) if inner not in sections]
    return {name for each in (model, *sections) for name in each.model_fields}


def own_settings(kind: str) -> set[str]:
    """Return the settings of a kind that neither every source has, nor the kind that it extends."""
    model = connector(kind).settings
    others = {connector(each).settings for each in BUILT_IN}
    common = next((each for each in others if each is not model and issubclass(model, each)), SourceSettings)
    return set(model.model_fields) - set(common.model_fields)

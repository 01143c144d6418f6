"""Reads the compose file with its variables filled in, so that its commands can be run without a container engine.

Hosts, ports and secrets of the containers are replaced by those of a test.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # one call is not worth a package of stubs

ROOT = Path(__file__).parents[2]
SECRETS_AT = "/run/secrets/"
Document = dict[str, Any]

_VARIABLE = re.compile(r"\$\{(\w+)(?:(:-|:\?)([^}]*))?\}")


class Missing(Exception):
    """A required variable is not set."""


def read(variables: Mapping[str, str]) -> Document:
    """Return the compose file with its variables filled in. Raises Missing."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    document: Document = yaml.safe_load(text)
    filled = _fill(document, variables)
    assert isinstance(filled, dict)
    return filled


def example() -> dict[str, str]:
    """Return the variables of `.env.example`."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def seconds(text: str) -> float:
    """Parse a duration in compose's format (`60s`, `1m`) into seconds."""
    number, unit = re.fullmatch(r"(\d+)(s|m)", text).groups()  # type: ignore[union-attr]
    return float(number) * {"s": 1, "m": 60}[unit]


def _fill(node: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _fill(value, variables) for key, value in node.items()}
    if isinstance(node, list):
        return [_fill(value, variables) for value in node]
    return _VARIABLE.sub(lambda found: _value(found, variables), node) if isinstance(node, str) else node


def _value(found: re.Match[str], variables: Mapping[str, str]) -> str:
    name, operator, word = found.groups()
    if variables.get(name):
        return variables[name]
    if operator == ":-":
        return str(word)
    raise Missing(f"{name}: {word}")


@dataclass(frozen=True, slots=True)
class Here:
    """Replacements of a container's texts by those of this machine, applied in order."""

    exchanges: tuple[tuple[str, str], ...]

    def text(self, text: str) -> str:
        for there, here in self.exchanges:
            text = text.replace(there, here)
        return text

    def command(self, service: Document) -> list[str]:
        return [self.text(word) for word in service["command"]]

    def environment(self, service: Document) -> dict[str, str]:
        return {name: self.text(str(value)) for name, value in service.get("environment", {}).items()}

    def healthcheck(self, service: Document) -> list[str]:
        kind, *command = service["healthcheck"]["test"]
        assert kind == "CMD", "a healthcheck runs without a shell"
        return [self.text(word) for word in command]

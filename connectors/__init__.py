"""The registry of source kinds: built-in kinds, and third-party kinds that register by entry point.

    [project.entry-points."ticketrelay.connectors"]
    pager = "acme_pager:CONNECTOR"

A kind is loaded on first use, so a third-party package that cannot be imported breaks only its own kind. Entry points
cannot replace built-in kinds.
"""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from functools import cache
from importlib import import_module, resources
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from connectors.contract.connector import Connector

GROUP = "ticketrelay.connectors"
EXPECTED = ".expected.json"

BUILT_IN = (
    "alertmanager",
    "aurion",
    "cloudwatch",
    "discord",
    "email",
    "generic",
    "grafana",
    "healthchecks",
    "heartbeat",
    "mailgun",
    "pagerduty",
    "postmark",
    "sentry",
    "ses",
    "slack",
    "teams",
    "teams_bot",
    "telegram",
    "uptime_kuma",
)  # fmt: skip


class UnknownKind(KeyError):
    """No connector has this kind; the message suggests the closest one."""

    def __str__(self) -> str:
        return str(self.args[0])


class BrokenConnector(TypeError):
    """An entry point returns no connector of its kind, or two entry points claim one kind."""


@dataclass(frozen=True, slots=True)
class Fixture:
    """A sample delivery of a connector, and the expected result of parsing it."""

    name: str
    body: bytes
    expected: dict[str, Any]
    """`{"events": […], "ignored": […], "unreadable": […]}`, or `{"error": {"UnreadableMessage": reason}}`. An event has
    `kind` and its fields: times in ISO 8601, `text` as a list of lines, `attributes` as an object, `references` as a
    list of `{"alias": …, "proven": …}`. `aliases`, `references`, `author`, `participants`, `authority`, `joins`,
    `other_words`, `exchange`, `unknown` and `reopens` appear only if they are not the default. `"settings"` holds the
    source's settings besides its secret; `"headers"` holds the message's headers besides its proof."""

    @property
    def headers(self) -> dict[str, str]:
        """The message's headers besides its proof."""
        return dict(self.expected.get("headers", {}))


def kinds() -> tuple[str, ...]:
    """Return every available kind, sorted."""
    return tuple(sorted({*BUILT_IN, *_third_party()}))


def connector(kind: str) -> Connector[Any]:
    """Return the connector of this kind.

    Raises UnknownKind, or BrokenConnector or ImportError if a third-party package is at fault.
    """
    if kind in BUILT_IN:
        found: object = import_module(f"{__name__}.{kind}").CONNECTOR
    else:
        found = _entry_point(kind).load()
    if not isinstance(found, Connector):
        raise BrokenConnector(f"the entry point of {kind!r} gives a {type(found).__name__}, not a Connector")
    if found.kind != kind:
        raise BrokenConnector(f"the entry point of {kind!r} gives a connector of kind {found.kind!r}")
    return found


def fixtures(kind: str) -> dict[str, Fixture]:
    """Return the connector's fixtures by name, sorted; empty for a connector that is a single module.

    A fixture is a pair of files in `fixtures/`: `NAME.expected.json` and `NAME.` with any other ending.
    """
    module = import_module(f"{__name__}.{kind}" if kind in BUILT_IN else _entry_point(kind).module)
    if not hasattr(module, "__path__"):
        return {}
    folder = resources.files(module) / "fixtures"
    files = {each.name: each for each in folder.iterdir()} if folder.is_dir() else {}
    expected = {name.removesuffix(EXPECTED): name for name in files if name.endswith(EXPECTED)}
    bodies = {name.rpartition(".")[0]: name for name in files if not name.endswith(EXPECTED)}
    return {
        name: Fixture(name, files[bodies[name]].read_bytes(), json.loads(files[expected[name]].read_bytes()))
        for name in sorted(expected, key=lambda each: expected[each])
    }


def _entry_point(kind: str) -> EntryPoint:
    found = _third_party().get(kind)
    if found is None:
        close = difflib.get_close_matches(kind, kinds(), n=1)
        meant = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(kinds())}"
        raise UnknownKind(f"no connector of kind {kind!r}; {meant}")
    if len(found) > 1:
        raise BrokenConnector(f"{kind!r} is claimed by {' and '.join(each.value for each in found)}")
    return found[0]


@cache
def _third_party() -> dict[str, tuple[EntryPoint, ...]]:
    """Return entry points by kind, without those for built-in kinds. Read once per process."""
    found: dict[str, tuple[EntryPoint, ...]] = {}
    for each in sorted(set(entry_points(group=GROUP)), key=lambda entry: (entry.name, entry.value)):
        if each.name not in BUILT_IN:
            found[each.name] = (*found.get(each.name, ()), each)
    return found

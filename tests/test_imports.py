"""Modules and folders have no import cycles, neither behind `TYPE_CHECKING` nor inside functions.

The rules of import-linter order folders. This test reads the imports as text and needs no list.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("connectors", "tickets", "worker")
Imports = Mapping[str, frozenset[str]]
"""Module names, each with the modules that it imports."""


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circle(ours()) == []


def test_no_folders_import_each_other_in_a_circle() -> None:
    assert circles_of_folders(ours()) == {}


@pytest.mark.parametrize(
    "statement",
    [
        "import worker.b",
        "from worker import b",
        "from worker.b import name",
        "from . import b",
        "from .b import name",
        "if TYPE_CHECKING:\n    from worker.b import name",
        "def act():\n    from worker.b import name",
    ],
)
def test_every_way_to_import_is_seen(statement: str) -> None:
    imports = read({"worker": "", "worker.a": statement, "worker.b": "from worker.a import other"}, {"worker"})
    assert set(circle(imports)) == {"worker.a", "worker.b"}


def test_a_circle_of_folders_is_seen_where_their_modules_have_none() -> None:
    imports = {
        "worker.ledger.queue.a": frozenset({"worker.ledger.engine.a"}),
        "worker.ledger.queue.b": frozenset[str](),
        "worker.ledger.engine.a": frozenset[str](),
        "worker.ledger.engine.b": frozenset({"worker.ledger.queue.b"}),
    }
    assert circle(imports) == []
    ((package, found),) = circles_of_folders(imports).items()
    assert (package, set(found)) == ("worker.ledger", {"worker.ledger.queue", "worker.ledger.engine"})


@cache
def ours() -> Imports:
    """Imports between the modules of the three packages."""
    paths = [path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    is_package = {path for path in paths if path.name == "__init__.py"}
    names = {path: ".".join(path.parent.parts if path in is_package else path.with_suffix("").parts) for path in paths}
    sources = {name: (ROOT / path).read_text(encoding="utf-8") for path, name in names.items()}
    return read(sources, {names[path] for path in is_package})


def read(sources: Mapping[str, str], those_of_packages: Collection[str]) -> Imports:
    """Imports between modules with these sources; the source of a package is its `__init__.py`."""
    found = {}
    for name, source in sources.items():
        package = name if name in those_of_packages else name.rpartition(".")[0]
        found[name] = frozenset(_imported(ast.parse(source), package, sources)) - {name}
    return found


def _imported(tree: ast.AST, package: str, known: Collection[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name in known)
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (above, node.module) if part)
            for each in node.names:
                yield from [name for name in (f"{module}.{each.name}", module) if name in known][:1]


def circles_of_folders(imports: Imports) -> dict[str, list[str]]:
    """Cycles among the folders and modules of a package, by package; the empty name is above all packages."""
    packages = {".".join(name.split(".")[:depth]) for name in imports for depth in range(name.count(".") + 1)}
    circles = {package: circle(children(imports, package)) for package in packages}
    return {package: found for package, found in circles.items() if found}


def children(imports: Imports, package: str) -> Imports:
    """Imports between the folders and modules of a package, each taken as a whole."""
    found: dict[str, frozenset[str]] = {}
    for name, imported in imports.items():
        if (child := _child(name, package)) is not None:
            others = {_child(each, package) for each in imported} - {child, None}
            found[child] = found.get(child, frozenset()) | {each for each in others if each is not None}
    return found


def _child(name: str, package: str) -> str | None:
    """The folder or module of the package that holds a module; None for a module of another package."""
    if not package:
        return name.partition(".")[0]
    rest = name.removeprefix(f"{package}.")
    return None if rest == name else f"{package}.{rest.partition('.')[0]}"


def circle(imports: Imports) -> list[str]:
    """A cycle, with the first name repeated at its end; empty if there is none."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []

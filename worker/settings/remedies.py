"""Says what to write in place of a value of the wrong kind, and names a section as people name it."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic.fields import FieldInfo

from worker.settings.fields import is_text, is_truth
from worker.settings.origin import Branch, Items, Node, Path, Scalar, Variable, node_at

TRUTHS: Mapping[str, str] = {
    "yes": "true", "on": "true", "y": "true", "enabled": "true", "1": "true", "true": "true",
    "no": "false", "off": "false", "n": "false", "disabled": "false", "0": "false", "false": "false",
}  # fmt: skip
"""Words that people write for a truth value."""


NOTIFY: Path = ("alarms", "notify")
"""The section with the targets of alarms."""


def truth_of(node: Node, name: str) -> str:
    """Return what to write for a word that stands for a truth value; empty for any other value."""
    truth = TRUTHS.get(str(node.value).lower(), "") if isinstance(node, Scalar) else ""
    return f"write {name}: {truth}" if truth else ""


def section_name(root: Branch, path: Path) -> str:
    """Return a section as people name it: `server`, `sources.prom`, `route 'night'`, `test 'a', step 2`."""
    said: list[str] = []
    for index, part in enumerate(path):
        if isinstance(part, int):
            name = node_at(root, (*path[: index + 1], "name"))
            own = repr(name.value) if isinstance(name, Scalar) and isinstance(name.value, str) else str(part + 1)
            said[-1] = ", ".join(filter(None, (said[-1].rpartition(".")[0], f"{_one(path[index - 1])} {own}")))
        elif said and not isinstance(path[index - 1], int):
            said[-1] += f".{part}"
        else:
            said.append(part)
    return ", ".join(said)


def _one(names: str | int) -> str:
    """Return the name of one item of a list: `route` for `routes`."""
    return str(names).removesuffix("s")


def _target(name: str, node: Node, *, is_named: bool) -> str:
    """Return what to write for a target of alarms that is a URL or an address, and so no section."""
    if isinstance(node.origin, Variable):
        return f"set {node.origin.name}__{'' if is_named else 'NAME__'}URL, or …__MAIL"
    target = "{url_file: PATH}, or {mail: ADDRESS}"
    return f"write {name}: {target}" if is_named else f"write {name}, and beneath it NAME: {target}"


def written_right(node: Node, path: Path, field: FieldInfo | None = None) -> str:
    """Return what to write in place of a value of the wrong kind; empty when that is not clear."""
    name = str(path[-1]) if path else ""
    if path[:2] == NOTIFY and len(path) <= 3 and not isinstance(node, Branch):
        return _target(name, node, is_named=len(path) == 3)
    if path[:1] == ("routes",) and "match" in path[2:] and isinstance(node, Branch):
        pairs = [f"{key} = {each.value}" for key, (_, each) in node.entries.items() if isinstance(each, Scalar)]
        return f"write match: [{', '.join(pairs)}]" if pairs else ""
    if path[:1] == ("templates",) and len(path) == 1:
        return "write NAME: TEMPLATE beneath templates"
    if path in (("routes",), ("tests",)) and isinstance(node, Branch):
        return f"write each {_one(name)} as an item: - name: TEXT"
    if isinstance(node, Items) and len(node.items) == 1 and field is not None and is_text(field):
        return "write the value without the brackets [ ]"  # and not shown: it may hold a password
    if not isinstance(node, Scalar):
        return ""
    if name == "drop" and isinstance(node.value, bool):
        return (
            "write the reason: drop: it always fires" if node.value else "remove it: without drop, no event is dropped"
        )
    if field is not None and is_truth(field):
        return truth_of(node, name)
    if name == "group_by" and isinstance(node.value, str):
        return f"write {name}: [{node.value}]"
    if field is not None and isinstance(node.value, str) and node.value.isdecimal():
        return f"write {name}: {node.value}, without the quotes"
    if field is not None and not isinstance(node.value, str) and is_text(field):
        return "put the value into quotes"
    return ""

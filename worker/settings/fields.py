"""Looks up the models' fields: their names, which are secrets, and the kind of value that each takes."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from connectors import UnknownKind, connector, kinds
from connectors.contract.durations import IS_DURATION
from connectors.contract.secrets import Chosen, Issued, Password, SecretKind
from connectors.contract.settings import SourceSettings
from worker.settings.origin import Branch, Items, Node, Path, Scalar, node_at
from worker.settings.section import MayHoldPassword

SOURCES = "sources"


def kind_of(root: Node, source_id: str) -> object:
    """Return the kind of a source in the tree; its id when the tree has no kind."""
    node = node_at(root, (SOURCES, source_id, "kind"))
    return node.value if isinstance(node, Scalar) else source_id


def settings_of(kind: object) -> type[SourceSettings]:
    """Return the settings model of a kind of source; the model common to all kinds when the kind is unknown."""
    if not isinstance(kind, str) or kind not in kinds():
        return SourceSettings
    try:
        found: type[SourceSettings] = connector(kind).settings
    except UnknownKind:
        return SourceSettings
    return found


def fields_of(model: type[BaseModel] | None) -> dict[str, FieldInfo]:
    """Return the fields of a section by their names in the file: `continue`, where the model says `goes_on`."""
    return {field.alias or name: field for name, field in model.model_fields.items()} if model is not None else {}


def model_at(root: Node, model: type[BaseModel], path: Path) -> type[BaseModel] | None:
    """Return the model of the section at a path; None when there is no section, or more than one is possible."""
    if len(path) >= 2 and path[0] == SOURCES:
        return model_at(root, settings_of(kind_of(root, str(path[1]))), path[2:])
    at: Any = model
    for part in path:
        if isinstance(at, type) and issubclass(at, BaseModel):
            field = fields_of(at).get(str(part))
            at = field.annotation if field is not None else None
        else:
            at = _item(at)
        at = _only(at)
    return at if isinstance(at, type) and issubclass(at, BaseModel) else None


def field_at(root: Node, model: type[BaseModel], path: Path) -> FieldInfo | None:
    """Return the field of the setting at a path; None when it is unknown."""
    above = model_at(root, model, path[:-1])
    return fields_of(above).get(str(path[-1])) if path else None


def is_secret(field: FieldInfo) -> bool:
    """Return True for a value that is never shown."""
    return any(bare is SecretStr for bare, _ in _parts(field.annotation))


def secret_kinds(field: FieldInfo) -> list[SecretKind]:
    """Return the marks of a field that say which kind of secret it is: one for a secret, none for another value."""
    parts = [each for _, found in _parts(field.annotation, field.metadata) for each in found]
    return [each for each in parts if isinstance(each, Chosen | Issued | Password)]


def keeps_out(field: FieldInfo) -> bool:
    """Return True for a value that may have a file of its own beside the configuration: a secret, or a URL with one."""
    return is_secret(field) or any(isinstance(each, MayHoldPassword) for each in field.metadata)


def holds_secrets(model: type[BaseModel], seen: frozenset[type[BaseModel]] = frozenset()) -> bool:
    """Return True for a section that has a secret, or a section with one in it. `seen` are the sections around it."""
    if model in seen:
        return False
    inner = seen | {model}
    return any(
        keeps_out(field) or any(holds_secrets(each, inner) for each in sections_in(field))
        for field in model.model_fields.values()
    )


def sections_of(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Yield the models of the settings that are sections themselves, or hold sections by name."""
    for field in model.model_fields.values():
        yield from sections_in(field)


def sections_in(field: FieldInfo) -> Iterator[type[BaseModel]]:
    """Yield the models of the sections that a setting is, or that it holds by name or in a list."""
    for bare, _ in _parts(field.annotation):
        for each in (bare, _only(_item(bare))):
            if isinstance(each, type) and issubclass(each, BaseModel):
                yield each


def is_duration(field: FieldInfo) -> bool:
    """Return True for a duration in seconds."""
    return any(each is IS_DURATION for _, found in _parts(field.annotation, field.metadata) for each in found)


def misfit(node: Node, field: FieldInfo) -> str:
    """Return the problem with the kind of a value in the file; empty when it fits.

    pydantic alone would take the text `yes` for true, and the text `10` for a number, because the environment has only
    texts.
    """
    wanted = [bare for bare, _ in _parts(field.annotation)]
    models = [each for each in wanted if isinstance(each, type) and issubclass(each, BaseModel)]
    is_nothing = isinstance(node, Scalar) and node.value is None
    if models and len(wanted) == 1 and not isinstance(node, Branch) and not is_nothing:
        return f"expected a section, not {described(node)}"
    (scalar, *others) = [each for each in wanted if each is not type(None)] or [None]
    if others or scalar not in _SCALARS or is_nothing:
        return ""
    if is_duration(field) and isinstance(node, Scalar) and isinstance(node.value, str):
        return ""
    types_, words = _SCALARS[scalar]
    fits = isinstance(node, Scalar) and type(node.value) in types_
    return "" if fits else f"expected {'a duration' if is_duration(field) else words}, not {described(node)}"


def item_misfits(node: Node, field: FieldInfo) -> Iterator[tuple[str, str]]:
    """Yield each name in a mapping of plain values whose value does not fit, with the problem."""
    scalar = _only(_item(_only(field.annotation)))
    if not isinstance(node, Branch) or scalar not in (bool, int, float):
        return
    types_, words = _SCALARS[scalar]
    for name, (_, each) in node.entries.items():
        if not (isinstance(each, Scalar) and type(each.value) in types_):
            yield name, f"expected {words}, not {described(each)}"


def is_truth(field: FieldInfo) -> bool:
    """Return True for a truth value."""
    return {bare for bare, _ in _parts(field.annotation)} - {type(None)} == {bool}


def is_text(field: FieldInfo) -> bool:
    """Return True for a text."""
    return {bare for bare, _ in _parts(field.annotation)} - {type(None)} == {str}


_SCALARS: Mapping[Any, tuple[tuple[type, ...], str]] = {
    bool: ((bool,), "true or false"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
    str: ((str,), "a text"),
}
_WORDS = {str: "a text", bool: "true or false", int: "a number", float: "a number", type(None): "nothing"}


def described(node: Node) -> str:
    """Describe the kind of a node in words."""
    if isinstance(node, Branch):
        return "a section"
    return "a list" if isinstance(node, Items) else _WORDS[type(node.value)] if isinstance(node, Scalar) else "a text"


def _parts(annotation: Any, metadata: Sequence[Any] = ()) -> Iterator[tuple[Any, Sequence[Any]]]:
    """Yield the types that an annotation allows, each with its metadata."""
    if get_origin(annotation) is Annotated:
        bare, *own = get_args(annotation)
        yield from _parts(bare, (*own, *metadata))
    elif get_origin(annotation) in (Union, types.UnionType):
        for each in get_args(annotation):
            yield from _parts(each, metadata)
    else:
        yield annotation, metadata


def _only(annotation: Any) -> Any:
    """Return the one type that an annotation allows besides None, without its metadata."""
    found = [bare for bare, _ in _parts(annotation) if bare is not type(None)]
    return found[0] if len(found) == 1 else None


def _item(annotation: Any) -> Any:
    """Return the type of the items of a list or mapping."""
    arguments = get_args(annotation)
    origin = get_origin(annotation)
    if origin in (tuple, list) and arguments:
        return arguments[0]
    return arguments[1] if origin is dict else None

"""What does a model say of a setting: which names there are, what is a secret, and which kind of value it takes?"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from connectors import UnknownKind, connector, kinds
from connectors.contract.durations import IS_DURATION
from connectors.contract.settings import SourceSettings
from worker.settings.origin import Branch, Items, Node, Path, Scalar, node_at
from worker.settings.section import MayHoldPassword

SOURCES = "sources"


def kind_of(root: Node, source_id: str) -> object:
    """What the tree calls the kind of a source; its id, where it says nothing."""
    node = node_at(root, (SOURCES, source_id, "kind"))
    return node.value if isinstance(node, Scalar) else source_id


def settings_of(kind: object) -> type[SourceSettings]:
    """The settings of a kind of source; what all kinds have, where there is none of that name."""
    if not isinstance(kind, str) or kind not in kinds():
        return SourceSettings
    try:
        found: type[SourceSettings] = connector(kind).settings
    except UnknownKind:
        return SourceSettings
    return found


def model_at(root: Node, model: type[BaseModel], path: Path) -> type[BaseModel] | None:
    """The model of the section at a path; None where there is no section, or more than one is possible."""
    if len(path) >= 2 and path[0] == SOURCES:
        return model_at(root, settings_of(kind_of(root, str(path[1]))), path[2:])
    at: Any = model
    for part in path:
        if isinstance(at, type) and issubclass(at, BaseModel):
            field = at.model_fields.get(str(part))
            at = field.annotation if field is not None else None
        else:
            at = _item(at)
        at = _only(at)
    return at if isinstance(at, type) and issubclass(at, BaseModel) else None


def field_at(root: Node, model: type[BaseModel], path: Path) -> FieldInfo | None:
    """The field of the setting at a path; None where nobody knows it."""
    above = model_at(root, model, path[:-1])
    return above.model_fields.get(str(path[-1])) if above is not None and path else None


def is_secret(field: FieldInfo) -> bool:
    """True for a value that is never shown."""
    return any(bare is SecretStr for bare, _ in _parts(field.annotation))


def keeps_out(field: FieldInfo) -> bool:
    """True for what may stand in a file of its own, beside the configuration file: a secret, or a URL with one."""
    return is_secret(field) or any(isinstance(each, MayHoldPassword) for each in field.metadata)


def sections_of(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The models of the settings that are sections themselves, or hold sections by name."""
    for field in model.model_fields.values():
        for bare, _ in _parts(field.annotation):
            for each in (bare, _only(_item(bare))):
                if isinstance(each, type) and issubclass(each, BaseModel):
                    yield each


def misfit(node: Node, field: FieldInfo) -> str:
    """What is wrong with the kind of a value that stands in the file; empty where nothing is.

    pydantic alone would take the text `yes` for true, and the text `10` for a number: the environment has nothing
    but texts.
    """
    wanted = [bare for bare, _ in _parts(field.annotation)]
    models = [each for each in wanted if isinstance(each, type) and issubclass(each, BaseModel)]
    is_nothing = isinstance(node, Scalar) and node.value is None
    if models and len(wanted) == 1 and not isinstance(node, Branch) and not is_nothing:
        return f"{described(node)} where a section is wanted"
    (scalar, *others) = [each for each in wanted if each is not type(None)] or [None]
    if others or scalar not in _SCALARS or is_nothing:
        return ""
    is_duration = any(
        each is IS_DURATION for _, metadata in _parts(field.annotation, field.metadata) for each in metadata
    )
    if is_duration and isinstance(node, Scalar) and isinstance(node.value, str):
        return ""
    types_, words = _SCALARS[scalar]
    fits = isinstance(node, Scalar) and type(node.value) in types_
    return "" if fits else f"{described(node)} where {'a duration' if is_duration else words} is wanted"


def is_truth(field: FieldInfo) -> bool:
    """True for what is true or false."""
    return {bare for bare, _ in _parts(field.annotation)} - {type(None)} == {bool}


_SCALARS: Mapping[Any, tuple[tuple[type, ...], str]] = {
    bool: ((bool,), "true or false"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
    str: ((str,), "a text"),
}
_WORDS = {str: "a text", bool: "true or false", int: "a number", float: "a number", type(None): "nothing"}


def described(node: Node) -> str:
    """What stands there, in words."""
    if isinstance(node, Branch):
        return "a section"
    return "a list" if isinstance(node, Items) else _WORDS[type(node.value)] if isinstance(node, Scalar) else "a text"


def _parts(annotation: Any, metadata: Sequence[Any] = ()) -> Iterator[tuple[Any, Sequence[Any]]]:
    """The types that an annotation allows, each with what is said about it."""
    if get_origin(annotation) is Annotated:
        bare, *own = get_args(annotation)
        yield from _parts(bare, (*own, *metadata))
    elif get_origin(annotation) in (Union, types.UnionType):
        for each in get_args(annotation):
            yield from _parts(each, metadata)
    else:
        yield annotation, metadata


def _only(annotation: Any) -> Any:
    """The one type that an annotation allows besides None, without what is said about it."""
    found = [bare for bare, _ in _parts(annotation) if bare is not type(None)]
    return found[0] if len(found) == 1 else None


def _item(annotation: Any) -> Any:
    """What a list or mapping holds."""
    arguments = get_args(annotation)
    origin = get_origin(annotation)
    if origin in (tuple, list) and arguments:
        return arguments[0]
    return arguments[1] if origin is dict else None

"""The JSON Schema (draft 2020-12) of the configuration file, for editors and for checks elsewhere.

The schema is made from the models; their docstrings are its descriptions. It holds only what the file accepts: a secret
itself is missing, and `NAME_file` is there. No section requires anything, because the environment may supply it.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, TypeAdapter, create_model
from pydantic.json_schema import GenerateJsonSchema

from connectors import connector, kinds
from worker.settings.fields import SOURCES, is_secret, keeps_out, sections_of
from worker.settings.models import Settings, SourceId

DIALECT = GenerateJsonSchema.schema_dialect
Schema = dict[str, Any]
_REF = "#/$defs/{model}"


def schema() -> Schema:
    """Return the JSON Schema of the whole file."""
    definitions: Schema = {}
    properties: Schema = {}
    for name, field in Settings.model_fields.items():
        if name == SOURCES:
            properties[name] = _sources(definitions) | {"description": field.description}
        elif isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            properties[name] = _or_nothing({"$ref": _REF.format(model=_add(field.annotation, definitions))})
        else:
            properties[name] = _of_list(name, definitions)
    return {
        "$schema": DIALECT,
        "title": "The configuration file of Ticketrelay",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "$defs": dict(sorted(definitions.items())),
    }


def _of_list(name: str, definitions: Schema) -> Schema:
    """Return the schema of a list or mapping of models; their required fields stay required."""
    only = create_model("Only", **{name: (Settings.model_fields[name].annotation, Settings.model_fields[name])})  # type: ignore[call-overload]
    made: Schema = only.model_json_schema(ref_template=_REF, mode="validation")
    definitions |= made.pop("$defs", {})
    found: Schema = made["properties"][name]
    found.pop("default", None)
    return found


def _sources(definitions: Schema) -> Schema:
    """Return the schema of the sources: a mapping of ids, whose `kind` selects the settings.

    A source that is named like its kind may leave `kind` out.
    """
    by_kind = {}
    for kind in kinds():
        model = connector(kind).settings
        name = _add(model, definitions, f"{kind}_source")
        definitions[name]["properties"]["kind"] = {"const": kind, "description": "Which connector reads its messages."}
        by_kind[kind] = {"$ref": _REF.format(model=name)}
    union = {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": list(by_kind)}},
        "allOf": [
            {"if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]}, "then": reference}
            for kind, reference in by_kind.items()
        ],
    }
    definitions["source"] = union
    any_kind = {"$ref": _REF.format(model="source")}
    return {
        "type": "object",
        "propertyNames": TypeAdapter(SourceId).json_schema(),
        "properties": {
            kind: {"if": {"type": "object", "required": ["kind"]}, "then": any_kind, "else": _or_nothing(reference)}
            for kind, reference in by_kind.items()
        },
        "additionalProperties": any_kind,
    }


def _or_nothing(schema: Schema) -> Schema:
    """Return the schema or null: an empty section is a section."""
    return {"anyOf": [schema, {"type": "null"}]}


def _add(model: type[BaseModel], definitions: Schema, name: str | None = None) -> str:
    """Add the model to the definitions in the form that the file accepts, and return its name there."""
    made: Schema = model.model_json_schema(ref_template=_REF, mode="validation")
    definitions |= made.pop("$defs", {})
    for section in sections_of(model):
        _add(section, definitions)
    properties: Schema = {}
    for field_name, field in model.model_fields.items():
        if keeps_out(field):
            beside = f"The path of a file that holds `{field_name}`, relative to the folder of this file."
            about = f"{field.description} {beside}" if field.description else beside
            properties[f"{field_name}_file"] = {"type": "string", "minLength": 1, "description": about}
        if not is_secret(field):
            properties[field_name] = made["properties"][field_name]
    made["properties"] = dict(sorted(properties.items()))
    made.pop("required", None)
    made["additionalProperties"] = False
    name = name or model.__name__
    definitions[name] = made
    return name

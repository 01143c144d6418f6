"""The base of all sections of the settings, which are frozen and refuse unknown keys.

A validator raises a ValueError. An `AtOffset` also has a position in a text, which is underlined when the text stands
in the configuration file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from connectors.contract.durations import AtOffset

__all__ = ["AtOffset", "MayHoldPassword", "Section", "Shape"]


class Section(BaseModel):
    """Base of every section."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


@dataclass(frozen=True, slots=True)
class Shape:
    """A text that matches a pattern. `wanted` describes the pattern in words, because few people read patterns."""

    pattern: str
    wanted: str

    def __get_pydantic_core_schema__(self, source: type[object], handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(schema) | {"pattern": self.pattern}

    def _check(self, text: str) -> str:
        if not re.search(self.pattern, text):
            raise ValueError(f"must be {self.wanted}")
        return text


@dataclass(frozen=True, slots=True)
class MayHoldPassword:
    """Marks a URL that may hold a password. Such a URL is kept out of the configuration file, like a secret."""

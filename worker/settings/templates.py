"""Templates for subjects and descriptions, in a small part of Jinja's syntax, in its sandbox.

Allowed: output, the documented attributes, literals, comparisons, `and`, `or`, `not`, `in`, `is defined`, the filters
of `worker.settings.filters`, `if`, and one `for` that is not inside another one. Everything else is refused when the
settings are read, with its place. There are no calls, no arithmetic and no attributes of Python objects.

So a rendering ends soon, whatever the template and the message contain: it evaluates at most `MAX_STEPS` parts of the
template, its filters and comparisons handle at most `MAX_WORK` characters, and it stops at the longest output. A
message's text is a value and never a template: `{{ 7*7 }}` in it stays as it is.

Source: https://jinja.palletsprojects.com/en/stable/templates/ , https://jinja.palletsprojects.com/en/stable/sandbox/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any

import jinja2
from jinja2.runtime import LoopContext
from jinja2.sandbox import SandboxedEnvironment
from pydantic import BeforeValidator, InstanceOf, WithJsonSchema

from worker.settings import attributes, filters
from worker.settings.filters import Unusable, Work
from worker.settings.section import AtOffset
from worker.settings.syntax import LOOP, check

MAX_SOURCE = 16_384
"""Characters of a template."""
MAX_WORK = 1 << 20
"""Characters that the filters and comparisons of one rendering handle."""
MAX_VALUE = 65_536
"""Characters of an attribute that a template sees."""


class CannotRender(Exception):
    """The template does not fit this message. The reason never quotes the message."""


@dataclass(frozen=True)
class Template:
    """A checked template."""

    source: str
    names: frozenset[str] = field(compare=False)
    """The attributes that the template uses, groups by their first part."""
    groups: frozenset[str] = field(compare=False, repr=False)
    """The groups of attributes, such as `labels`; a message may have none of them."""
    _code: jinja2.Template = field(compare=False, repr=False)

    def render(self, values: Mapping[str, str], limit: int, work: Work | None = None) -> str:
        """Return the text for these attributes, in at most `limit` characters. Raises CannotRender."""
        context = {**{name: {} for name in self.groups}, **_nested(values), filters.WORK: work or Work(MAX_WORK)}
        parts: list[str] = []
        length = 0
        try:
            for part in self._code.generate(context):
                parts.append(part)
                length += len(part)
                if length > limit:
                    raise CannotRender(f"the result has more than {limit} characters")
        except Unusable as error:
            raise CannotRender(str(error)) from None
        except jinja2.UndefinedError as error:
            raise CannotRender(error.message or "a name is not defined") from None
        except (jinja2.TemplateError, ArithmeticError, TypeError, ValueError) as error:
            raise CannotRender(f"two values of the template do not fit together ({type(error).__name__})") from None
        return "".join(parts)


class _Environment(SandboxedEnvironment):
    """Looks up attributes of messages, and never those of Python objects."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, LoopContext) and attribute in LOOP:
            return getattr(obj, attribute)
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return self.undefined(f"the message has no attribute {attribute!r}", name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        return self.getattr(obj, argument)


def template(text: str) -> Template:
    """Return the template of this text, checked and ready. Raises AtOffset."""
    if len(text) > MAX_SOURCE:
        raise AtOffset(f"the template has {len(text)} characters, and may have {MAX_SOURCE}", 0, len(text))
    environment = _environment()
    source = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    documented = attributes.documented()
    tree, names = check(environment, source, documented)
    return Template(text, names, attributes.groups(documented), environment.from_string(tree))


@cache
def _environment() -> _Environment:
    made = _Environment(
        undefined=jinja2.StrictUndefined,
        autoescape=False,
        keep_trailing_newline=True,
        optimized=False,
        cache_size=0,
        finalize=filters.printable,
    )
    made.globals.clear()
    made.filters.clear()
    made.filters |= filters.FILTERS | filters.OWN
    made.tests = {name: made.tests[name] for name in ("defined", "undefined")}
    return made


def _nested(values: Mapping[str, str]) -> dict[str, Any]:
    """Return `labels.team` as `team` in `labels`; long values are cut."""
    context: dict[str, Any] = {}
    for name, value in sorted(values.items(), key=lambda each: ("." in each[0], each[0])):  # groups last
        beginning, dot, rest = name.partition(".")
        if dot and rest:
            group = context.get(beginning)
            if not isinstance(group, dict):
                context[beginning] = group = {}
            group[rest] = value[:MAX_VALUE]
        else:
            context[name] = value[:MAX_VALUE]
    return context


def _validated(value: object) -> object:
    if isinstance(value, Template):
        return value
    if not isinstance(value, str):
        raise ValueError("must be a template, which is a text")  # noqa: TRY004 — pydantic places ValueErrors
    return template(value)


TemplateText = Annotated[InstanceOf[Template], BeforeValidator(_validated), WithJsonSchema({"type": "string"})]
"""A template in the settings, given as text."""

"""Composes plain text for tickets from parts, each with a length limit of its own.

Text from people comes first, then lists of facts, then times and links. A huge part never pushes the others out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from connectors.toolbox.reasons import shown
from connectors.toolbox.text import ELLIPSIS, clean, cut, one_line

MAX_SUBJECT = 255  # characters, as all of these
MAX_TEXT = 60_000
MAX_LEAD = 20_000
MAX_BLOCK = 15_000
MAX_LINE = 2_000
MAX_ATTRIBUTE = 1024
MAX_REASON = 300


def subject_line(written: str, otherwise: str) -> str:
    """Return one line of 1 to 255 characters: `written`, or `otherwise` if `written` is blank."""
    return cut(one_line(written) or otherwise, MAX_SUBJECT)


def compose(lead: str, blocks: Iterable[str], closing: Iterable[tuple[str, object]]) -> str:
    """Return plain text of at most 60,000 characters, without trailing white space.

    `closing` are titles with times and links. Values that are blank or no text are left out.
    """
    lines = "\n".join(f"{title}: {line}" for title, line in _written(closing))
    parts = [cut(clean(lead).strip(), MAX_LEAD), *blocks, lines]
    return cut("\n\n".join(part for part in parts if part), MAX_TEXT)


def block(title: str, pairs: Iterable[tuple[str, str]]) -> str:
    """Return a titled list. Lines that do not fit are counted instead. Empty without pairs."""
    lines = [f"  {_label(name)}: {_indented(value)}" for name, value in pairs]
    kept: list[str] = []
    room = MAX_BLOCK
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            kept.append(f"  {ELLIPSIS} and {len(lines) - len(kept)} more")
            break
        kept.append(line)
    return "\n".join([f"{title}:", *kept]) if kept else ""


def filled(facts: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the facts that are not blank."""
    return [(name, value) for name, value in facts.items() if one_line(value)]


def attributes(pairs: Mapping[str, str | None]) -> tuple[tuple[str, str], ...]:
    """Return sorted pairs for routing, clean and of at most 1,024 characters each. None values are left out."""
    kept = ((name, value) for name, value in pairs.items() if value is not None)
    return tuple(sorted((cut(clean(name), MAX_ATTRIBUTE), cut(clean(value), MAX_ATTRIBUTE)) for name, value in kept))


def reason(error: ValueError | str) -> str:
    """Return the reason why an item cannot be read, as one line of at most 300 characters."""
    return shown(str(error), MAX_REASON)


def _written(pairs: Iterable[tuple[str, object]]) -> Iterator[tuple[str, str]]:
    for title, value in pairs:
        if isinstance(value, str) and (line := one_line(value)):
            yield title, cut(line, MAX_LINE)


def _label(name: str) -> str:
    return cut(one_line(name), MAX_LINE)


def _indented(value: str) -> str:
    """Indent all lines after the first, so that readers do not take them for lines of ours."""
    return cut(clean(value).strip(), MAX_LINE).replace("\n", "\n    ")

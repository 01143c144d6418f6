"""What does the person on call read? The subject and the text of an alert, plain, within the API's lengths.

The most useful comes first: what the rule's author wrote for people, then the other annotations, the labels,
the times and the links. Each part has a length of its own: a huge one never pushes the links out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from connectors.mapping import ELLIPSIS, clean, cut, one_line, readable

MAX_SUBJECT = 255  # characters, as all of these
MAX_TEXT = 60_000
MAX_LEAD = 20_000
MAX_BLOCK = 15_000
MAX_LINE = 2_000

SUBJECT_ANNOTATIONS = ("summary", "title")
LEAD_ANNOTATIONS = ("description", "message", "summary", "title")
RUNBOOK_ANNOTATIONS = ("runbook_url", "runbook")
TELLING_LABELS = (
    "instance",
    "host",
    "hostname",
    "node",
    "pod",
    "device",
    "service",
    "job",
    "namespace",
    "cluster",
)
"""The first that an alert has says best which of many alerts of one name it is."""


@dataclass(frozen=True, slots=True)
class About:
    """What is known of one alert: texts sorted by name, links whatever the sender put there."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    started: datetime
    ended: datetime | None
    source: object
    alertmanager: object


def subject(about: About) -> str:
    """One line of 1 to 255 characters."""
    written = next(_filled(about.annotations, SUBJECT_ANNOTATIONS), None)
    return cut(one_line(written[1]) if written else _name(about.labels), MAX_SUBJECT)


def text(about: About) -> str:
    """Plain text of at most 60,000 characters, without trailing white space."""
    lead = next(_filled(about.annotations, LEAD_ANNOTATIONS), None)
    runbook = next(_filled(about.annotations, RUNBOOK_ANNOTATIONS), None)
    told = {each[0] for each in (lead, runbook) if each}
    others = [(name, value) for name, value in about.annotations.items() if name not in told]
    parts = [
        cut(clean(lead[1]).strip(), MAX_LEAD) if lead else "",
        _block("Annotations", others),
        _block("Labels", about.labels.items()),
        "\n".join(_closing_lines(about, runbook[1] if runbook else None)),
    ]
    return cut("\n\n".join(part for part in parts if part), MAX_TEXT)


def _name(labels: Mapping[str, str]) -> str:
    """`DiskFull (instance: web-1)`, or as much of it as there is."""
    alertname = one_line(labels.get("alertname", ""))
    telling = next(_filled(labels, TELLING_LABELS), None)
    detail = f"{telling[0]}: {one_line(telling[1])}" if telling else ""
    if alertname and detail:
        return f"{alertname} ({detail})"
    return alertname or detail or "An alert without a name"


def _filled(texts: Mapping[str, str], names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Those of the named texts that say something."""
    return ((name, texts[name]) for name in names if one_line(texts.get(name, "")))


def _block(title: str, pairs: Iterable[tuple[str, str]]) -> str:
    """A titled list; lines that would not fit are counted instead."""
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


def _label(name: str) -> str:
    return cut(one_line(name), MAX_LINE)


def _indented(value: str) -> str:
    """The value; its later lines stand below its first, where nobody takes them for lines of ours."""
    return cut(clean(value).strip(), MAX_LINE).replace("\n", "\n    ")


def _closing_lines(about: About, runbook: str | None) -> Iterator[str]:
    yield f"Started: {readable(about.started)}"
    if about.ended is not None:
        yield f"Ended: {readable(about.ended)}"
    for title, link in (("Runbook", runbook), ("Source", about.source), ("Alertmanager", about.alertmanager)):
        if isinstance(link, str) and (line := one_line(link)):
            yield f"{title}: {cut(line, MAX_LINE)}"

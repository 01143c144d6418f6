"""Renders subject and text of an alert with labels for the person on call: plain, within the API's lengths.

The most useful part comes first: the text that the rule's author wrote for people, then the other annotations, the
labels, the times and the links.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from connectors.toolbox.rendering import block, compose, subject_line
from connectors.toolbox.text import one_line, readable

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
"""Labels that distinguish alerts of one name, the most distinctive first."""


@dataclass(frozen=True, slots=True)
class About:
    """The facts of one alert: texts sorted by name, links with values as the sender gave them."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    started: datetime | None
    """None: the start is unknown."""
    ended: datetime | None
    links: tuple[tuple[str, object], ...] = ()
    """Titles and addresses."""
    measured: tuple[tuple[str, str], ...] = ()
    """Names and values that the rule evaluated."""
    trouble: str = ""
    """Prefix of the subject if the annotations do not describe the alert: the rule itself failed."""


def subject(about: About) -> str:
    """Return the subject as one line of 1 to 255 characters."""
    written = next(_filled(about.annotations, SUBJECT_ANNOTATIONS), None)
    line = one_line(written[1]) if written else _name(about.labels)
    return subject_line(f"{about.trouble}: {line}" if about.trouble else line, "")


def text(about: About) -> str:
    """Return plain text of at most 60,000 characters, without trailing white space."""
    lead = next(_filled(about.annotations, LEAD_ANNOTATIONS), None)
    runbook = next(_filled(about.annotations, RUNBOOK_ANNOTATIONS), None)
    told = {each[0] for each in (lead, runbook) if each}
    others = [(name, value) for name, value in about.annotations.items() if name not in told]
    blocks = [block("Annotations", others), block("Labels", about.labels.items()), block("Values", about.measured)]
    closing = [
        ("Started", readable(about.started) if about.started else None),
        ("Ended", readable(about.ended) if about.ended else None),
        ("Runbook", runbook[1] if runbook else None),
        *about.links,
    ]
    return compose(lead[1] if lead else "", blocks, closing)


def _name(labels: Mapping[str, str]) -> str:
    """Return `DiskFull (instance: web-1)`, or as much of it as is known."""
    alertname = one_line(labels.get("alertname", ""))
    telling = next(_filled(labels, TELLING_LABELS), None)
    detail = f"{telling[0]}: {one_line(telling[1])}" if telling else ""
    if alertname and detail:
        return f"{alertname} ({detail})"
    return alertname or detail or "An alert without a name"


def _filled(texts: Mapping[str, str], names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the named texts that are not blank."""
    return ((name, texts[name]) for name in names if one_line(texts.get(name, "")))

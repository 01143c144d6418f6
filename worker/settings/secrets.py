"""Judges the secrets of the settings by the rules of their kinds, where a process starts and in `check`.

A secret that we chose may be too weak and yet in use: a version before took it. For a source with stored messages that
is a warning until `REFUSED_FROM`, so that an upgrade does not stop its messages. For a new source it is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from pydantic import BaseModel, SecretStr

from connectors.contract.secrets import Chosen, Issued, SecretKind
from worker.settings.fields import SOURCES, secret_kinds
from worker.settings.loader import STAND_IN_KEY, Loaded
from worker.settings.models import Source
from worker.settings.origin import Path
from worker.settings.problems import Finding, Problem
from worker.settings.secretfiles import DEV_SECRET
from worker.settings.walking import inside, origin_of

REFUSED_FROM = date(2027, 7, 1)
"""From this day on a weak secret is refused for every source."""
NEW = "make one with `ticketrelay secret new`"
ROTATE = f"{NEW}, and keep this one as previous_secret until the sender has the new one"

Development = Literal["taken", "warned of", "refused"]


class NotAsked(Exception):
    """The ledger does not answer, so the sources that it knows are not known here."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The circumstances that decide whether a weak secret is an error."""

    known: Callable[[Collection[str]], Collection[str]]
    """Returns the sources, among those given, that have stored messages. Called only for weak secrets. Raises
    NotAsked."""
    today: date
    development: Development = "refused"
    """The verdict on a source with the public secret of `run`."""


@dataclass(frozen=True, slots=True)
class _Held:
    path: Path
    kind: SecretKind
    text: str

    @property
    def source(self) -> str | None:
        """The source whose proof the secret is; None for a secret of anything else."""
        is_proof = len(self.path) == 3 and self.path[0] == SOURCES and self.path[2] in ("secret", "previous_secret")
        return str(self.path[1]) if is_proof else None


def weak(loaded: Loaded, terms: Terms) -> list[Problem]:
    """Return a problem for each secret that breaks the rule of its kind: an error, or a warning with a date."""
    faults = [(each, fault) for each in _held(loaded.settings, ()) if (fault := _fault(each)) is not None]
    if not loaded.has(SOURCES):  # the sources of `run` that nobody configured, all with the public secret
        faults = [each for each in faults if each[0].path[0] != SOURCES]
    found = [each for held, fault in faults if (each := _judged(held, fault, faults, terms)) is not None]
    return [each.at(origin_of(loaded.root, each.path)) for each in found]


def _fault(held: _Held) -> str | None:
    if held.text == STAND_IN_KEY and held.path == ("api", "key"):
        return None
    return held.kind.fault(held.text)


def _judged(held: _Held, fault: str, faults: Collection[tuple[_Held, str]], terms: Terms) -> Finding | None:
    name = held.path[-1]
    if held.source is not None and held.text == DEV_SECRET:
        return _of_public_secret(held, terms)
    if not isinstance(held.kind, Chosen):
        todo = "copy it from the platform again" if isinstance(held.kind, Issued) else ""
        return Finding(held.path, f"{name} {fault}", todo, is_error=True)
    if held.source is None or terms.today >= REFUSED_FROM:
        return Finding(held.path, f"{name} {fault}", NEW if held.source is None else ROTATE, is_error=True)
    asked = {each.source for each, _ in faults if each.source is not None}
    try:
        is_known = held.source in terms.known(asked)
    except NotAsked:
        message = f"{name} {fault}; it is refused if the ledger, which does not answer, has no message of the source"
        return Finding(held.path, message, ROTATE)
    if is_known:
        return Finding(held.path, f"{name} {fault}; it is refused from {REFUSED_FROM.isoformat()} on", ROTATE)
    return Finding(held.path, f"{name} {fault}", NEW, is_error=True)


def _of_public_secret(held: _Held, terms: Terms) -> Finding | None:
    message = f"the public secret {DEV_SECRET!r} is for `ticketrelay run` on a loopback address only"
    if terms.development == "taken":
        return None
    return Finding(held.path, message, NEW, is_error=terms.development == "refused")


def _held(value: object, path: Path) -> Iterator[_Held]:
    """Yield every secret of the settings, with its kind; those without a kind, of other packages, are left out."""
    owner = value.settings if isinstance(value, Source) else value
    for name, inner in inside(value):
        at = (*path, name)
        if not isinstance(inner, SecretStr):
            yield from _held(inner, at)
        elif isinstance(owner, BaseModel):
            for kind in secret_kinds(type(owner).model_fields[str(name)]):
                yield _Held(at, kind, inner.get_secret_value())

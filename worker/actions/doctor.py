"""Writes a bundle for support, without confidential content.

The bundle holds numbers, names of settings and sources, states and versions. It holds no secret, no body, and no text
that a sender wrote or that quotes one. So the reasons of dead letters and the errors of attempts are left out.
"""

from __future__ import annotations

import io
import json
import os
import platform
import re
import shutil
import sqlite3
import tarfile
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr
from sqlalchemy.exc import SQLAlchemyError

from worker.actions.redact import SECRET_NAME, Redactor, known_secrets
from worker.actions.status import shown as status_of
from worker.documents.registry import adapter
from worker.documents.status import StatusNow
from worker.documents.upkeep import Bundled
from worker.ledger import HappeningFilter, Ledger, open_ledger
from worker.settings import Settings, Source
from worker.settings.loader import STAND_IN_KEY

PACKAGE = "ticketrelay"
ATTEMPTS_SHOWN = 100
IS_SET, NOT_SET = "(set)", "(not set)"

_USER = re.compile(r"://[^@/\s;]*@")
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def bundle(settings: Settings, data: Path, file: Path, now: datetime) -> tuple[Bundled, bool]:
    """Write the bundle into a new file. Returns True when an alarm is up. Raises OSError when that fails."""
    parts, problems, is_alarmed = examine(settings, data, now)
    _write(file, parts, now)
    return Bundled(str(file), tuple(parts), tuple(problems)), is_alarmed


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    find: Callable[[], Any]


def examine(settings: Settings, data: Path, now: datetime) -> tuple[dict[str, bytes], list[str], bool]:
    """Return the files of the bundle, the parts that could not be read, and whether an alarm is up."""
    found: dict[str, bytes] = {}
    problems: list[str] = []
    statuses: list[StatusNow] = []
    redactor = Redactor(known_secrets(settings))
    with closing(open_ledger(settings)) as ledger:
        wanted = [
            _Part("versions", versions),
            _Part("settings", lambda: shown(settings)),
            _Part("environment", lambda: sorted(name for name in os.environ if name.startswith("TICKETRELAY_"))),
            _Part("disk", lambda: _disk(ledger, data)),
            _Part("schema", lambda: _schema(ledger)),
            _Part("status", lambda: _status(ledger, settings, statuses)),
            _Part("counts", lambda: _plain("db-stats", ledger.upkeep.stats())),
            _Part("attempts", lambda: _attempts(ledger)),
        ]
        for part in wanted:
            try:
                value = {"at": now.isoformat(), part.name: part.find()}
            except (SQLAlchemyError, OSError, PackageNotFoundError) as error:
                problems.append(f"{part.name}: {type(error).__name__}")
                continue
            text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
            found[f"{part.name}.json"] = redactor.secrets(text).encode()
    return found, problems, any(each.alarms for each in statuses)


def versions() -> Mapping[str, Any]:
    """Return the versions of Python, the operating system, this package and its dependencies."""
    names = [match[0] for each in requires(PACKAGE) or () if (match := _NAME.match(each))]
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "sqlite": sqlite3.sqlite_version,
        "packages": {name: _version(name) for name in (PACKAGE, *sorted(set(names)))},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def shown(value: Any, name: str = "") -> Any:
    """Return a setting without secrets: a secret is shown as set, or the API key as not set."""
    if isinstance(value, BaseModel):
        return {each: shown(getattr(value, each), each) for each in type(value).model_fields}
    if isinstance(value, dict):
        return {key: shown(each, str(key)) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [shown(each, name) for each in value]
    if isinstance(value, Source):
        return {"kind": value.connector.kind, "settings": shown(value.settings)}
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, SecretStr) and value.get_secret_value() == STAND_IN_KEY:
        return NOT_SET
    if isinstance(value, SecretStr) or (SECRET_NAME.search(name) and not name.endswith("_file")):
        return IS_SET
    return _USER.sub("://…@", str(value))


def _disk(ledger: Ledger, data: Path) -> Mapping[str, Any]:
    url = ledger.database.url
    folders = {"data": data, "here": Path()}
    if ledger.database.is_sqlite:
        folders["ledger"] = Path(url.database or "").parent
    there = {name: folder for name, folder in folders.items() if folder.exists()}
    return {name: shutil.disk_usage(folder)._asdict() for name, folder in there.items()}


def _schema(ledger: Ledger) -> Mapping[str, Any]:
    tables, ours = ledger.upkeep.revisions()
    return {"database": ledger.database.url.get_backend_name(), "tables": tables, "this_version": ours}


def _status(ledger: Ledger, settings: Settings, statuses: list[StatusNow]) -> Any:
    now = ledger.overview(in_full=True)
    # The reason for a pause is a person's text.
    quiet = replace(now, pauses=tuple(replace(each, why="") for each in now.pauses))
    statuses.append(status_of(quiet, settings))
    return _plain("status", statuses[-1])


def _attempts(ledger: Ledger) -> Any:
    reading = ledger.reading
    latest = reading.latest(reading.begin_following(), ATTEMPTS_SHOWN, HappeningFilter())
    without_texts = [replace(each, case=None, ticket_id=None, text=None, subject=None, sender=None) for each in latest]
    return _plain("tail", without_texts)


def _plain(document: str, value: Any) -> Any:
    return adapter(document).dump_python(value, mode="json")


def _write(file: Path, parts: Mapping[str, bytes], now: datetime) -> None:
    """Write the bundle, readable by its owner alone. An existing file is not overwritten."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as raw, tarfile.open(fileobj=raw, mode="w:gz") as bundle:
        for name, content in parts.items():
            entry = tarfile.TarInfo(f"ticketrelay-doctor/{name}")
            entry.size, entry.mtime, entry.mode = len(content), int(now.timestamp()), 0o600
            bundle.addfile(entry, io.BytesIO(content))

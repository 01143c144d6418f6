"""What does a file hold whose content is a setting? Read once, when settings are made.

A missing file, one that cannot be read, an empty one, a blank one, and one whose secret has white space at an end are
told apart: each wants something else done.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path

READ_BY_OTHERS = stat.S_IROTH
DEV_SECRET = "dev-secret"  # noqa: S105 — public on purpose; accepted without configuration and on loopback only
PUBLIC = (DEV_SECRET, "ak_test_local")
"""What the repository holds for trying out: no secret of anybody's."""


@dataclass(frozen=True, slots=True)
class SecretFile:
    """A secret's file, and who may read it."""

    path: str
    mode: int
    is_public: bool = False
    """It holds what everybody knows anyway."""


@dataclass(frozen=True, slots=True)
class Unusable(Exception):
    """The file is not there, or holds no such thing; `todo` is what to do."""

    message: str
    todo: str = ""


def read_value(path: str) -> str:
    """The text of a file, without the line's end. Raises Unusable."""
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise Unusable(f"cannot read {path!r}: not UTF-8", "a secret is a line of text") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise Unusable(f"cannot read {path!r}: {why}", _TODO.get(type(error), "")) from None


_TODO: dict[type[Exception], str] = {
    FileNotFoundError: "make the file, or give the path of another one",
    PermissionError: "let the user that runs this read it",
    IsADirectoryError: "give the path of the file in it",
}


def read_secret(path: str) -> tuple[str, SecretFile]:
    """The secret in a file, and who may read that. Raises Unusable."""
    value = read_value(path)
    if not value:
        raise Unusable(f"the file {path!r} is empty", "write the secret into it")
    if not value.strip():
        raise Unusable(f"the file {path!r} holds white space only", "write the secret into it")
    if value != value.strip():
        raise Unusable(f"the secret in {path!r} begins or ends with white space", "remove that from the file")
    return value, SecretFile(path, stat.S_IMODE(Path(path).stat().st_mode), value in PUBLIC)

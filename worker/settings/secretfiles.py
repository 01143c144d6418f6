"""Reads settings that have a file of their own, once, when the settings are made.

A missing file, an unreadable one, an empty one, a blank one, and a secret with white space at an end have different
errors, because each has a different remedy.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

MAX_BYTES = 64 * 1024  # of a file that holds one value
READ_BY_OTHERS = stat.S_IROTH
DEV_SECRET = "dev-secret"  # noqa: S105 — public on purpose; accepted without configuration and on loopback only
PUBLIC_EXAMPLES = ("public-secret-of-the-examples", "00112233445566778899aabbccddeeff")
"""Those in `deploy/dev-secrets/`: one that we choose, and one in the form of Slack's."""
PUBLIC = (DEV_SECRET, *PUBLIC_EXAMPLES, "ak_test_local")
"""Secrets in the repository for trying out; nobody's real secret."""


@dataclass(frozen=True, slots=True)
class SecretFile:
    """A secret's file, and its permissions."""

    path: str
    mode: int
    is_public: bool = False
    """The file holds a secret that is public anyway."""


@dataclass(frozen=True, slots=True)
class Unusable(Exception):
    """The file is missing, or holds no usable value; `todo` is the remedy."""

    message: str
    todo: str = ""


def is_path(text: str, folder: Path) -> bool:
    """Return True for a text that is surely a path, relative to `folder`: there is a file, or the first folder in it.

    Any other text may be the secret itself.
    """
    if "://" in text:
        return False
    parts = Path(text).parts
    first = 2 if Path(text).is_absolute() else 1
    return _is_there(folder / text) or (len(parts) > first and _is_there(folder.joinpath(*parts[:first])))


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except (OSError, ValueError):
        return False
    return True


def read_value(path: str, *, is_shown: bool = True) -> str:
    """Return the text of a file, without the line end. Raises Unusable, with the path in its message if `is_shown`."""
    if not is_shown and not _is_there(Path(path)):
        raise Unusable("there is no such file; the text is not shown, because it may be the secret itself", _NO_PATH)
    try:
        return _content(path).decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise Unusable(f"cannot read {path!r}: not UTF-8", "a secret is a line of text") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise Unusable(f"cannot read {path!r}: {why}", _TODO.get(type(error), "")) from None


def _content(path: str) -> bytes:
    """Return the bytes of a file. Raises OSError; and Unusable for a device or a pipe, which might never end.

    The open file is judged, without waiting for a writer, so that nobody can put another one in its place.
    """
    with open(path, "rb", opener=_without_waiting) as file:
        found = os.fstat(file.fileno())
        is_null = os.path.samestat(found, Path(os.devnull).stat())  # an empty file, for this purpose
        if not stat.S_ISREG(found.st_mode) and not is_null:
            raise Unusable(
                f"cannot read {path!r}: not a regular file", "write the value into a file, and give its path"
            )
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise Unusable(f"cannot read {path!r}: more than {MAX_BYTES} bytes", "a secret is a line of text")
    return content


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


_NO_PATH = "create the file, or give the path of another one"
_TODO: dict[type[Exception], str] = {
    FileNotFoundError: "create the file, or give another path",
    PermissionError: "allow the user of this process to read it",
    IsADirectoryError: "give the path of a file in that folder",
}


def read_secret(path: str, *, is_shown: bool = True) -> tuple[str, SecretFile]:
    """Return the secret in a file, and the file's permissions. Raises Unusable."""
    value = read_value(path, is_shown=is_shown)
    if not value:
        raise Unusable(f"the file {path!r} is empty", "write the secret into it")
    if not value.strip():
        raise Unusable(f"the file {path!r} holds white space only", "write the secret into it")
    if value != value.strip():
        raise Unusable(f"the secret in {path!r} begins or ends with white space", "remove that from the file")
    return value, SecretFile(path, stat.S_IMODE(Path(path).stat().st_mode), value in PUBLIC)

"""`python -m worker.cli.shell.schemas FOLDER` writes the schema of every document that a command prints."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from worker.documents.registry import DOCUMENTS, schema

DEFAULT = Path("docs/reference/schemas")


def files() -> dict[str, str]:
    """Return the text of each file by its name."""
    return {f"{name}.json": json.dumps(schema(name), indent=2, ensure_ascii=False) + "\n" for name in DOCUMENTS}


def main(folder: Path) -> None:
    """Write all schemas, and delete those of commands that no longer exist."""
    folder.mkdir(parents=True, exist_ok=True)
    written = files()
    for old in folder.glob("*.json"):
        if old.name not in written:
            old.unlink()
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT)

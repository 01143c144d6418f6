"""`python3 dev.py reference` writes the pages of docs/reference/ that are made from the code."""

from __future__ import annotations

import argparse

from tests.reference.pages import FOLDER, pages

if __name__ == "__main__":
    argparse.ArgumentParser(prog="dev.py reference", description=__doc__).parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")

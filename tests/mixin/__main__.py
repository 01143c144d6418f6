"""`python3 dev.py mixin` writes deploy/mixin/: Prometheus' rules, their tests and the dashboard, from the code."""

from __future__ import annotations

import argparse

from tests.mixin.files import FOLDER, files

if __name__ == "__main__":
    argparse.ArgumentParser(prog="dev.py mixin", description=__doc__).parse_args()
    for name, text in files().items():
        (FOLDER / name).write_text(text, encoding="utf-8")

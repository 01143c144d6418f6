"""Writes the result of parsing each new fixture of a connector beside the fixture, for a person to check.

    python3 -m tests.connectors.expect healthchecks

A fixture with an `.expected.json` is left alone, because a person decides the expected result. If that file holds only
`settings` and `headers`, the fixture is parsed with these.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import connectors
from tests.connectors.sealing import NEEDED
from tests.connectors.test_contract import UNSAID, UNSAID_OF, said

FOLDER = Path(connectors.__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(description="Write what a connector says of its new fixtures.")
    parser.add_argument("kind", choices=connectors.BUILT_IN)
    kind = parser.parse_args().kind
    folder = FOLDER / kind / "fixtures"
    for fixture in sorted(folder.iterdir()):
        expected = folder / f"{fixture.name.rpartition('.')[0]}.expected.json"
        known = json.loads(expected.read_text()) if expected.exists() else {}
        if fixture.name.endswith(".expected.json") or not known.keys() <= {"settings", "headers"}:
            continue
        settings = connectors.connector(kind).settings.model_validate(
            {"secret": "s", **NEEDED.get(kind, {}), **known.get("settings", {})}
        )
        told = known | said(kind, fixture.read_bytes(), settings, known.get("headers"))
        for event in told.get("events", ()):
            unsaid = UNSAID | UNSAID_OF.get(event["kind"], {})
            for name in [name for name, usual in unsaid.items() if event[name] == usual]:
                del event[name]
        expected.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
        print(f"{expected}: read it, and correct it where it is not what should be said")  # noqa: T201


if __name__ == "__main__":
    main()

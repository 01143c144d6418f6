"""Reports the problems of a configuration file with mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.settings import SettingsError, load

RIGHT = {"TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1", "TICKETRELAY_API__KEY": "ak_test_1"}
SECRET = {"TICKETRELAY_SOURCES__PROM__SECRET": "correct horse"}


def said(path: Path, content: str | bytes, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(path)
    Path("c.yaml").write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(SettingsError) as caught:
        load(RIGHT | (SECRET if b"prom:" in Path("c.yaml").read_bytes() else {}), file=Path("c.yaml"))
    return caught.value.problems

"""Files that we make are for their owner alone, whatever the umask; `check` warns of those that others may read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tickets.private_files import make_file, make_folder
from tickets.server import LocalTicketsApi, Options
from worker.ledger import Ledger

from .builders import delivery, opened


@pytest.fixture(params=[0o000, 0o022, 0o777], ids=oct, autouse=True)
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {each.name: stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()}


def test_a_ledger_its_side_files_and_its_folder_are_private(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'data' / 'ledger.db'}")
    ledger.upgrade()
    ledger.record([delivery(opened())])
    assert modes(tmp_path / "data") == {"ledger.db": 0o600, "ledger.db-wal": 0o600, "ledger.db-shm": 0o600}
    assert modes(tmp_path)["data"] == 0o700
    ledger.upkeep.copy(tmp_path / "again.db", lambda _done, _all: None)
    assert modes(tmp_path)["again.db"] == 0o600
    ledger.close()


def test_the_tickets_of_the_local_api_are_private(tmp_path: Path) -> None:
    with LocalTicketsApi(Options(f"sqlite:///{tmp_path / 'tickets.db'}")):
        assert set(modes(tmp_path).values()) == {0o600}


def test_what_exists_keeps_its_permissions(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder").chmod(0o750)
    (tmp_path / "file").write_bytes(b"kept")
    (tmp_path / "file").chmod(0o640)
    make_folder(tmp_path / "folder")
    make_file(tmp_path / "file")
    assert modes(tmp_path) == {"folder": 0o750, "file": 0o640}
    assert (tmp_path / "file").read_bytes() == b"kept"


def test_a_file_in_the_place_of_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "data").touch(0o600)
    with pytest.raises(FileExistsError):
        make_folder(tmp_path / "data")

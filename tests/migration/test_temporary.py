"""Folders for copies: whose they are, and when they go."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from pluto_migration.temporary import OwnFolder

MAKE = "from pluto_migration.temporary import OwnFolder\nown = OwnFolder()\nprint(own.path(), flush=True)\n"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def started(then: str) -> tuple[subprocess.Popen[str], Path]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-c", MAKE + then], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def ended(process: subprocess.Popen[str]) -> None:
    with process:
        process.communicate(timeout=30)


def test_one_folder_for_each_owner_which_goes_with_it(place: Path) -> None:
    own, other = OwnFolder(), OwnFolder()
    folder = own.path()
    (folder / "copy").write_text("x")
    assert own.path() == folder != other.path()
    assert pickle.loads(pickle.dumps(own)).path() != folder
    assert folder.is_dir() and folder.stat().st_mode & 0o077 == 0
    del own, other
    assert list(place.glob("pluto-copy-*")) == []


def test_it_goes_with_the_process(place: Path) -> None:
    process, folder = started("input()")
    assert folder.is_dir()
    ended(process)
    assert list(place.glob("pluto-copy-*")) == []


def test_what_a_killed_process_has_left_goes_with_the_next_and_nothing_else(place: Path) -> None:
    killed, left = started("input()")
    alive, kept = started("input()")
    (place / "pluto-copy-other").mkdir()
    killed.send_signal(signal.SIGKILL)
    killed.wait(30)
    ended(killed)
    assert left.is_dir()
    own = OwnFolder()
    assert own.path().is_dir()
    assert not left.parent.exists()
    assert kept.is_dir() and (place / "pluto-copy-other").is_dir()
    ended(alive)


def test_a_forked_child_leaves_its_parents_folder_alone() -> None:
    process, folder = started(
        "import os\nif os.fork() == 0:\n    raise SystemExit\nos.wait()\nprint('back', flush=True)\ninput()"
    )
    assert process.stdout is not None and process.stdout.readline().strip() == "back"
    assert folder.is_dir()
    ended(process)
    assert not folder.exists()

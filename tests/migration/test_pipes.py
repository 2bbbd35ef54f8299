"""Archives with pipes and devices in the place of files, and with folders that nobody may look into."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pluto_migration.source import Problems

from tests.migration.reading import DATA, read, runs

SAMPLES = (
    "neptune1",
    "neptune-scale",
    "neptune-exporter",
    "trackio",
    "tensorboard",
    "mlflow-file",
    "mlflow-sqlite",
    "wandb",
)
READ = """
import sys
from pathlib import Path
from pluto_migration.source import SourceError
from tests.migration import reading
for path in sys.argv[2:]:
    print(path, flush=True)
    try:
        reading.read_all(sys.argv[1], Path(path), project="p")
    except SourceError:
        pass
print("read")
"""


@pytest.mark.parametrize("sample", SAMPLES)
def test_what_is_no_file_is_not_waited_for(tmp_path: Path, sample: str) -> None:
    source = {"neptune1": "neptune", "mlflow-file": "mlflow", "mlflow-sqlite": "mlflow"}.get(sample, sample)
    kinds = {
        path.suffix or path.name: path
        for path in sorted((DATA / sample).rglob("*"))
        if path.is_file() and path.name != "expected.json"
    }
    made = []
    for number, path in enumerate(kinds.values()):
        for kind in ("pipe", "device"):
            copy = shutil.copytree(DATA / sample, tmp_path / f"{number}-{kind}", symlinks=True)
            place = copy / path.relative_to(DATA / sample)
            place.unlink()
            if kind == "pipe":
                os.mkfifo(place)
            else:
                place.symlink_to("/dev/zero")
            made.append(copy)
    done = subprocess.run([sys.executable, "-c", READ, source, *made], capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines()[-1:] == ["read"], done.stderr


@pytest.mark.parametrize(
    ("source", "sample", "refused"),
    [
        ("mlflow", "mlflow-file", "artifacts"),
        ("mlflow", "mlflow-file", "params"),
    ],
)
def test_a_folder_that_can_not_be_looked_into_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, sample: str, refused: str
) -> None:
    place = shutil.copytree(DATA / sample, tmp_path / "archive")
    scandir = os.scandir

    def refusing(path: str | int = ".") -> object:
        if str(path).endswith("/" + refused):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    problems = Problems()
    said = [one.problems for one in map(read, runs(source, place, problems))]
    assert any("it can't be looked into: Permission denied" in what for whats in said for what in whats)

"""The unmodified pluto-ml 0.0.29 logs to `pluto server` and reads from it; our query reads what it wrote."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pluto import query
from tests.programs import original, serving
from tests.waiting import until

pytestmark = [pytest.mark.originals, pytest.mark.timeout(300)]
PROJECT = "originals"


@dataclass(frozen=True)
class Old:
    seen: dict[str, Any]
    url: str
    folder: Path
    output: str

    @property
    def number(self) -> int:
        return int(self.seen["number"])


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Old]:
    """What the original client saw, and the server it spoke to, still running."""
    python = original("pluto-ml-0.0.29")
    folder = tmp_path_factory.mktemp("old")
    with serving(tmp_path_factory.mktemp("server")) as server:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PLUTO_", "MLOP_"))}
        urls = {f"PLUTO_URL_{part}": server.url for part in ("APP", "API", "INGEST", "PY")}
        done = subprocess.run(
            [str(python), str(Path(__file__).with_name("first_client.py"))],
            cwd=folder,
            env=kept
            | urls
            | {
                "HOME": str(folder),
                "PLUTO_DIR": str(folder / "old"),
                "PLUTO_API_KEY": "any-key-does",
                "PLUTO_DISABLE_TELEMETRY": "1",
            },
            capture_output=True,
            text=True,
            timeout=240,
        )
        output = done.stdout + done.stderr
        assert done.returncode == 0, output
        seen = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("SEEN "))[5:])
        yield Old(seen, server.url, folder, output)


@pytest.fixture
def reader(old: Old) -> Iterator[query.Client]:
    with query.Client(settings={f"url_{part}": old.url for part in ("app", "api", "ingest", "py")}) as client:
        yield client


def test_it_is_the_original(old: Old) -> None:
    assert old.seen["version"] == "0.0.29"


def test_it_finds_its_runs(old: Old) -> None:
    assert PROJECT in old.seen["projects"]
    assert sorted(old.seen["runs"]) == ["first", "second"]
    assert old.seen["by_tag"] == ["first"]
    assert old.seen["filtered"] == ["first"]
    assert int(old.seen["by_display_id"]) == old.number


def test_it_resumes_its_run(old: Old) -> None:
    assert old.seen["resumed"] is True


def test_it_reads_the_metrics_it_wrote(old: Old) -> None:
    assert set(old.seen["names"]) == {"train/loss", "train/accuracy"}
    points = {int(row["step"]): row["value"] for row in old.seen["metrics"]}
    assert len(points) == 251
    assert points[10] == pytest.approx(0.1)
    assert [int(row["step"]) for row in old.seen["window"]] == [10, 11, 12]
    assert old.seen["statistics"]
    assert old.seen["compared"]
    assert old.seen["leaderboard"]


def test_it_reads_the_files_it_wrote(old: Old) -> None:
    assert {row["logName"] for row in old.seen["files"]} >= {"picture", "text", "model", "sound", "later"}
    assert old.seen["fetched"] is True


def test_it_reads_its_console(old: Old) -> None:
    assert any("a line on the console" in row["message"] for row in old.seen["logs"])


def test_we_read_its_run(old: Old, reader: query.Client) -> None:
    run = reader.get_run(PROJECT, old.number)
    assert run["name"] == "first"
    assert run["config"] == {"lr": 0.2, "model": {"depth": 3}, "extra": "yes"}
    assert sorted(run["tags"]) == ["added", "client"]
    assert run["status"] == "COMPLETED"
    assert reader.get_run(PROJECT, int(old.seen["failed_number"]))["status"] == "FAILED"


def test_we_read_its_metrics_point_by_point(old: Old, reader: query.Client) -> None:
    points = reader.points(PROJECT, old.number, "train/loss")
    assert list(points.steps) == list(range(1, 252))  # it counts from 1
    assert list(points.values[:250]) == [1 / (step + 1) for step in range(250)]
    assert points.values[250] == 0.001


def test_we_read_its_histogram_and_table(old: Old, reader: query.Client) -> None:
    (histogram,) = reader.get_histograms(PROJECT, old.number, "weights")
    assert sum(histogram["value"]["freq"]) == 100
    (table,) = reader.get_tables(PROJECT, old.number, "scores")
    assert table["value"].values.tolist() == [["a", 1.5], ["b", 2.5]]


@pytest.mark.parametrize(
    ("name", "written"), [("picture", "red.png"), ("text", "notes.txt"), ("model", "model.bin"), ("later", "later.txt")]
)
def test_we_read_its_files(old: Old, reader: query.Client, tmp_path: Path, name: str, written: str) -> None:
    fetched = until(lambda: reader.download_file(PROJECT, old.number, name, tmp_path), 10, name)
    assert fetched.read_bytes() == (old.folder / written).read_bytes()

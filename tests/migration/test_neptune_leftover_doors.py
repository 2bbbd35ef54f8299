"""What Neptune's packages had left, brought over by the commands and read as its scripts read: by the doors."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

import pluto.compat.neptune as neptune
import pluto.compat.neptune_query as nq
from pluto.compat.neptune.common.warnings import NeptuneDeprecationWarning, warned_once
from pluto.compat.neptune.exceptions import MissingFieldException
from pluto.compat.neptune_query import runs as nq_runs
from tests.fakes.stock import Stock
from tests.migration.neptune_log import RUN, execution
from tests.migration.reading import DATA
from tests.migration.scale_database import Database

Printed = Callable[..., Any]
PROJECT = "team/digits"
UUID = "d862aa59-761f-402d-90ed-da5d1279d01b"
SPACE = "monitoring/4e5ca34d"


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in list(os.environ):
        if name.startswith("NEPTUNE_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    warned_once.clear()
    yield
    warned_once.clear()


def bring(printed: Printed, source: str, path: Path, *words: object, problems: int = 0, to: str = "local") -> None:
    """Migrates, once and again, and verifies."""
    whole = [source, path, "--to", to, *words]
    first = printed("migrate", *whole)
    assert set(first["states"]) == {"migrated"}, first
    assert sum(len(run["problems"]) for run in first["runs"]) == problems, first
    assert set(printed("migrate", *whole)["states"]) == {"unchanged"}
    proof = printed("verify", *whole)
    assert [run["differences"] for run in proof["runs"] if run["differences"]] == []


def values(frame: Any) -> list[Any]:
    return [list(row) for row in frame[["step", "value"]].itertuples(index=False)]


def test_a_run_of_the_first_client(printed: Printed, tmp_path: Path) -> None:
    source = shutil.copytree(DATA / "neptune1-more", tmp_path / "np")
    bring(printed, "neptune", source, "--project", PROJECT, "--path-map", f"/srv/demo/np={source}")

    with neptune.init_project(PROJECT, mode="read-only") as project:
        table = project.fetch_runs_table(progress_bar=False).to_pandas()
    (row,) = table.to_dict("records")
    assert (row["sys/name"], row["sys/failed"], row["sys/state"], row["sys/hostname"]) == (
        "rich", True, "Inactive", "demo-host",
    )  # fmt: skip
    assert (row["p/lr"], row["p/whole"], row["ns/b/c"], row["m/steps"], row["log"]) == (0.1, 3.0, "d", 2.6, "x" * 1000)

    with neptune.init_run(with_id=row["sys/id"], project=PROJECT, mode="read-only") as run:
        assert run["p/when"].fetch() == datetime(2024, 1, 2, 3, 4, 5, 678000, tzinfo=timezone.utc)
        assert (run["p/txt"].fetch(), run["sys/tags"].fetch()) == ("héllo 😀 wörld", {"b", "t1"})
        assert run["sys/group_tags"].fetch() == {"g1"}
        with pytest.raises(MissingFieldException):
            run["sys/custom_run_id"].fetch()
        assert values(run["m/steps"].fetch_values(progress_bar=False)) == [[3, 1], [4, 2], [7.25, 2.5], [8.25, 2.6]]
        printed_lines = [text for _, text in values(run[f"{SPACE}/stdout"].fetch_values(progress_bar=False))]
        assert [line for line in printed_lines if "neptune" not in line] == ["hello", "no newline joined", "100%"]
        assert values(run[f"{SPACE}/memory"].fetch_values(progress_bar=False)) == [[0, 1.3523712158203125]]
        assert run[f"{SPACE}/traceback"].fetch_last() == "boom"
        run["file"].download("file.txt", progress_bar=False)
        run["content"].download("content", progress_bar=False)
        assert (Path("file.txt").read_text(), Path("content").read_text()) == ("hello\n", "abc")
        assert run["content"].fetch_extension() == "md"
        assert [file.name for file in run["set2"].list_fileset_files("dset")] == ["sub", "a.txt"]
        run["imgs"].download("imgs", progress_bar=False)
        assert Path("imgs", "0.png").read_bytes().startswith(b"\x89PNG")
        assert [file.file_path for file in run["ds"].fetch_files_list()] == ["a.txt", "sub/b.txt"]
        assert run["ds"].fetch_hash() == "e478121cde764942104847d8e1b8bd3b6865ed5f45904d249e4aaf4862de35e4"


def test_runs_of_the_newer_client(printed: Printed, tmp_path: Path) -> None:
    source = shutil.copytree(DATA / "neptune-scale-more", tmp_path / "ns")
    bring(printed, "neptune-scale", source, "--path-map", f"/srv/demo/ns={source}")

    assert nq.list_experiments(project="ws/proj") == ["exp child", "exp é"]
    assert nq_runs.list_runs(project="ws/proj") == ["child", "rich-1"]
    table = nq.fetch_experiments_table(project="ws/proj", attributes=r".*")
    one, child = table.loc["exp é"], table.loc["exp child"]
    assert (one["lr"], one["n"], one["whole"], one["neg"]) == (0.1, 2**53 + 1, 3.0, -5)
    assert (one["tags_l"], one["empty"], one["sys/tags"], one["sys/group_tags"]) == (
        frozenset("xy"), frozenset(), frozenset({"t1"}), frozenset("g"),
    )  # fmt: skip
    assert one["when"] == datetime(2024, 1, 2, 3, 4, 5, 678000, tzinfo=timezone.utc)  # it shows milliseconds
    assert one["sys/custom_run_id"] == "rich-1"
    assert (child["lr"], child["a"], child["sys/forking/depth"]) == (0.1, 1.0, 1)
    metrics = nq.fetch_metrics(project="ws/proj", experiments=["exp child"], attributes=r".*", lineage_to_the_root=True)
    assert metrics["loss"].dropna().index.get_level_values("step").tolist() == [0.5, 1.5, 2.5]
    assert metrics["a"].dropna().tolist() == [1.0]
    metrics = nq.fetch_metrics(project="ws/proj", experiments=["exp é"], attributes=r"^[xyz]$|prev")
    assert math.isinf(metrics["y"].dropna().tolist()[0])
    assert metrics["prev"].dropna().tolist() == [1.0, 3.0]  # previews are asked for
    series = nq.fetch_series(project="ws/proj", experiments=["exp é"], attributes=r"log|h|runtime|fs")
    assert series["log"].dropna().tolist() == ["hello", "w"]
    assert series["runtime/stdout"].dropna().tolist() == ["hello out", "ab", "c"]
    assert [histogram.type for histogram in series["h"].dropna()] == ["COUNTING", "DENSITY"]
    files = nq.fetch_experiments_table(project="ws/proj", experiments=["exp é"], attributes=["f", "mem", "named"])
    got = nq.download_files(files=files, destination=tmp_path / "got")
    assert {path.name: path.read_bytes() for path in map(Path, got.iloc[0])} == {
        "f.txt": b"hello\n", "mem.txt": b"abc", "named.txt": b"hello\n",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("source", "recorded"), [("neptune", "/srv/demo/np"), ("neptune-scale", "/srv/demo/ns")], ids=["neptune", "scale"]
)
def test_a_stock_server_takes_them_too(
    printed: Printed, stock: Stock, tmp_path: Path, source: str, recorded: str
) -> None:
    folder = {"neptune": "neptune1-more", "neptune-scale": "neptune-scale-more"}[source]
    there = shutil.copytree(DATA / folder, tmp_path / "left")
    bring(printed, source, there, "--project", PROJECT, "--path-map", f"{recorded}={there}", to=stock.url)


def test_files_that_are_found_later_are_added(printed: Printed, tmp_path: Path) -> None:
    left = execution(tmp_path / "np").floats("m", 1, 2)
    left.put("UploadFile", "model", ext="pt", file_path="/old/model.pt", tmp_file_name=None)
    where = ["neptune", tmp_path / "np", "--to", "local", "--project", PROJECT]
    first = printed("migrate", *where)
    assert [len(run["problems"]) for run in first["runs"]] == [1]
    (tmp_path / "found").mkdir()
    (tmp_path / "found" / "model.pt").write_bytes(b"weights")
    again = printed("migrate", *where, "--path-map", f"/old={tmp_path / 'found'}")
    assert again["states"] == {"topped up": 1}
    with neptune.init_project(PROJECT, mode="read-only") as project:
        (id,) = project.fetch_runs_table(progress_bar=False).to_pandas()["sys/id"]
    with neptune.init_run(with_id=id, project=PROJECT, mode="read-only") as run:
        assert values(run["m"].fetch_values(progress_bar=False)) == [[0, 1], [1, 2]]
        run["model"].download("model.pt", progress_bar=False)
    assert Path("model.pt").read_bytes() == b"weights"


def test_a_run_that_goes_on_is_topped_up(printed: Printed, tmp_path: Path) -> None:
    base = Database(tmp_path / "ns", wal=True).create("e").floats("m", [0, 1, 2])
    where = ["neptune-scale", tmp_path / "ns", "--to", "local"]
    assert printed("migrate", *where)["states"] == {"migrated": 1}
    base.floats("m", [3, 4], first=3).put(assign={"late": 1})
    assert printed("migrate", *where)["states"] == {"topped up": 1}
    base.close()
    metrics = nq.fetch_metrics(project="ws/proj", experiments=["e"], attributes=r"^m$")
    assert metrics["m"].tolist() == [0, 1, 2, 3, 4]
    assert nq.fetch_experiments_table(project="ws/proj", attributes=["late"])["late"].tolist() == [1]


def test_a_model_and_a_project(printed: Printed, tmp_path: Path) -> None:
    other = RUN.replace("1", "2")
    execution(tmp_path, type="model", mode="async").put("AssignString", "sys/name", value="tree").put(
        "AssignFloat", "accuracy", value=0.5
    )
    execution(tmp_path, other, type="project", mode="async").put("AssignString", "about", value="leaves")
    bring(printed, "neptune", tmp_path, "--project", PROJECT)
    with neptune.init_project(PROJECT, mode="read-only") as project:
        assert project["about"].fetch() == "leaves"
        with pytest.warns(NeptuneDeprecationWarning, match="models"):
            models = project.fetch_models_table(progress_bar=False).to_pandas()
    assert models[["sys/id", "sys/name", "accuracy"]].to_numpy().tolist() == [[RUN, "tree", 0.5]]
    with neptune.init_model(with_id=RUN, project=PROJECT, mode="read-only") as model:
        assert model["accuracy"].fetch() == 0.5

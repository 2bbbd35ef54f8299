"""MLflow's databases: the sample, older ones, odd ones and damaged ones."""

from __future__ import annotations

import contextlib
import math
import pickle
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pluto_migration.model import Artifact, File, Points
from pluto_migration.source import Options, Problems, SourceError
from pluto_migration.sources.mlflow.database import Database
from pluto_migration.sources.mlflow.database_runs import runs_of as runs_of_database

from tests.migration.expected import of as expected
from tests.migration.items import content_of, extras_of, facts_of, items_of, of, runs_of, series_of, told, traces

SAMPLE = Path(__file__).parent / "data" / "mlflow-sqlite"
MAX = sys.float_info.max
TABLES = {
    "experiments": "experiment_id INTEGER PRIMARY KEY, name VARCHAR(256), artifact_location VARCHAR(256),"
    " lifecycle_stage VARCHAR(32)",
    "runs": "run_uuid VARCHAR(32) PRIMARY KEY, name VARCHAR(250), source_type VARCHAR(20), source_name VARCHAR(500),"
    " user_id VARCHAR(256), status VARCHAR(9), start_time BIGINT, end_time BIGINT, source_version VARCHAR(50),"
    " lifecycle_stage VARCHAR(20), artifact_uri VARCHAR(200), experiment_id INTEGER",
    "metrics": '"key" VARCHAR(250), value FLOAT, timestamp BIGINT, run_uuid VARCHAR(32), step BIGINT DEFAULT 0,'
    " is_nan BOOLEAN DEFAULT 0",
    "params": '"key" VARCHAR(250), value VARCHAR(8000), run_uuid VARCHAR(32)',
    "tags": '"key" VARCHAR(250), value VARCHAR(8000), run_uuid VARCHAR(32)',
}


class Base:
    """Writes a database as MLflow does."""

    def __init__(self, path: Path, index: bool = True, **tables: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.db = sqlite3.connect(path)
        for name, columns in {**TABLES, **tables}.items():
            self.db.execute(f"CREATE TABLE {name} ({columns})")
        if index:
            self.db.execute("CREATE INDEX i ON metrics (run_uuid)")
        self.put("experiments", experiment_id=1, name="exp", artifact_location="/elsewhere", lifecycle_stage="active")

    def put(self, table: str, **row: Any) -> None:
        marks = ", ".join("?" * len(row))
        self.db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))
        self.db.commit()

    def run(self, id: str = "r", **fields: Any) -> None:
        row = {"run_uuid": id, "name": id, "status": "FINISHED", "start_time": 1000, "end_time": 2000,
               "lifecycle_stage": "active", "artifact_uri": "", "experiment_id": 1}  # fmt: skip
        self.put("runs", **{**row, **fields})

    def point(self, key: str, value: Any, time: Any = 1, step: Any = 0, nan: Any = 0, run: str = "r") -> None:
        self.put("metrics", key=key, value=value, timestamp=time, step=step, is_nan=nan, run_uuid=run)

    def tag(self, key: str, value: str, run: str = "r") -> None:
        self.put("tags", key=key, value=value, run_uuid=run)


@pytest.fixture
def base(tmp_path: Path) -> Iterator[Base]:
    made = Base(tmp_path / "old" / "mlflow.db")
    yield made
    made.db.close()


def read(base: Base, scratch: Path, **options: Any) -> tuple[list[Any], str]:
    """The items of the one run that is found, and what was told of it."""
    problems = Problems()
    (run,) = runs_of("mlflow", base.path, problems=problems, **options)
    return items_of(run, scratch, problems), told(problems)


def test_the_sample(tmp_path: Path) -> None:
    before = traces(SAMPLE)
    (said,) = expected("mlflow-sqlite")["runs"]
    problems = Problems()
    (run,) = runs_of("mlflow", SAMPLE / "mlflow.db", problems=problems)
    assert (run.project, run.id, run.name, run.parent) == (said["project"], said["run_id"], said["name"], None)
    assert run.created == said["created_ms"] * 1000
    items = items_of(run, tmp_path / "scratch")
    facts = facts_of(items)
    assert (facts.name, facts.notes, facts.config, facts.status, facts.tags) == (
        said["name"], said["notes"], said["config"], said["status"], ["team:a"],
    )  # fmt: skip
    assert facts.ended == said["updated_ms"] * 1000
    assert extras_of(items)["tags"].items() >= said["mlflow_tags"].items()
    points = series_of(items)
    assert {name: [[step, value] for step, _, value in found] for name, found in points.items()} == {
        name: one["points"] for name, one in said["metrics"].items()
    }
    assert [[i, time / 1000] for i, (_, time, _) in enumerate(points["loss"])] == said["times_ms"]["loss"]["points"]
    (file,) = of(items, File)
    assert file.name == said["files"][0]["name"] and len(content_of(file)) == said["files"][0]["size"]
    assert told(problems) == ""
    assert traces(SAMPLE) == before


def test_the_sample_by_other_addresses(tmp_path: Path) -> None:
    for path in (SAMPLE, f"sqlite:///{SAMPLE / 'mlflow.db'}"):
        assert [run.id[:3] for run in runs_of("mlflow", path)] == ["aaa"]
    shutil.copy(SAMPLE / "mlflow.db", tmp_path / "moved.db")
    problems = Problems()
    (run,) = runs_of("mlflow", tmp_path / "moved.db")
    assert not of(items_of(run, tmp_path / "scratch", problems), File)
    assert "--path-map" in told(problems)
    (run,) = runs_of("mlflow", tmp_path / "moved.db", path_map={"/srv/demo/mlflow/shared": str(SAMPLE)})
    assert len(of(items_of(run, tmp_path / "scratch"), File)) == 1


def test_numbers_that_are_none_and_numbers_without_end(base: Base, tmp_path: Path) -> None:
    base.run()
    base.point("odd", 0.0, nan=1, time=1)
    base.point("odd", MAX, time=2)
    base.point("odd", -MAX, time=3)
    base.point("odd", 5e-324, time=4)
    base.point("odd", math.nextafter(MAX, 0), time=5)
    items, problems = read(base, tmp_path / "scratch")
    values = [value for _, _, value in series_of(items)["odd"]]
    assert problems == ""
    assert math.isnan(values[0]) and values[1:4] == [math.inf, -math.inf, 5e-324]
    assert values[4] == math.nextafter(MAX, 0)
    assert extras_of(items)["infinities"]["counts"] == {"odd": 2}


def test_points_come_by_step_and_equal_ones_as_they_were_put_in(base: Base, tmp_path: Path) -> None:
    base.run()
    for step, time, value in ((5, 9, 1.0), (-2, 8, 2.0), (5, 7, 3.0), (5, 7, 0.5), (2**40, 1, 4.0)):
        base.point("loss", value, time, step)
    items, _ = read(base, tmp_path / "scratch")
    assert series_of(items)["loss"] == [
        (-2, 8000, 2.0), (5, 7000, 3.0), (5, 7000, 0.5), (5, 9000, 1.0), (2**40, 1000, 4.0),
    ]  # fmt: skip


def test_many_points_come_in_bounded_pieces(base: Base, tmp_path: Path) -> None:
    base.run()
    rows = [(key, i / 7, i, "r", i) for i in range(70_000) for key in ("a", "b")]
    base.db.executemany("INSERT INTO metrics (key, value, timestamp, run_uuid, step) VALUES (?, ?, ?, ?, ?)", rows)
    base.db.commit()
    items, _ = read(base, tmp_path / "scratch")
    pieces = [len(points.steps) for points in of(items, Points)]
    assert max(pieces) <= 65_536 and sum(pieces) == 140_000
    assert series_of(items)["b"][-1] == (69_999, 69_999_000, 69_999 / 7)


@pytest.mark.parametrize("index", [True, False])
def test_a_database_that_is_old(tmp_path: Path, index: bool) -> None:
    """Neither steps nor marks of NaN, nor names of runs, nor tables that came later."""
    base = Base(
        tmp_path / "old" / "mlflow.db",
        index,
        metrics="key TEXT, value FLOAT, timestamp BIGINT, run_uuid TEXT",
        runs="run_uuid TEXT, status TEXT, start_time BIGINT, end_time BIGINT, artifact_uri TEXT, experiment_id INTEGER",
    )
    base.put("runs", run_uuid="r", status="KILLED", start_time=1000, end_time=2000, experiment_id=1)
    base.put("metrics", key="loss", value=1.5, timestamp=3, run_uuid="r")
    base.tag("mlflow.runName", "named")
    base.db.close()
    before = traces(base.path.parent)
    problems = Problems()
    (run,) = runs_of("mlflow", base.path, problems=problems)
    items = items_of(run, tmp_path / "scratch", problems)
    assert told(problems) == ""
    assert (run.name, facts_of(items).name, facts_of(items).status) == ("named", "named", "killed")
    assert series_of(items) == {"loss": [(0, 3000, 1.5)]}
    assert run.fingerprint == runs_of("mlflow", base.path)[0].fingerprint
    assert traces(base.path.parent) == before


@pytest.mark.parametrize("index", [True, False])
def test_what_lies_in_the_log_alone_is_read_and_left(tmp_path: Path, index: bool) -> None:
    base = Base(tmp_path / "live" / "mlflow.db", index)
    base.db.execute("PRAGMA journal_mode=WAL")
    base.run()
    base.point("loss", 1.0)
    shutil.copytree(tmp_path / "live", tmp_path / "dead")
    base.db.close()
    assert (tmp_path / "dead" / "mlflow.db-wal").stat().st_size
    before = traces(tmp_path / "dead")
    (run,) = runs_of("mlflow", tmp_path / "dead")
    assert series_of(items_of(run, tmp_path / "scratch")) == {"loss": [(0, 1000, 1.0)]}
    assert series_of(items_of(pickle.loads(pickle.dumps(run)), tmp_path / "scratch")) == {"loss": [(0, 1000, 1.0)]}
    assert traces(tmp_path / "dead") == before


def test_a_database_that_is_written_to_while_it_is_read(base: Base, tmp_path: Path) -> None:
    base.run()
    base.point("loss", 1.0)
    base.point("other", 1.0)
    (run,) = runs_of("mlflow", base.path)
    items = run.read(tmp_path, Problems())
    with pytest.raises(SourceError, match="written to"):
        for item in items:
            if isinstance(item, Points):
                base.point("loss", 2.0, step=1)


def test_a_database_that_is_reached_by_its_url(base: Base, tmp_path: Path) -> None:
    """As one of another maker is: no file is looked at."""
    base.run(artifact_uri=f"{tmp_path}/files/r/artifacts")
    base.point("loss", MAX, 7, 3)
    base.put("params", key="lr", value="0.1", run_uuid="r")
    (tmp_path / "files" / "r" / "artifacts").mkdir(parents=True)
    (tmp_path / "files" / "r" / "artifacts" / "a.txt").write_bytes(b"a")
    database = Database(f"sqlite:///{base.path}")
    assert database.path is None
    (run,) = runs_of_database(database, Options(), Problems())
    run = pickle.loads(pickle.dumps(run))
    items = items_of(run, tmp_path / "scratch")
    assert series_of(items) == {"loss": [(3, 7000, math.inf)]}
    assert facts_of(items).config == {"lr": "0.1"}
    assert [content_of(file) for file in of(items, File)] == [b"a"]
    assert run.fingerprint and run.size > 0


def test_addresses_that_lead_nowhere(tmp_path: Path) -> None:
    for url, said in (
        ("nothing://u:secret@h/d", "no URL"),
        ("sqlite:////nowhere/mlflow.db", "no file"),
        ("postgresql+nodriver://u:secret@h/d", "no URL"),
    ):
        with pytest.raises(SourceError, match=said) as caught:
            runs_of("mlflow", url)
        assert "secret" not in str(caught.value)


def test_a_driver_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> None:
        raise ModuleNotFoundError("No module named 'psycopg2'", name="psycopg2")

    monkeypatch.setattr(sa, "create_engine", missing)
    with pytest.raises(SourceError, match="pip install psycopg2") as caught:
        runs_of("mlflow", "postgresql://user:secret@127.0.0.1/mlflow")
    assert "secret" not in str(caught.value)


def test_nested_deleted_and_chosen_runs(base: Base) -> None:
    base.put("experiments", experiment_id=2, name="gone", lifecycle_stage="deleted")
    base.run("child", start_time=20)
    base.run("parent", start_time=10)
    base.run("trashed", start_time=30, lifecycle_stage="deleted")
    base.run("lost", start_time=40, experiment_id=2)
    base.tag("mlflow.parentRunId", "parent", run="child")
    problems = Problems()
    first, second = runs_of("mlflow", base.path, problems=problems)
    assert (first.id, second.id) == ("parent", "child")
    parent = second.parent
    assert parent is not None and (parent.id, parent.nested) == ("parent", True)
    ((problem, count),) = problems
    assert "--archived" in problem.what and count == 2
    assert {run.label for run in runs_of("mlflow", base.path, archived=True)} == {
        "exp/child", "exp/parent", "exp/trashed", "gone/lost",
    }  # fmt: skip
    assert [run.label for run in runs_of("mlflow", base.path, include=["exp/p*"], project="new")] == ["new/parent"]


def test_inputs_models_and_the_registry_are_kept(base: Base, tmp_path: Path) -> None:
    more = {
        "datasets": "dataset_uuid, experiment_id, name, digest, dataset_source",
        "inputs": "input_uuid, source_type, source_id, destination_type, destination_id, step",
        "input_tags": "input_uuid, name, value",
        "logged_models": "model_id, experiment_id, name, artifact_location, creation_timestamp_ms, source_run_id",
        "logged_model_params": "model_id, experiment_id, param_key, param_value",
        "logged_model_tags": "model_id, experiment_id, tag_key, tag_value",
        "registered_models": "name, description",
        "registered_model_aliases": "alias, version, name",
        "model_versions": "name, version, run_id",
        "experiment_tags": "key, value, experiment_id",
        "trace_info": "request_id",
    }
    for table, columns in more.items():
        base.db.execute(f"CREATE TABLE {table} ({columns})")
    base.run()
    place = tmp_path / "models" / "m-1" / "artifacts"
    place.mkdir(parents=True)
    (place / "w.bin").write_bytes(b"weights")
    base.put("datasets", dataset_uuid="d", experiment_id=1, name="iris", digest="01")
    base.put("inputs", input_uuid="i", source_type="DATASET", source_id="d", destination_type="RUN", destination_id="r")
    base.put("inputs", input_uuid="o", source_type="RUN_OUTPUT", source_id="r", destination_id="m-1", step=2)
    base.put("input_tags", input_uuid="i", name="k", value="v")
    base.put("logged_models", model_id="m-1", name="net", artifact_location=str(place), source_run_id="r",
             creation_timestamp_ms=5)  # fmt: skip
    base.put("logged_models", model_id="m-2", name="lost")
    base.put("logged_model_params", model_id="m-1", param_key="depth", param_value="3")
    base.put("registered_models", name="reg", description="d")
    base.put("registered_models", name="bare")
    base.put("registered_model_aliases", alias="champ", version=1, name="reg")
    base.put("model_versions", name="reg", version=1, run_id="r")
    base.put("experiment_tags", key="e", value="t", experiment_id=1)
    base.put("trace_info", request_id="tr")
    items, problems = read(base, tmp_path / "scratch")
    extras = extras_of(items)
    assert extras["inputs"][0]["dataset"]["name"] == "iris" and extras["inputs"][0]["tags"] == {"k": "v"}
    assert extras["outputs"][0]["step"] == 2
    assert extras["experiment"]["tags"] == {"e": "t"}
    assert extras["registered_models"][0]["model"]["aliases"] == {"champ": "1"}
    (artifact,) = of(items, Artifact)
    assert (artifact.name, artifact.type, artifact.source_id, artifact.time) == ("net", "model", "m-1", 5000)
    assert artifact.metadata is not None and artifact.metadata["params"] == {"depth": "3"}
    assert [(entry.path, entry.size) for entry in artifact.entries] == [("w.bin", 7)]
    assert "lost" in problems and "bare" in problems and "1 traces" in problems


def test_values_of_wrong_types(base: Base, tmp_path: Path) -> None:
    base.run(start_time="soon", end_time=b"\0", status=5, name=7, artifact_uri=3)
    base.point("loss", 1.0, 1, 0)
    base.point("loss", "much", 2, 1)
    base.point("loss", None, 3, 2)
    base.point("loss", b"\1", 4, 3)
    base.point("loss", 2.0, "late", 4)
    base.point("loss", 3.0, 2**62, 5)
    base.point("loss", 4.0, 7, "six")
    base.point("loss", 5, 8, 7)
    base.point("loss", 6.0, 9, 2**60)
    base.put("params", key="p", value=None, run_uuid="r")
    base.put("params", key=None, value="x", run_uuid="r")
    items, problems = read(base, tmp_path / "scratch")
    assert sorted(value for _, _, value in series_of(items)["loss"]) == [1, 5, 6]
    assert "no point of a metric" in problems and "2^53" in problems and "status" in problems
    assert facts_of(items).config["p"] == ""


def test_texts_that_are_no_utf8(base: Base, tmp_path: Path) -> None:
    base.run()
    base.db.execute("INSERT INTO params VALUES ('caf', CAST(X'636166E9' AS TEXT), 'r')")
    base.db.execute("INSERT INTO runs (run_uuid, experiment_id) VALUES (CAST(X'E9' AS TEXT), 1)")
    base.db.commit()
    problems = Problems()
    runs = runs_of("mlflow", base.path, problems=problems)
    items = items_of(next(run for run in runs if run.id == "r"), tmp_path / "scratch", problems)
    assert facts_of(items).config == {"caf": "caf\udce9"}
    assert len(runs) == 2


def test_what_is_no_database_of_mlflow(tmp_path: Path) -> None:
    for content in (b"", b"no database", b"SQLite format 3\0" + bytes(200)):
        path = tmp_path / "mlflow.db"
        path.write_bytes(content)
        with pytest.raises(SourceError):
            runs_of("mlflow", path)
        with pytest.raises(SourceError):
            runs_of("mlflow", tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE x (y)")
    with pytest.raises(SourceError, match="no tables of MLflow"):
        runs_of("mlflow", tmp_path / "other.db")


def test_the_fingerprint_changes_with_the_run_and_only_then(base: Base) -> None:
    base.run("r")
    base.run("s")
    for run in ("r", "s"):
        base.point("loss", 1.0, run=run)
    prints = lambda: {run.id: run.fingerprint for run in runs_of("mlflow", base.path)}  # noqa: E731
    before = prints()
    assert prints() == before
    base.point("loss", 1.0, time=2, step=1)
    after = prints()
    assert after["r"] != before["r"] and after["s"] == before["s"]
    base.tag("t", "v", run="s")
    assert prints()["s"] != after["s"]


@pytest.mark.parametrize("how", ["cut", "flip"])
def test_a_damaged_database_costs_no_more_than_what_is_damaged(tmp_path: Path, how: str) -> None:
    base = Base(tmp_path / "old" / "mlflow.db")
    for run in ("r", "s"):
        base.run(run)
        base.db.executemany(
            "INSERT INTO metrics (key, value, timestamp, run_uuid, step) VALUES ('loss', ?, ?, ?, ?)",
            [(i / 3, i, run, i) for i in range(300)],
        )
    base.db.commit()
    base.db.close()
    whole = base.path.read_bytes()
    read_some = 0
    for position in range(0, len(whole), len(whole) // 80):
        flipped = whole[:position] + bytes([whole[position] ^ 0x55]) + whole[position + 1 :]
        base.path.write_bytes(whole[:position] if how == "cut" else flipped)
        try:
            runs = runs_of("mlflow", base.path)
        except SourceError:
            continue
        for run in runs:
            try:
                found = items_of(run, tmp_path / "scratch", Problems())
            except SourceError:
                continue
            read_some += bool(of(found, Points))
    assert how == "cut" or read_some > 80

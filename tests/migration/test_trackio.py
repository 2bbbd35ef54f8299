"""Runs of Trackio, as its databases and the files beside them have them."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import os
import pickle
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pluto_migration.model import Alert, Artifact, Data, File
from pluto_migration.source import Problems, SourceError

from tests.migration.reading import DATA, assert_is_sample, expected, read, read_all, runs
from tests.migration.trackio_place import AT, WHEN, Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "trackio")


def test_the_sample_is_read_whole() -> None:
    (wanted,) = expected("trackio")
    (found,) = read_all("trackio", DATA / "trackio").values()
    assert_is_sample(found, wanted)
    assert found.problems == []
    assert found.run.created == 1_795_472_669_228_285


def test_the_sample_is_not_written_to(tmp_path: Path) -> None:
    shutil.copytree(DATA / "trackio", tmp_path / "t")
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in (tmp_path / "t").iterdir()}
    read_all("trackio", tmp_path / "t")
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in (tmp_path / "t").iterdir()} == before


def test_numbers_texts_and_what_json_has_no_words_for(place: Place) -> None:
    place.log(0, {"x": 1, "nan": "NaN", "up": "Infinity", "down": "-Infinity", "text": "Nan", "no": None, "yes": True})
    place.log(0, {"x": -0.0, "in": {"a": 2, "b": {"c": "deep"}}, "list": [1, "NaN"], "empty": {}})
    place.log(-3, {"x": 2**53, "big": 2**53 + 1, "huge": 10**400})
    found = place.read()["id1"]
    points = {name: [(step, value) for step, _, value in rows] for name, rows in found.points.items()}
    assert repr(points) == repr({
        "x": [(0.0, 1.0), (0.0, -0.0), (-3.0, 2.0**53)],
        "nan": [(0.0, math.nan)],
        "up": [(0.0, math.inf)],
        "down": [(0.0, -math.inf)],
        "yes": [(0.0, 1.0)],
        "in.a": [(0.0, 2.0)],
    })  # fmt: skip
    assert found.texts == {"text": [(0, AT, "Nan")], "in.b.c": [(0, AT, "deep")]}
    assert [(one.name, one.type, one.body) for one in found.of(Data)] == [
        ("list", "JSON", [1, "NaN"]), ("empty", "JSON", {}),
    ]  # fmt: skip
    assert len(found.problems) == 2
    assert all("no equal among doubles" in problem for problem in found.problems)


def test_config_and_what_trackio_keeps_in_it(place: Place) -> None:
    place.config(
        {"lr": 0.1, "n": {"deep": ["NaN"], "inf": "Infinity"}, "_Group": "g", "_Username": "me", "_Created": WHEN}
    )
    place.log(0, {"x": 1}, when="2026-01-01T00:00:00")
    found = place.read()["id1"]
    assert repr(found.facts.config) == repr({"lr": 0.1, "n": {"deep": [math.nan], "inf": math.inf}})
    assert found.facts.tags == ["group:g"]
    assert found.facts.extras == {"trackio": {"_Username": "me", "_Created": WHEN}}
    assert (found.run.created, found.facts.ended) == (AT, 1_767_225_600_000_000)


def test_runs_that_share_a_name_are_told_apart(place: Place) -> None:
    place.log(0, {"x": 1}, run="a", name="same")
    place.log(0, {"x": 2}, run="b", name="same", when="2024-01-01T00:00:00+00:00")
    found = place.read()
    assert [(id, one.run.name, one.points["x"][0][2]) for id, one in found.items()] == [
        ("b", "same", 2),
        ("a", "same", 1),
    ]


def test_runs_of_older_databases_are_told_by_their_names(tmp_path: Path) -> None:
    place = Place(tmp_path / "t", tables="""
      CREATE TABLE metrics (id INTEGER PRIMARY KEY, timestamp TEXT, run_name TEXT, step INTEGER, metrics TEXT);
      CREATE TABLE configs (id INTEGER PRIMARY KEY, run_name TEXT, config TEXT, created_at TEXT);""")  # fmt: skip
    for name in ("one", "two"):
        place.add("metrics", timestamp=WHEN, run_name=name, step=0, metrics='{"x": 1}')
    place.add("configs", run_name="two", config='{"lr": 1}', created_at=WHEN)
    found = place.read()
    assert {id: (one.run.name, one.facts.config, len(one.points["x"])) for id, one in found.items()} == {
        "one": ("one", {}, 1), "two": ("two", {"lr": 1}, 1),
    }  # fmt: skip


def test_rows_that_were_there_before_runs_had_ids(place: Place) -> None:
    place.log(0, {"x": 1}, run="id1", name="one")
    place.add("metrics", run_id="", timestamp=WHEN, run_name="one", step=1, metrics='{"x": 2}')
    found = place.read()
    assert {id: one.points["x"] for id, one in found.items()} == {"id1": [(0, AT, 1)], "one": [(1, AT, 2)]}


PNG = b"\x89PNG\r\n\x1a\n"


def test_media_tables_and_histograms(place: Place) -> None:
    image = {"_type": "trackio.image", "file_path": place.file("demo/one/0/a.png", PNG), "caption": "cap"}
    cell = {"_type": "trackio.image", "file_path": place.file("demo/one/0/b.png", PNG + b"b"), "caption": None}
    for kind, end in (("audio", "wav"), ("video", "mp4"), ("html", "html"), ("file", "bin")):
        name = place.file(f"demo/one/0/a.{end}", kind.encode())
        place.log(0, {kind: {"_type": f"trackio.{kind}", "file_path": name}})
    place.log(1, {"image": image, "many": [image, cell]})
    place.log(2, {"table": {"_type": "trackio.table", "_value": [{"a": 1, "i": [cell]}, {"a": 2, "b": "x"}]}})
    place.log(3, {"h": {"_type": "trackio.histogram", "bins": [0, 1, 2], "values": [3, 4]}})
    place.log(4, {"h": {"_type": "trackio.histogram", "bins": [], "values": []}})
    place.log(5, {"note": {"_type": "trackio.markdown", "_value": "# hi"}})
    found = place.read()["id1"]
    files = [(file.name, file.type, file.step, file.index, file.caption) for file in found.of(File)]
    assert files == [
        ("audio", "AUDIO", 0, 0, None),
        ("video", "VIDEO", 0, 0, None),
        ("html", "FILE", 0, 0, None),
        ("file", "FILE", 0, 0, None),
        ("image", "IMAGE", 1, 0, "cap"),
        ("many", "IMAGE", 1, 0, "cap"),
        ("many", "IMAGE", 1, 1, None),
        ("table.i", "IMAGE", 2, 0, None),
        ("note", "TEXT", 5, 0, None),
    ]
    assert [file.content for file in found.of(File)][-1] == b"# hi"
    assert found.of(File)[4].content.read_bytes() == PNG  # type: ignore[union-attr]
    table, histogram, empty = found.of(Data)
    assert (table.type, table.body["table"]) == ("TABLE", [[1, [cell], None], [2, None, "x"]])
    assert [column["name"] for column in table.body["col"]] == ["a", "i", "b"]
    assert (histogram.type, histogram.body["freq"], histogram.body["bins"]) == ("HISTOGRAM", [3, 4], [0, 1, 2])
    assert empty.type == "JSON"
    assert found.problems == []


def test_files_that_lead_out_or_are_gone_are_named(place: Place, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    place.file("demo/x.png", PNG)
    (place.folder / "media" / "link.png").symlink_to(tmp_path / "secret")
    for number, path in enumerate(
        ["../../secret", str(tmp_path / "secret"), "link.png", "gone.png", "a\0b", 7, None, ""]
    ):
        place.log(number, {"im": {"_type": "trackio.image", "file_path": path}, "x": number})
    found = place.read()["id1"]
    assert found.of(File) == []
    assert len(found.problems) == 8
    assert len(found.points["x"]) == 8


def test_paths_of_the_first_releases(place: Place) -> None:
    place.file("demo/one/0/a.png", PNG)
    for step, path in enumerate(("media/demo/one/0/a.png", "media\\demo\\one\\0\\a.png", "media/../../secret")):
        place.log(step, {"im": {"_type": "trackio.image", "file_path": path, "file_format": "PNG"}})
    found = place.read()["id1"]
    assert [(file.step, file.file_name) for file in found.of(File)] == [(0, "a.png"), (1, "a.png")]
    assert len(found.problems) == 1


def test_system_metrics_alerts_and_traces(place: Place) -> None:
    for value in (1.5, 2.5):
        packed = json.dumps({"cpu": value})
        place.add("system_metrics", run_id="id1", timestamp=WHEN, run_name="one", metrics=packed)
    for level in ("info", "warn", "error"):
        place.add("alerts", run_id="id1", timestamp=WHEN, run_name="one", title=level, text=None, level=level, step=4)
    place.add("traces", id="t", run_id="id1", timestamp=WHEN, run_name="one", step=2, key="chat",
              messages=b'[{"role": "user"}]', metadata=b'{"a": 1}', search_text="")  # fmt: skip
    found = place.read()["id1"]
    assert found.points == {"sys/cpu": [(0, AT, 1.5), (1, AT, 2.5)]}
    assert [(alert.title, alert.level, alert.text, alert.time) for alert in found.of(Alert)] == [
        ("info", "INFO", "", AT), ("warn", "WARNING", "", AT), ("error", "ERROR", "", AT),
    ]  # fmt: skip
    (trace,) = found.of(Data)
    assert (trace.name, trace.step) == ("chat", 2)
    assert trace.body == {"_type": "trackio.trace", "messages": [{"role": "user"}], "metadata": {"a": 1}}


def test_artifacts_that_were_made_and_used(place: Place) -> None:
    content = b"weights"
    digest = hashlib.sha256(content).hexdigest()
    md5 = base64.b64encode(hashlib.md5(content).digest()).decode()
    blob = place.folder / "artifacts" / "demo" / "blobs" / "sha256" / digest[:2] / digest
    blob.parent.mkdir(parents=True)
    blob.write_bytes(content)
    manifest = [
        {"path": "w.bin", "digest": digest, "size": 7},
        {"path": "there", "ref": "s3://bucket/key", "digest": "etag", "size": 3},
        {"path": "gone", "digest": "0" * 64, "size": 9},
        {"path": "out", "digest": "../../../../demo.db", "size": 9},
        "odd",
    ]
    place.log(0, {"x": 1}, run="a")
    place.log(0, {"x": 1}, run="b")
    place.add("artifacts", id=1, name="model", type="kind", description="told", created_at=WHEN)
    place.add("artifact_versions", id=5, artifact_id=1, version=3, manifest_digest="m", manifest=json.dumps(manifest),
              metadata='{"k": 1}', size_bytes=7, created_at=WHEN)  # fmt: skip
    for alias in ("latest", "best"):
        place.add("artifact_aliases", artifact_id=1, alias=alias, artifact_version_id=5)
    for run, version, direction in (("a", 5, "output"), ("b", 5, "input"), ("b", 99, "input")):
        place.add("run_artifact_links", run_id=run, run_name="n", artifact_version_id=version, direction=direction)
    found = place.read()
    (made,), (used,) = found["a"].of(Artifact), found["b"].of(Artifact)
    assert (made.name, made.type, list(made.aliases), made.description) == ("model", "kind", ["best"], "told")
    assert (made.metadata, made.used, used.used) == ({"k": 1}, False, True)
    assert made.source_id == used.source_id
    weights, reference, gone, out = made.entries
    assert (weights.path, weights.content, weights.digest) == ("w.bin", blob, md5)
    assert (reference.ref, reference.digest, reference.content) == ("s3://bucket/key", "etag", None)
    assert gone.content is out.content is None
    assert len(found["a"].problems) == 3
    assert any("99" in problem for problem in found["b"].problems)
    assert found["a"].facts.extras["trackio"]["artifacts"] == [
        {"artifact": "model", "version": 3, "direction": "output"}
    ]


def test_what_was_not_brought_into_the_database_yet(place: Place) -> None:
    place.log(0, {"x": 1})
    place.add("metrics", run_id="id1", timestamp=WHEN, run_name="one", step=1, metrics='{"x": 2}', log_id="known")
    inbox = place.folder / "inbox" / "writer"
    inbox.mkdir(parents=True)
    common = {"v": 1, "project": "de mo", "run": "one", "run_id": "id1", "timestamp": WHEN}
    records: list[Any] = [
        {**common, "kind": "metric", "metrics": {"x": 2}, "step": 1, "log_id": "known"},
        {**common, "kind": "metric", "metrics": {"x": 3}, "step": 7, "log_id": "new", "config": {"lr": 1}},
        {**common, "kind": "metric", "metrics": {"x": 4}, "step": None, "log_id": "newer"},
        {**common, "kind": "system_metric", "metrics": {"cpu": 5}},
        {**common, "kind": "alert", "title": "t", "text": "u", "level": "error"},
        {**common, "kind": "metric", "run_id": "id2", "run": "two", "metrics": {"x": 9}, "step": 0},
        {**common, "kind": "metric", "project": "other", "run_id": "id3", "metrics": {"x": 8}, "step": 0},
        {**common, "kind": "metric", "run": 5, "metrics": {}},
    ]
    lines = [json.dumps(record) for record in records]
    (inbox / "00000000.jsonl").write_text("\n".join([*lines, "{broken", "[]", ""]))
    found = place.read()
    assert found["id1"].points == {"x": [(0, AT, 1), (1, AT, 2), (7, AT, 3), (8, AT, 4)], "sys/cpu": [(0, AT, 5)]}
    assert found["id1"].facts.config == {"lr": 1}
    assert [alert.level for alert in found["id1"].of(Alert)] == ["ERROR"]
    assert found["id2"].points == {"x": [(0, AT, 9)]}
    assert (found["id3"].run.project, found["id3"].points) == ("other", {"x": [(0, AT, 8)]})
    assert sum("is no record" in problem for problem in found["id1"].problems) == 2


def test_parquet_files_of_a_project(tmp_path: Path) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    place = Place(tmp_path / "source")
    image = {"_type": "trackio.image", "file_path": place.file("demo/a.png", PNG), "caption": None}
    rows: list[dict[str, Any]] = [
        {"x": 1.5, "s": "text"}, {"x": math.nan, "im": image}, {"x": math.inf, "n": {"a": 1}}, {"n": {"b": 2}},
    ]  # fmt: skip
    common = {"run_id": "id1", "run_name": "one", "timestamp": WHEN, "log_id": "l", "space_id": None}
    names = list({name: None for row in rows for name in row})
    table = [{"id": i, **common, "step": i, **{name: row.get(name) for name in names}} for i, row in enumerate(rows)]
    pq.write_table(pa.Table.from_pylist(table), place.folder / "demo.parquet")
    pq.write_table(pa.Table.from_pylist([{**common, "cpu": 3}]), place.folder / "demo_system.parquet")
    config = {"run_id": "id1", "run_name": "one", "created_at": WHEN, "lr": 0.1, "_Group": None}
    pq.write_table(pa.Table.from_pylist([config]),
                   place.folder / "demo_configs.parquet")  # fmt: skip
    place.path.unlink()
    (found,) = place.read().values()
    assert (found.run.project, found.run.id, found.run.name) == ("demo", "id1", "one")
    assert repr(found.points) == repr({
        "x": [(0.0, AT, 1.5), (1.0, AT, math.nan), (2.0, AT, math.inf)],
        "n.a": [(2.0, AT, 1.0)],
        "n.b": [(3.0, AT, 2.0)],
        "sys/cpu": [(0.0, AT, 3.0)],
    })  # fmt: skip
    assert [(file.name, file.step) for file in found.of(File)] == [("im", 1)]
    assert found.facts.config == {"lr": 0.1}
    assert found.problems == []
    (place.folder / "demo.parquet").write_bytes((place.folder / "demo.parquet").read_bytes()[:-20])
    (found,) = read_all("trackio", place.folder).values()
    assert any("demo.parquet" in problem for problem in found.problems)


def test_rows_that_are_not_what_they_should_be_are_named_and_their_neighbours_kept(place: Place) -> None:
    place.log(0, {"x": 1})
    for step, metrics in (("two", "{}"), (1, "{broken"), (2, "[1]"), (3, b"\xff\xfe"), (4, "[" * 100_000)):
        place.log(step, metrics)
    place.log(5, {"x": 5}, when="yesterday")
    place.add("configs", run_id="id1", run_name="one", config="[]", created_at=WHEN)
    place.log(6, {"x": 6})
    found = place.read()["id1"]
    assert found.points == {"x": [(0, AT, 1), (5, AT, 5), (6, AT, 6)]}
    assert len(found.problems) == 7


def test_values_nested_without_an_end(place: Place) -> None:
    value: Any = 1
    for _ in range(400):
        value = {"a": value}
    place.log(0, {"deep": value, "x": 1})
    place.config({"deep": value})
    found = place.read()["id1"]
    assert found.points == {"x": [(0, AT, 1)]}
    assert [item.type for item in found.of(Data)] == ["JSON"]


def test_ids_projects_and_what_is_chosen(place: Place) -> None:
    place.log(0, {"x": 1}, run="a")
    place.log(0, {"x": 1}, run="b")
    place.database.close()
    assert [run.label for run in runs("trackio", place.folder)] == ["demo/a", "demo/b"]
    assert [run.label for run in runs("trackio", place.path, project="p", exclude=["b"])] == ["p/a"]
    run = pickle.loads(pickle.dumps(runs("trackio", place.folder)[0]))
    assert read(run).points == {"x": [(0, AT, 1)]}


def test_a_run_that_grew_changes_its_fingerprint_and_no_other(place: Place) -> None:
    place.log(0, {"x": 1}, run="a")
    place.log(0, {"x": 1}, run="b")
    before = {run.id: run.fingerprint for run in runs("trackio", place.folder)}
    place.log(1, {"x": 2}, run="a")
    after = {run.id: run.fingerprint for run in runs("trackio", place.folder)}
    assert before["a"] != after["a"]
    assert before["b"] == after["b"]
    place.database.close()


def test_what_stands_in_the_log_alone_is_read(place: Place) -> None:
    place.database.execute("PRAGMA journal_mode=WAL")
    place.database.execute("PRAGMA wal_autocheckpoint=0")
    place.log(0, {"x": 1})
    assert os.path.getsize(f"{place.path}-wal") > 0
    (found,) = read_all("trackio", place.folder).values()
    assert found.points == {"x": [(0, AT, 1)]}
    place.database.close()


def test_paths_without_anything_of_trackio(tmp_path: Path, place: Place) -> None:
    for path, match in ((tmp_path / "gone", "no such"), (tmp_path, "no database")):
        with pytest.raises(SourceError, match=match):
            runs("trackio", path)
    with pytest.raises(SourceError, match="no settings"):
        runs("trackio", place.folder, settings={"a": "b"})
    place.log(0, {"x": 1})
    place.database.close()
    (place.folder / "other.db").write_bytes(b"no database at all, but long enough to look like one" * 100)
    sqlite3.connect(place.folder / "foreign.db").execute("CREATE TABLE t (a)").connection.close()
    problems = Problems()
    assert [run.id for run in runs("trackio", place.folder, problems)] == ["id1"]
    assert sorted(Path(problem.where).name for problem, _ in problems) == ["foreign.db", "other.db"]
    with pytest.raises(SourceError, match="foreign"):
        runs("trackio", place.folder / "foreign.db")


def test_files_of_the_whole_project_are_named(place: Place) -> None:
    place.log(0, {"x": 1})
    place.file("demo/files/config.yaml", b"a: 1")
    place.database.close()
    problems = Problems()
    runs("trackio", place.folder, problems)
    ((problem, _),) = problems
    assert problem.where.endswith("media/demo/files")


def whatever(path: Path) -> None:
    """Reads what is there; only `SourceError` may come of it."""
    try:
        read_all("trackio", path)
    except SourceError as error:
        assert str(error)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    place = Place(tmp_path_factory.mktemp("whole") / "t")
    place.config({"lr": 0.1})
    for step in range(20):
        place.log(step, {"x": step, "text": "t" * step})
    place.database.execute("VACUUM")
    place.database.close()
    return place.path.read_bytes()


def test_a_database_cut_off_anywhere(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "demo.db"
    for end in (*range(0, 200, 7), *range(200, len(whole), 1021)):
        path.write_bytes(whole[:end])
        whatever(tmp_path)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_database_with_any_damage(
    tmp_path_factory: pytest.TempPathFactory, whole: bytes, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("d")
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 20))):
        damaged[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    (folder / "demo.db").write_bytes(damaged)
    whatever(folder)


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["_type", "file_path", "_value", "bins", "values", "caption", "a"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
typed = st.fixed_dictionaries(
    {"_type": st.sampled_from([f"trackio.{kind}" for kind in ("image", "table", "histogram", "markdown", "x")])},
    optional={"file_path": any_json, "_value": any_json, "bins": any_json, "values": any_json, "caption": any_json},
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.text(max_size=3), any_json | typed, max_size=4))
def test_any_json_is_kept_or_named(tmp_path_factory: pytest.TempPathFactory, metrics: dict[str, Any]) -> None:
    place = Place(tmp_path_factory.mktemp("j") / "t")
    place.log(0, {**metrics, "x": 1})
    found = place.read()["id1"]
    assert [value for _, _, value in found.points["x"]] == [1]
    json.dumps([item.body for item in found.of(Data)], allow_nan=False)


def test_a_database_that_can_not_be_opened_is_an_error_of_the_source(place: Place, tmp_path: Path) -> None:
    place.log(0, {"x": 1})
    deep = tmp_path.joinpath(*["d" * 200] * 4)  # longer than SQLite takes
    shutil.copytree(place.folder, deep)
    with pytest.raises(SourceError, match="unable to open"):
        runs("trackio", deep)

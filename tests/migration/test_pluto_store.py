"""Copies between Pluto's own places: what is read of a store, of a server and of a stock one."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from pluto_migration.migrate import migrate, settings_for
from pluto_migration.model import Alert, Artifact, Console, Data, Facts, File, Item, ModelGraph, Points
from pluto_migration.model import Texts as TextItems
from pluto_migration.source import Problems, SourceError, SourceRun

import pluto
from pluto.core.transport import local_transport
from pluto.protocol.records import Columns, Metrics, Texts
from tests.fakes.stock import Stock
from tests.migration import synthetic
from tests.migration.items import content_of, items_of, of, traces
from tests.migration.items import runs_of as found_by
from tests.programs import Server
from tests.query.seed import WEIRD, Seeder, T
from tests.query.stock import stock as serving_stock


def runs_of(path: object, problems: Problems | None = None, **options: Any) -> list[SourceRun]:
    return found_by("pluto", path, problems=problems, **options)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Seeder]:
    """Writes into a store in `tmp_path / "old"`."""
    transport = local_transport(tmp_path / "old" / "store")
    with httpx.Client(transport=transport, base_url="http://pluto.local") as http:
        yield Seeder(http)


def check_full(items: list[Item]) -> None:
    """What `Seeder.full` has put there."""
    (facts, *more) = of(items, Facts)
    assert more == []
    assert (facts.name, facts.notes, facts.tags) == ("first", "first try", ["a", "b,c"])
    assert (facts.status, facts.exact) == ("finished", True)
    assert facts.config == {"lr": 0.1, "model": {"width": 8}}
    assert facts.ended is not None
    metrics = {points.name: points for points in of(items, Points)}
    assert metrics.keys() == {"loss", "weird", "acc"}
    assert metrics["loss"].values.tolist() == [1 / (i + 1) for i in range(100)]
    assert metrics["weird"].steps.tolist() == [-1.5, 0.25, 0.25, 3, 1e300, 7]
    assert metrics["weird"].values.tobytes() == np.array(WEIRD, "<f8").tobytes()
    assert metrics["weird"].times.tolist() == list(range(T, T + 6))
    assert metrics["acc"].values.tolist() == [0.5, 0.75]
    (texts,) = of(items, TextItems)
    assert (texts.name, list(texts.steps), list(texts.values)) == ("phase", [1, 2], ["warm", "hot"])
    assert list(texts.times) == [T, T]
    data = {one.name: one for one in of(items, Data)}
    assert {name: one.type for name, one in data.items()} == {"h": "HISTOGRAM", "t": "TABLE", "g": "GRAPH"}
    assert data["t"].body["table"] == [[1, "x"], [2, "y"]]
    assert data["h"].body["freq"] == [1, 2]
    files = [(file.name, file.step, file.file_name, content_of(file)) for file in of(items, File)]
    assert sorted(files) == [
        ("samples/plot", 1, "plot.png", b"one"),
        ("samples/plot", 2, "plot.png", b"two"),
        ("weights", 0, "model.bin", bytes(range(256)) * 5000),
    ]
    assert {(block.stream, tuple(block.lines), tuple(block.times)) for block in of(items, Console)} == {
        ("stdout", ("hello", "world"), (T, T)),
        ("stderr", ("oh no",), (T + 5,)),
    }
    (alert,) = of(items, Alert)
    assert (alert.title, alert.text, alert.level, alert.url) == ("careful", "it is hot", "WARNING", "http://x.test")
    assert alert.time == T
    (graph,) = of(items, ModelGraph)
    assert graph.body["nodes"] == {".": {"type": "Net", "depth": 0}}


def test_a_run_with_everything_is_read_whole_from_a_folder(store: Seeder, tmp_path: Path) -> None:
    made = store.full()
    (run,) = runs_of(tmp_path / "old")
    assert (run.project, run.id, run.name, run.old_ids) == ("digits", "EXP-1", "first", [made["displayId"]])
    assert run.parent is None
    assert run.size > 1000
    first = items_of(run, tmp_path / "s1")
    check_full(first)
    check_full(items_of(run, tmp_path / "s2"))


def test_the_store_itself_may_be_named(store: Seeder, tmp_path: Path) -> None:
    store.full()
    assert [run.id for run in runs_of(tmp_path / "old" / "store")] == ["EXP-1"]


def test_a_run_with_everything_is_read_whole_from_a_server(server: Server, tmp_path: Path) -> None:
    with httpx.Client(base_url=server.url) as http:
        Seeder(http).full()
    (run,) = runs_of(server.url + "/")
    check_full(items_of(run, tmp_path / "scratch"))


def test_both_give_the_same(server: Server, tmp_path: Path) -> None:
    with httpx.Client(base_url=server.url) as http:
        Seeder(http).full()
    (there,), (here,) = runs_of(server.url), runs_of(server.store)
    key = lambda item: (type(item).__name__, getattr(item, "name", ""), str(getattr(item, "step", "")))  # noqa: E731
    far = sorted(items_of(there, tmp_path / "far"), key=key)
    near = sorted(items_of(here, tmp_path / "near"), key=key)
    assert [type(item) for item in far] == [type(item) for item in near]
    for one, other in zip(far, near, strict=True):
        if isinstance(one, Points) and isinstance(other, Points):
            assert one.values.tobytes() == other.values.tobytes()
        elif isinstance(one, File) and isinstance(other, File):
            assert (one.time, content_of(one)) == (other.time, content_of(other))
        else:
            assert one == other


def test_a_store_is_left_as_it_is(store: Seeder, tmp_path: Path) -> None:
    """While somebody has it open, and when nobody has; nothing in it is made, changed or touched."""
    store.full()
    running = store.run(name="goes on")
    store.points(running, "loss", [0, 1], [1, 2])
    for _ in range(2):
        before = traces(tmp_path / "old")
        for number, run in enumerate(runs_of(tmp_path / "old")):
            items_of(run, tmp_path / f"scratch{number}")
            assert run.fingerprint
        assert traces(tmp_path / "old") == before
        store.http.close()


def test_a_store_that_nobody_may_write_to(store: Seeder, tmp_path: Path) -> None:
    store.full()
    store.http.close()
    folders = [path for path in (tmp_path / "old").rglob("*") if path.is_dir()]
    for folder in folders:
        folder.chmod(0o500)
    try:
        (run,) = runs_of(tmp_path / "old")
        check_full(items_of(run, tmp_path / "scratch"))
    finally:
        for folder in folders:
            folder.chmod(0o700)


def test_what_lies_in_the_log_of_the_database_alone_is_read(store: Seeder, tmp_path: Path) -> None:
    """Copied as a killed process leaves it: everything in the write-ahead logs."""
    made = store.run(externalId="r")
    store.put(made, Metrics(T, 0, {"loss": 1.0}))
    dead = tmp_path / "dead"
    shutil.copytree(tmp_path / "old", dead)
    assert list(dead.rglob("*.db-wal"))
    before = traces(dead)
    (run,) = runs_of(dead)
    assert [points.values.tolist() for points in of(items_of(run, tmp_path / "scratch"), Points)] == [[1.0]]
    assert traces(dead) == before


def test_files_are_not_copied_on_their_way(store: Seeder, tmp_path: Path) -> None:
    store.full()
    (run,) = runs_of(tmp_path / "old")
    paths = [file.content for file in of(items_of(run, tmp_path / "scratch"), File)]
    assert all(isinstance(path, Path) and path.is_relative_to(tmp_path / "old" / "store" / "blobs") for path in paths)


def test_the_fingerprint_changes_with_the_run_and_only_then(store: Seeder, server: Server, tmp_path: Path) -> None:
    with httpx.Client(base_url=server.url) as http:
        for seeder, path in ((store, str(tmp_path / "old")), (Seeder(http), server.url)):
            made = seeder.run(externalId="grows")
            other = seeder.run(externalId="stays")
            seeder.points(made, "loss", [0], [1])
            seeder.points(other, "loss", [0], [1])
            before = {run.id: run.fingerprint for run in runs_of(path)}
            assert {run.id: run.fingerprint for run in runs_of(path)} == before
            seeder.put(made, Columns("loss", *(np.array([1], kind).tobytes() for kind in ("<f8", "<i8", "<f8"))))
            after = {run.id: run.fingerprint for run in runs_of(path)}
            assert after["grows"] != before["grows"]
            assert after["stays"] == before["stays"]
            seeder.put(made, Texts(T, 0, {"word": "new"}))
            assert {run.id: run.fingerprint for run in runs_of(path)}["grows"] != after["grows"]


def test_forks_come_after_their_parents(store: Seeder, tmp_path: Path) -> None:
    parent = store.run(externalId="parent")
    store.points(parent, "loss", [0, 1, 2], [1, 2, 3])
    child = store.run(externalId="child", forkRunId=parent["runId"], forkStep=1)
    store.points(child, "loss", [2], [9])
    first, second = runs_of(tmp_path / "old")
    assert (first.id, second.id) == ("parent", "child")
    found = second.parent
    assert found is not None
    assert (found.project, found.id, found.step) == ("digits", "parent", 1)
    assert [points.values.tolist() for points in of(items_of(second, tmp_path / "scratch"), Points)] == [[9.0]]


@pytest.mark.parametrize(
    ("status", "word"),
    [("COMPLETED", "finished"), ("FAILED", "failed"), ("TERMINATED", "killed"), ("CANCELLED", "cancelled")],
)
def test_how_a_run_ended(store: Seeder, tmp_path: Path, status: str, word: str) -> None:
    made = store.run(externalId="r")
    body = {"runId": made["runId"], "status": status, "statusMetadata": json.dumps({"code": 7, "reason": "exit code"})}
    assert store.http.post("/api/runs/status/update", json=body).status_code == 200
    (run,) = runs_of(tmp_path / "old")
    (facts,) = of(items_of(run, tmp_path / "scratch"), Facts)
    assert (facts.status, facts.exit_code) == (word, 7)
    assert facts.extras["status_metadata"]["reason"] == "exit code"


def test_a_run_that_goes_on_is_told_so_however_often_it_is_read(store: Seeder, tmp_path: Path) -> None:
    made = store.run(externalId="r")
    store.put(made, Metrics(T, 0, {"loss": 1.0}))
    (run,) = runs_of(tmp_path / "old")
    for number in range(2):
        (facts,) = of(items_of(run, tmp_path / f"s{number}"), Facts)
        assert (facts.status, facts.ended) == ("running", None)


def test_what_doors_keep_beside_the_config_comes_as_it_is(store: Seeder, tmp_path: Path) -> None:
    attributes = {"types": {"n": "float"}, "id": "r", "sys": {"owner": "me"}}
    config = {"n": 1, "_attributes": attributes, "_wandb": {"entity": "e"}, "_migration": {"old_ids": ["DEM-1"]}}
    store.run(externalId="r", config=config)
    (run,) = runs_of(tmp_path / "old")
    assert "DEM-1" in run.old_ids
    (facts,) = of(items_of(run, tmp_path / "scratch"), Facts)
    assert (facts.config, facts.attributes, facts.wandb) == ({"n": 1}, attributes, {"entity": "e"})
    assert facts.extras["migration"] == {"old_ids": ["DEM-1"]}


def test_a_run_of_the_native_door_with_media(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUTO_DIR", str(tmp_path / "old"))
    pixels = np.zeros((4, 4, 3), np.uint8)
    boxes = {"b": {"box_data": [{"position": {"minX": 0, "minY": 0, "maxX": 1, "maxY": 1}, "class_id": 1}]}}
    masks = {"m": {"mask_data": np.ones((4, 4), np.uint8), "class_labels": {1: "cat"}}}
    with pluto.init(project="p", run_id="r", config={"a": 1}, tags=["x"]) as run:
        run.log({"seen": pluto.Image(pixels, caption="dark", boxes=boxes, masks=masks)}, step=3)
        run.log({"seen": [pluto.Image(pixels), pluto.Image(pixels)]}, step=4)
    (found,) = runs_of(tmp_path / "old")
    files = of(items_of(found, tmp_path / "scratch"), File)
    (mask,) = [file for file in files if file.mask]
    image = next(file for file in files if file.caption == "dark")
    assert image.type == "IMAGE" and image.step == 3
    assert image.annotations is not None
    assert image.annotations["boxes"]["b"]["box_data"][0]["class_id"] == 1
    assert image.annotations["masks"]["m"]["fileName"] == mask.file_name
    assert [file.index for file in files if file.step == 4] == [0, 1]


def test_artifacts_with_versions_aliases_and_lineage(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pluto.compat import wandb

    monkeypatch.setenv("PLUTO_URL_API", server.url)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "w.txt").write_text("weights")
    with wandb.init(project="p", id="maker") as run:
        artifact = wandb.Artifact("model", "weights", description="d", metadata={"acc": 0.5})
        artifact.add_file("w.txt")
        artifact.add_reference("http://127.0.0.1:9/x.bin", name="far", checksum=False)
        run.log_artifact(artifact, aliases=["best"], tags=["t"]).wait()
    with wandb.init(project="p", id="user") as run:
        run.use_artifact("model:best")
        run.log({"x": 1})
    for path in (server.url, server.store):
        runs = {run.id: run for run in runs_of(path)}
        assert list(runs) == ["maker", "user"]
        made = [one for one in of(items_of(runs["maker"], tmp_path / "s1"), Artifact) if one.name == "model"]
        (used,) = of(items_of(runs["user"], tmp_path / "s2"), Artifact)
        (version,) = made
        assert (version.type, list(version.aliases), list(version.tags)) == ("weights", ["best"], ["t"])
        assert (version.description, version.metadata, version.used) == ("d", {"acc": 0.5}, False)
        entries = {entry.path: entry for entry in version.entries}
        kept = entries["w.txt"].content
        assert isinstance(kept, Path) and kept.read_text() == "weights"
        assert (entries["far"].ref, entries["far"].content) == ("http://127.0.0.1:9/x.bin", None)
        assert used.used and used.source_id == version.source_id and used.digest == version.digest


def test_what_is_chosen(store: Seeder, tmp_path: Path) -> None:
    for project in ("digits", "team/nlp", "team/nlp/.models"):
        for name in ("a", "b"):
            store.run(project, externalId=f"{name}-{project[0]}")
    old = tmp_path / "old"
    assert {run.label for run in runs_of(old, include=["team/nlp/*"], exclude=["b-*"])} == {
        "team/nlp/a-t", "team/nlp/.models/a-t",
    }  # fmt: skip
    assert {run.project for run in runs_of(old, project="new", include=["a-t"])} == {"new", "new/.models"}


def test_runs_that_wait_to_be_delivered_are_told_of(store: Seeder, tmp_path: Path) -> None:
    store.full()
    (tmp_path / "old" / "sync" / "runs" / "late-0123").mkdir(parents=True)
    (tmp_path / "old" / "sync" / "runs" / ".draft").mkdir()
    problems = Problems()
    runs_of(tmp_path / "old", problems)
    ((problem, count),) = problems
    assert problem.where.endswith("late-0123") and "pluto sync" in problem.what and count == 1


def test_a_file_whose_bytes_are_gone_is_named_and_the_rest_comes(store: Seeder, tmp_path: Path) -> None:
    store.full()
    sha256 = hashlib.sha256(b"two").hexdigest()
    (tmp_path / "old" / "store" / "blobs" / sha256[:2] / sha256).unlink()
    (run,) = runs_of(tmp_path / "old")
    problems = Problems()
    items = items_of(run, tmp_path / "scratch", problems)
    assert len(of(items, File)) == 2
    ((problem, _),) = problems
    assert problem.where == "samples/plot at step 2" and "plot.png" in problem.what


def test_a_run_can_go_to_another_process(store: Seeder, tmp_path: Path) -> None:
    store.full()
    (run,) = runs_of(tmp_path / "old")
    check_full(items_of(pickle.loads(pickle.dumps(run)), tmp_path / "scratch"))


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + bytes(100)])
def test_a_store_that_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "index.db").write_bytes(content)
    with pytest.raises(SourceError):
        runs_of(tmp_path)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"index\.db"):
        runs_of(tmp_path)
    with pytest.raises(SourceError, match="can't be read"):
        runs_of("http://127.0.0.1:9")
    with pytest.raises(SourceError, match="setting"):
        runs_of(tmp_path, settings={"color": "red"})


def test_a_damaged_run_leaves_its_neighbours_unharmed(store: Seeder, tmp_path: Path) -> None:
    store.full()
    other = store.run(externalId="other")
    store.points(other, "loss", [0], [1])
    store.end(other)
    store.http.close()
    path = tmp_path / "old" / "store" / "series" / "1.db"
    for part in ("-wal", "-shm"):
        Path(f"{path}{part}").unlink(missing_ok=True)
    path.write_bytes(os.urandom(4096))
    first, second = runs_of(tmp_path / "old")
    with pytest.raises(SourceError):
        items_of(first, tmp_path / "s1")
    assert len(of(items_of(second, tmp_path / "s2"), Points)) == 1


def test_bits_that_flip_in_a_run_do_no_more_than_end_it(store: Seeder, tmp_path: Path) -> None:
    store.full()
    store.http.close()
    path = tmp_path / "old" / "store" / "series" / "1.db"
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    whole = path.read_bytes()
    (run,) = runs_of(tmp_path / "old")
    broken = 0
    for position in range(0, len(whole), max(len(whole) // 60, 1)):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x41]) + whole[position + 1 :])
        problems = Problems()
        try:
            items_of(run, tmp_path / "scratch", problems)
        except SourceError:
            broken += 1
        shutil.rmtree(tmp_path / "scratch")
    assert broken < 60


def test_the_key_of_a_server_is_taken_from_the_variable_named(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SourceError, match="OLD_KEY"):
        runs_of(server.url, settings={"key_env": "OLD_KEY"})
    monkeypatch.setenv("OLD_KEY", "mlps_some-key")
    assert runs_of(server.url, settings={"key_env": "OLD_KEY"}) == []


def test_what_a_stock_server_gives_comes_and_the_rest_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving_stock(tmp_path / "stock") as (url, stock):
        transport = local_transport(tmp_path / "stock")
        with httpx.Client(transport=transport, base_url="http://pluto.local") as http:
            Seeder(http).full()
        (run,) = runs_of(url)
        assert run.id == "EXP-1"
        problems = Problems()
        items = items_of(run, tmp_path / "scratch", problems)
        assert stock.seen
    assert {problem.what for problem, _ in problems} == {
        f"a stock server does not give {what} with an API key"
        for what in ("notes", "texts, histograms, tables and graphs", "alerts and model graphs", "artifacts")
    }
    (facts,) = of(items, Facts)
    assert facts.config == {"lr": 0.1, "model": {"width": 8}}
    assert {points.name: len(points.steps) for points in of(items, Points)}["loss"] == 100
    assert len(of(items, File)) == 3
    assert sum(len(block.lines) for block in of(items, Console)) == 3


def test_a_run_that_was_written_to_be_read_back_from_a_stock_server(stock: Stock, tmp_path: Path) -> None:
    """What has no slot there travelled besides, and comes out again in its place."""
    made_up = tmp_path / "made up"
    synthetic.write(made_up, "one", points=30)
    (made_up / "one.bin").write_bytes(b"weights" * 10_000)
    for place in (settings_for(stock.url), settings_for("local", dir=str(tmp_path / "near"))):
        assert migrate(synthetic, [str(made_up)], settings=place).whole
    (far,), (near,) = runs_of(stock.url), runs_of(tmp_path / "near")
    assert (far.id, far.name) == (near.id, near.name)
    problems = Problems()
    there, here = items_of(far, tmp_path / "far", problems), items_of(near, tmp_path / "near items")
    lacks = {problem.what for problem, _ in problems}
    assert lacks == {
        f"a stock server does not give {what} with an API key" for what in ("alerts and model graphs", "artifacts")
    }
    (said,), (kept,) = of(there, Facts), of(here, Facts)[:1]
    assert (said.name, said.notes, said.tags, said.config) == (kept.name, kept.notes, kept.tags, kept.config)
    assert said.attributes == kept.attributes

    def told(items: list[Item]) -> dict[str, Any]:
        texts = [(one.name, *row) for one in of(items, TextItems) for row in zip(one.steps, one.times, one.values)]
        data = [(one.name, one.type, one.step, one.time, json.dumps(one.body)) for one in of(items, Data)]
        files = [(one.name, one.type, one.step, one.index, one.caption, content_of(one)) for one in of(items, File)]
        lines = [(one.stream, line) for one in of(items, Console) for line in one.lines]
        return {
            "points": sorted({one.name for one in of(items, Points)}),
            "texts": sorted(map(repr, texts)), "data": sorted(map(repr, data)), "files": sorted(files, key=repr),
            "lines": sorted(lines),
        }  # fmt: skip

    far_files, near_files = told(there).pop("files"), told(here).pop("files")
    assert {**told(there), "files": []} == {**told(here), "files": []}
    assert set(near_files) <= set(far_files)
    # An artifact is a set of files there.
    assert {file[1] for file in set(far_files) - set(near_files)} == {"ARTIFACT"}

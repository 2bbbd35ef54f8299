"""MLflow's folders: the sample, what else its versions have written there, and what damage does."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pluto_migration.model import Artifact, Data, File, Points
from pluto_migration.source import Problems, SourceError

from tests.migration.expected import of as expected
from tests.migration.items import content_of, extras_of, facts_of, items_of, of, runs_of, series_of, told, traces

SAMPLE = Path(__file__).parent / "data" / "mlflow-file"
RUN = "0123456789abcdef0123456789abcdef"
OTHER = "f" * 32


class Store:
    """Writes a store as MLflow does."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)

    def experiment(self, id: str = "1", name: str = "exp", gone: bool = False, **fields: Any) -> Path:
        place = self.path / (".trash" if gone else ".") / id
        self.yaml(place, {
            "artifact_location": f"file:///elsewhere/mlruns/{id}", "experiment_id": id, "name": name,
            "creation_time": 1, "lifecycle_stage": "deleted" if gone else "active", **fields,
        })  # fmt: skip
        return place

    def run(self, id: str = RUN, experiment: str = "1", **fields: Any) -> Path:
        if not (self.path / experiment).exists():
            self.experiment(experiment)
        place = self.path / experiment / id
        self.yaml(place, {
            "artifact_uri": f"file:///elsewhere/mlruns/{experiment}/{id}/artifacts", "experiment_id": experiment,
            "run_id": id, "run_name": "first", "status": 3, "start_time": 1_680_000_000_000,
            "end_time": 1_680_000_003_000, "lifecycle_stage": "active", "user_id": "me", **fields,
        })  # fmt: skip
        for folder in ("params", "metrics", "tags", "artifacts"):
            (place / folder).mkdir(exist_ok=True)
        return place

    @staticmethod
    def yaml(folder: Path, fields: dict[str, Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "meta.yaml").write_text(yaml.safe_dump(fields, default_flow_style=False, allow_unicode=True))

    @staticmethod
    def put(path: Path, content: str | bytes) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "old" / "mlruns")


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., tuple[list[Any], str]]:
    """The items of the one run that is found, and what was told of it."""

    def one(store: Store, **options: Any) -> tuple[list[Any], str]:
        problems = Problems()
        (run,) = runs_of("mlflow", store.path, problems=problems, **options)
        return items_of(run, tmp_path / "scratch", problems), told(problems)

    return one


def test_the_sample(tmp_path: Path) -> None:
    before = traces(SAMPLE)
    (said,) = expected("mlflow-file")["runs"]
    problems = Problems()
    (run,) = runs_of("mlflow", SAMPLE / "mlruns", problems=problems)
    assert (run.project, run.id, run.name, run.parent) == (said["project"], said["run_id"], said["name"], None)
    assert run.created == said["created_ms"] * 1000
    items = items_of(run, tmp_path / "scratch")
    facts = facts_of(items)
    assert (facts.name, facts.notes, facts.config, facts.status) == (
        said["name"], said["notes"], said["config"], said["status"],
    )  # fmt: skip
    assert facts.ended == said["updated_ms"] * 1000
    assert facts.tags == ["team:a"]
    assert extras_of(items)["tags"].items() >= said["mlflow_tags"].items()
    points = series_of(items)
    assert {name: [[step, value] for step, _, value in found] for name, found in points.items()} == {
        name: one["points"] for name, one in said["metrics"].items()
    }
    times = said["times_ms"]["loss"]["points"]
    assert [[i, time / 1000] for i, (_, time, _) in enumerate(points["loss"])] == times
    (file,) = of(items, File)
    assert file.name == said["files"][0]["name"] and len(content_of(file)) == said["files"][0]["size"]
    assert told(problems) == ""
    assert run.size > 100
    assert traces(SAMPLE) == before


@pytest.mark.parametrize("part", [".", "mlruns", "mlruns/980909883639945670", f"file://{SAMPLE / 'mlruns'}"])
def test_where_a_store_may_be_named(part: str) -> None:
    path = part if part.startswith("file:") else SAMPLE / part
    assert [run.id for run in runs_of("mlflow", path)] == ["c6644ca7f9ef4f009a662203420fb0cc"]


def test_a_run_alone_may_be_named(store: Store) -> None:
    place = store.run()
    store.run(OTHER)
    assert [run.id for run in runs_of("mlflow", place)] == [RUN]


def test_names_with_slashes_and_old_and_new_lines_of_metrics(store: Store, read: Any) -> None:
    place = store.run()
    store.put(place / "params" / "optim" / "lr", "0.1")
    store.put(place / "params" / "text", "two\nlines ")
    store.put(place / "params" / "empty", "")
    store.put(place / "metrics" / "a" / "b", "1680000000000 1.5\n1680000001000 2.5\n")
    store.put(place / "metrics" / "odd", "1 nan 1\n2 inf 1\n3 -inf -7\n4 -0.0 1\n5 1e-320 9007199254740992\n")
    store.put(place / "metrics" / "of data", "1 0.5 3 m-1 iris 0123\n2 0.25 4\n")
    store.put(place / "metrics" / "system" / "cpu_utilization_percentage", "1 12.5 0\n")
    items, problems = read(store)
    assert problems == ""
    assert facts_of(items).config == {"optim/lr": "0.1", "text": "two\nlines ", "empty": ""}
    points = series_of(items)
    assert points["a/b"] == [(0, 1_680_000_000_000_000, 1.5), (0, 1_680_000_001_000_000, 2.5)]
    odd = points["odd"]
    assert [step for step, _, _ in odd] == [1, 1, -7, 1, 2**53]
    assert math.isnan(odd[0][2]) and [value for _, _, value in odd[1:3]] == [math.inf, -math.inf]
    assert math.copysign(1, odd[3][2]) == -1 and odd[4][2] == 1e-320
    assert points["of data"] == [(3, 1000, 0.5), (4, 2000, 0.25)]
    assert points["sys/cpu_utilization_percentage"] == [(0, 1000, 12.5)]
    assert extras_of(items)["metrics_of_datasets"] == {"of data": ["m-1 iris 0123"]}


def test_many_points_come_in_bounded_pieces(store: Store, read: Any) -> None:
    place = store.run()
    lines = "".join(f"{1_680_000_000_000 + i} {i / 7!r} {i}\n" for i in range(150_000))
    store.put(place / "metrics" / "loss", lines)
    items, _ = read(store)
    pieces = [len(points.steps) for points in of(items, Points)]
    assert max(pieces) <= 65_536 and sum(pieces) == 150_000
    assert series_of(items)["loss"][-1] == (149_999, (1_680_000_000_000 + 149_999) * 1000, 149_999 / 7)


def test_parameters_get_types_only_when_asked_for_and_only_where_nothing_is_lost(store: Store, read: Any) -> None:
    place = store.run()
    texts = {"i": "3", "big": "1" * 40, "f": "0.1", "b": "True", "zeros": "007", "exp": "1e5", "nan": "nan", "t": "x"}
    for name, text in texts.items():
        store.put(place / "params" / name, text)
    assert facts_of(read(store)[0]).config == texts
    found = facts_of(read(store, settings={"params": "typed"})[0]).config
    assert math.isnan(found.pop("nan"))
    assert found == {
        "i": 3, "big": int("1" * 40), "f": 0.1, "b": True, "zeros": "007", "exp": "1e5", "t": "x",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "word"), [(1, "running"), (2, "unknown"), (3, "finished"), (4, "failed"), (5, "killed"), (9, "unknown")]
)
def test_how_a_run_ended(store: Store, read: Any, status: int, word: str) -> None:
    store.run(status=status, end_time=None)
    items, problems = read(store)
    facts = facts_of(items)
    assert (facts.status, facts.ended) == (word, None)
    assert ("none that MLflow has" in problems) == (status == 9)


def test_tags_notes_and_where_the_code_came_from(store: Store, read: Any) -> None:
    place = store.run(run_name="", source_version="")
    tags = {
        "team": "a/b", "long": "x" * 500, "mlflow.runName": "named", "mlflow.note.content": "notes\nmore",
        "mlflow.source.git.commit": "abc", "mlflow.source.git.branch": "main", "mlflow.source.name": "train.py",
        "mlflow.user": "me",
    }  # fmt: skip
    for name, text in tags.items():
        store.put(place / "tags" / name, text)
    items, problems = read(store)
    facts = facts_of(items)
    assert problems == ""
    assert (facts.name, facts.notes, facts.tags) == ("named", "notes\nmore", ["team:a/b"])
    assert facts.metadata == {"git": {"commit": "abc", "branch": "main"}, "source": {"entry": "train.py"}}
    assert facts.extras["tags"] == tags
    assert facts.extras["run"]["user_id"] == "me"
    assert facts.extras["experiment"]["name"] == "exp"


def test_nested_runs_come_after_their_parents_and_say_so(store: Store) -> None:
    child = store.run("a" * 32, start_time=20)
    store.run("b" * 32, start_time=10)
    store.put(child / "tags" / "mlflow.parentRunId", "b" * 32)
    first, second = runs_of("mlflow", store.path)
    assert (first.id, first.parent, second.id) == ("b" * 32, None, "a" * 32)
    parent = second.parent
    assert parent is not None and (parent.project, parent.id, parent.nested) == ("exp", "b" * 32, True)


def test_what_was_deleted_stays_unless_asked_for_and_is_counted(store: Store) -> None:
    store.run("a" * 32)
    store.run("b" * 32, lifecycle_stage="deleted")
    store.experiment("2", "gone", gone=True)
    trashed = Store(store.path / ".trash")
    trashed.run("c" * 32, experiment="2")
    problems = Problems()
    assert {run.id[0] for run in runs_of("mlflow", store.path, problems=problems)} == {"a"}
    ((problem, count),) = problems
    assert "--archived" in problem.what and count == 2
    assert {run.id[0] for run in runs_of("mlflow", store.path, archived=True)} == {"a", "b", "c"}
    assert [run.id[0] for run in runs_of("mlflow", store.path / ".trash" / "2", archived=True)] == ["c"]


@pytest.mark.parametrize(("mark", "slash"), [("+", "~"), ("%", "#")])
def test_images_of_a_series_old_and_new(store: Store, read: Any, mark: str, slash: str) -> None:
    place = store.run() / "artifacts"
    uuid = "af6829f8-5f30-4616-85cb-3b3ec81ebff3"

    def name(key: str, step: int, time: int, small: str = "", kind: str = "png") -> str:
        parts = [key, "step", str(step), "timestamp", str(time), uuid.replace("a", str(time % 10))]
        return f"images/{mark.join(parts)}{mark + small if small else ''}.{kind}"

    store.put(place / name(f"a{slash}b c", 3, 1_680_000_000_001), b"one")
    store.put(place / name(f"a{slash}b c", 3, 1_680_000_000_002), b"two")
    store.put(place / name(f"a{slash}b c", 3, 1_680_000_000_002, "compressed", "webp"), b"small")
    store.put(place / "images" / "else.png", b"else")
    store.put(place / "sound" / "a.wav", b"wave")
    items, problems = read(store)
    files = {(file.name, file.step, file.index): (file.type, file.time, content_of(file)) for file in of(items, File)}
    assert problems == ""
    assert files == {
        ("images/a/b c", 3, 0): ("IMAGE", 1_680_000_000_001_000, b"one"),
        ("images/a/b c", 3, 1): ("IMAGE", 1_680_000_000_002_000, b"two"),
        ("images/a/b c/compressed", 3, 0): ("IMAGE", 1_680_000_000_002_000, b"small"),
        ("images/else.png", 0, 0): ("IMAGE", 0, b"else"),
        ("sound/a.wav", 0, 0): ("AUDIO", 0, b"wave"),
    }


def test_tables_are_drawn_and_kept_as_files(store: Store, read: Any) -> None:
    place = store.run()
    store.put(place / "tags" / "mlflow.loggedArtifacts", json.dumps([
        {"path": "eval/t.json", "type": "table"}, {"path": "bad.json", "type": "table"},
    ]))  # fmt: skip
    store.put(place / "artifacts" / "eval" / "t.json", '{"columns": ["q", "n"], "data": [["a", 1], ["b", NaN]]}')
    store.put(place / "artifacts" / "bad.json", "no JSON")
    store.put(place / "artifacts" / "other.json", '{"columns": [], "data": []}')
    items, problems = read(store)
    (table,) = of(items, Data)
    assert (table.name, table.type, table.body["col"]) == ("eval/t", "TABLE", [{"name": "q"}, {"name": "n"}])
    assert table.body["table"][0] == ["a", 1]
    assert {file.name for file in of(items, File)} == {"eval/t.json", "bad.json", "other.json"}
    assert "bad.json" in problems and "no table" in problems and problems.count("\n") == 0


def test_a_file_under_the_name_of_a_metric(store: Store, read: Any) -> None:
    place = store.run()
    store.put(place / "metrics" / "loss", "1 1.0 0\n")
    store.put(place / "artifacts" / "loss", b"file")
    items, _ = read(store)
    assert [file.name for file in of(items, File)] == ["artifacts/loss"]


def test_files_that_lie_elsewhere(store: Store, read: Any, tmp_path: Path) -> None:
    address = f"file://{tmp_path}/big%20disk/1/{RUN}/artifacts"
    place = store.run(artifact_uri=address)
    (place / "artifacts").rmdir()
    items, problems = read(store)
    assert not of(items, File) and "--path-map" in problems
    store.put(tmp_path / "big disk" / "1" / RUN / "artifacts" / "w.bin", b"w")
    items, problems = read(store)
    assert [content_of(file) for file in of(items, File)] == [b"w"] and problems == ""
    shutil.move(tmp_path / "big disk", tmp_path / "moved")
    items, problems = read(store, path_map={f"{tmp_path}/big disk": str(tmp_path / "moved")})
    assert [content_of(file) for file in of(items, File)] == [b"w"] and problems == ""
    store.run(artifact_uri=f"s3://bucket/x/1/{RUN}/artifacts")
    (place / "artifacts").rmdir()
    items, problems = read(store)
    assert "s3://bucket" in problems
    items, problems = read(store, path_map={"s3://bucket/x": str(tmp_path / "moved")})
    assert [content_of(file) for file in of(items, File)] == [b"w"] and problems == ""


def test_an_address_of_other_peoples_files_is_not_followed(store: Store, read: Any, tmp_path: Path) -> None:
    store.put(tmp_path / "secret" / "key", b"key")
    place = store.run(artifact_uri=f"file://{tmp_path}/secret")
    (place / "artifacts").rmdir()
    items, problems = read(store)
    assert not of(items, File) and "--path-map" in problems


def test_links_are_not_followed_out(store: Store, read: Any, tmp_path: Path) -> None:
    place = store.run()
    secret = store.put(tmp_path / "secret" / "key", b"key")
    store.put(place / "artifacts" / "own", b"own")
    (place / "artifacts" / "out").symlink_to(secret)
    (place / "artifacts" / "folder").symlink_to(secret.parent)
    (place / "artifacts" / "within").symlink_to(place / "artifacts" / "own")
    (place / "params" / "p").symlink_to(secret)
    (place / "metrics" / "m").symlink_to(secret)
    (place / "tags" / "t").symlink_to(secret)
    os.mkfifo(place / "artifacts" / "pipe")
    os.mkfifo(place / "metrics" / "pipe")
    items, problems = read(store)
    assert [content_of(file) for file in of(items, File)] == [b"own", b"own"]
    assert facts_of(items).config == {} and not of(items, Points)
    for name in ("out", "folder", "pipe", "params/p", "metrics/m", "tags/t", "metrics/pipe"):
        assert f"/{name}:" in problems


def test_inputs_models_and_the_registry_are_kept(store: Store, read: Any) -> None:
    place = store.run()
    store.yaml(place / "inputs" / "1", {"source_type": "DATASET", "source_id": "d1", "tags": {"k": "v"}})
    store.yaml(place / "outputs" / "2", {"source_type": "RUN_OUTPUT", "source_id": "m-1", "step": 2})
    store.yaml(place.parent / "datasets" / "d1", {"name": "iris", "digest": "0123"})
    model = place.parent / "models" / "m-1"
    store.yaml(model, {
        "artifact_location": "file:///elsewhere/mlruns/1/models/m-1/artifacts", "name": "net", "model_id": "m-1",
        "source_run_id": RUN, "creation_timestamp": 1_680_000_000_000,
    })  # fmt: skip
    store.put(model / "params" / "depth", "3")
    store.put(model / "artifacts" / "data" / "w.bin", b"weights")
    store.yaml(store.path / "models" / "reg", {"name": "reg", "description": "d"})
    store.yaml(store.path / "models" / "reg" / "version-1", {"version": 1, "run_id": RUN})
    store.put(store.path / "models" / "reg" / "aliases" / "champ", "1")
    items, problems = read(store)
    assert problems == ""
    extras = extras_of(items)
    assert extras["inputs"][0]["dataset"]["name"] == "iris" and extras["inputs"][0]["tags"] == {"k": "v"}
    assert extras["outputs"][0]["step"] == 2
    assert extras["registered_models"][0]["model"]["aliases"] == {"champ": "1"}
    (artifact,) = of(items, Artifact)
    assert (artifact.name, artifact.type, artifact.source_id) == ("net", "model", "m-1")
    assert artifact.metadata is not None and artifact.metadata["params"] == {"depth": "3"}
    (entry,) = artifact.entries
    assert (entry.path, entry.size) == ("data/w.bin", 7)
    assert entry.digest == base64.b64encode(hashlib.md5(b"weights").digest()).decode()


def test_a_model_without_files_is_no_artifact_and_still_kept(store: Store, read: Any) -> None:
    place = store.run()
    store.yaml(place.parent / "models" / "m-1", {"name": "net", "source_run_id": RUN})
    items, problems = read(store)
    assert not of(items, Artifact) and problems == ""
    assert extras_of(items)["logged_models"]["m-1"]["name"] == "net"


def test_what_belongs_to_no_run_is_named(store: Store) -> None:
    store.run()
    store.yaml(store.path / "1" / "models" / "m-2", {"name": "lost"})
    store.yaml(store.path / "models" / "reg", {"name": "reg"})
    (store.path / "1" / "traces" / "tr-1").mkdir(parents=True)
    problems = Problems()
    runs_of("mlflow", store.path, problems=problems)
    text = told(problems)
    assert "m-2" in text and "registered from no run" in text and "1 traces" in text


def test_the_fingerprint_changes_with_the_run_and_only_then(store: Store) -> None:
    place = store.run()
    store.run(OTHER)
    store.put(place / "metrics" / "loss", "1 1.0 0\n")
    prints = lambda: {run.id: run.fingerprint for run in runs_of("mlflow", store.path)}  # noqa: E731
    before = prints()
    assert prints() == before
    with (place / "metrics" / "loss").open("a") as file:
        file.write("2 2.0 1\n")
    after = prints()
    assert after[RUN] != before[RUN] and after[OTHER] == before[OTHER]
    store.put(place / "artifacts" / "new", b"file")
    assert prints()[RUN] != after[RUN]


def test_one_run_in_two_places_is_found_once(store: Store, tmp_path: Path) -> None:
    store.run()
    shutil.copytree(store.path, tmp_path / "copy")
    problems = Problems()
    assert len(runs_of("mlflow", store.path, tmp_path / "copy", problems=problems)) == 1
    assert "already" in told(problems)


def test_what_is_chosen(store: Store) -> None:
    store.run()
    store.run(OTHER)
    assert [run.label for run in runs_of("mlflow", store.path, include=[f"exp/{RUN}"], project="new")] == [f"new/{RUN}"]
    assert [run.id for run in runs_of("mlflow", store.path, exclude=["exp/0*"])] == [OTHER]


def test_a_run_can_go_to_another_process(store: Store, tmp_path: Path) -> None:
    place = store.run()
    store.put(place / "metrics" / "loss", "1 1.0 0\n")
    (run,) = runs_of("mlflow", store.path)
    again = pickle.loads(pickle.dumps(run))
    assert series_of(items_of(again, tmp_path / "scratch")) == {"loss": [(0, 1000, 1.0)]}
    assert again.fingerprint == run.fingerprint


def test_names_that_are_no_utf8(store: Store, read: Any) -> None:
    place = store.run()
    Path(os.fsdecode(os.fsencode(place / "params") + b"/caf\xe9")).write_bytes(b"caf\xe9")
    Path(os.fsdecode(os.fsencode(place / "artifacts") + b"/caf\xe9.bin")).write_bytes(b"x")
    items, problems = read(store)
    assert list(facts_of(items).config.values()) == ["caf\\xe9"]
    assert [os.fsencode(file.name) for file in of(items, File)] == [b"caf\xe9.bin"]
    assert problems == ""


def test_folders_of_others_are_no_stores(tmp_path: Path, store: Store) -> None:
    Store.put(store.path.parent / "recipe" / "meta.yaml", "package: {name: x}\n")
    store.run()
    assert [run.id for run in runs_of("mlflow", store.path.parent)] == [RUN]
    for path in (tmp_path / "nothing", store.path.parent / "recipe"):
        with pytest.raises(SourceError):
            runs_of("mlflow", path)
    with pytest.raises(SourceError, match="tracking server"):
        runs_of("mlflow", "http://127.0.0.1:5000")
    with pytest.raises(SourceError, match="color"):
        runs_of("mlflow", store.path, settings={"color": "red"})
    with pytest.raises(SourceError, match="params"):
        runs_of("mlflow", store.path, settings={"params": "other"})


BOMB = "a: &a [x,x]\nb0: &b0 [*a,*a]\n" + "".join(f"b{i}: &b{i} [*b{i - 1},*b{i - 1}]\n" for i in range(1, 40))


@pytest.mark.parametrize(
    "meta",
    [b"", b"\0\1\2", b"[1, 2]", b"a: [", b"{" * 5000, b"[" * 100_000, b"- " * 50_000, BOMB.encode(),
     b"!!python/object/apply:os.system ['true']", b"a: !!int x", b"\xff\xfe", b"a: 2001-99-99", b"x" * 3_000_000],
    ids=lambda meta: repr(bytes(meta[:20])),
)  # fmt: skip
def test_fields_that_cannot_be_read_cost_no_more_than_themselves(store: Store, read: Any, meta: bytes) -> None:
    place = store.run()
    store.put(place / "metrics" / "loss", "1 1.0 0\n")
    (place / "meta.yaml").write_bytes(meta)
    items, problems = read(store)
    assert series_of(items) == {"loss": [(0, 1000, 1.0)]}
    assert facts_of(items).status in ("unknown", "running")
    assert f"{RUN}/meta.yaml" in problems
    (place.parent / "meta.yaml").write_bytes(meta)
    problems_of_all = Problems()
    (run,) = runs_of("mlflow", store.path, problems=problems_of_all)
    assert run.project == "1" and "/1/meta.yaml" in told(problems_of_all)


def test_a_run_of_which_nothing_is_left(store: Store, tmp_path: Path) -> None:
    store.run(OTHER)
    place = store.path / "1" / RUN
    store.put(place / "meta.yaml", b"\0")
    first, second = sorted(runs_of("mlflow", store.path), key=lambda run: run.id)
    with pytest.raises(SourceError):
        items_of(first, tmp_path / "scratch", Problems())
    assert items_of(second, tmp_path / "scratch")


@pytest.mark.parametrize(
    "fields",
    [{"start_time": "soon"}, {"start_time": 10**30}, {"start_time": float("inf")}, {"status": [3]}, {"status": "x"},
     {"run_name": 5}, {"run_name": [1]}, {"artifact_uri": 7}, {"artifact_uri": "file://[bad"}, {"run_id": 12},
     {"end_time": {"a": 1}}, {"lifecycle_stage": None}, {"artifact_uri": "\0"}, {"source_version": 1.5}],
    ids=str,
)  # fmt: skip
def test_fields_of_wrong_types(store: Store, tmp_path: Path, fields: dict[str, Any]) -> None:
    place = store.run(**fields)
    store.put(place / "metrics" / "loss", "1 1.0 0\n")
    (place / "artifacts").rmdir()
    (run,) = runs_of("mlflow", store.path)
    assert run.id == RUN
    items = items_of(run, tmp_path / "scratch", Problems())
    assert series_of(items) == {"loss": [(0, 1000, 1.0)]}
    assert run.fingerprint and run.size >= 0


def test_damaged_lines_are_named_and_their_neighbours_come(store: Store, read: Any) -> None:
    place = store.run()
    lines = [
        "1 1.0 0", "x 1.0 0", "2 y 0", "3", "", "4 4.0 z", "99999999999999999999 1.0 0", "5 5.0 5", "6 6.0 1 2 3 4 5",
        "7 7.0 99999999999999999999", "8 8.0 7 ", "9 9.0",
    ]  # fmt: skip
    store.put(place / "metrics" / "loss", "\n".join(lines))
    items, problems = read(store)
    assert [value for _, _, value in series_of(items)["loss"]] == [1, 5, 6, 7, 8, 9]
    for number in (2, 3, 4, 6, 7):
        assert f"line {number}:" in problems
    assert "2^53" in problems


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(st.binary(max_size=200), st.text(alphabet="0123456789 .-+enainf\n", max_size=200).map(str.encode))
)
def test_any_bytes_in_a_metric(tmp_path: Path, content: bytes) -> None:
    store = Store(tmp_path / "any")
    place = store.run()
    store.put(place / "metrics" / "loss", content)
    (run,) = runs_of("mlflow", store.path)
    for points in of(items_of(run, tmp_path / "scratch", Problems()), Points):
        assert len(points.steps) == len(points.times) == len(points.values) > 0


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(
        st.binary(max_size=300), st.text(alphabet="ab:-[]{}&*!'\"|>\n #%@`0", max_size=120).map(str.encode)
    )
)
def test_any_bytes_in_the_fields(tmp_path: Path, content: bytes) -> None:
    store = Store(tmp_path / "any")
    place = store.run()
    store.put(place / "metrics" / "loss", "1 1.0 0\n")
    (place / "meta.yaml").write_bytes(content)
    (run,) = runs_of("mlflow", store.path)
    assert of(items_of(run, tmp_path / "scratch", Problems()), Points)


def test_a_sample_cut_off_anywhere(tmp_path: Path) -> None:
    shutil.copytree(SAMPLE, tmp_path / "cut")
    for path in sorted((tmp_path / "cut").rglob("*")):
        if not path.is_file() or path.name == "expected.json":
            continue
        whole = path.read_bytes()
        for end in range(0, len(whole), max(len(whole) // 20, 1)):
            path.write_bytes(whole[:end])
            try:
                for run in runs_of("mlflow", tmp_path / "cut" / "mlruns"):
                    items_of(run, tmp_path / "scratch", Problems())
            except SourceError:
                continue
        path.write_bytes(whole)

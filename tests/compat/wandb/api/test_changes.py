"""Changes of runs, their files, their artifacts."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pluto.query import Client

Made = Callable[..., dict[str, Any]]


def test_what_is_set_is_kept_by_update(wandb: ModuleType, made: Made) -> None:
    made("a", config={"lr": 1, "gone": 2}, tags=["x", "group:g"], summary={"acc": 1})
    run = wandb.Api().run("team/p/a")
    run.name = "another"
    run.notes = "n" * 3000
    run.tags.append("y")
    run.group = "h"
    run.job_type = "eval"
    run.config["lr"] = 5
    run.config["new"] = {"deep": (1, 2)}
    del run.config["gone"]
    run.summary["acc"] = 2
    assert wandb.Api().run("team/p/a").name == "a"
    run.update()
    read = wandb.Api().run("team/p/a")
    assert (read.name, read.notes, read.tags) == ("another", "n" * 3000, ["x", "y"])
    assert (read.group, read.job_type) == ("h", "eval")
    assert read.config == {"lr": 5, "new": {"deep": [1, 2]}}
    assert read.rawconfig["_wandb"]["door"] == "wandb"
    assert read.summary["acc"] == 2


def test_setting_without_update_changes_nothing(wandb: ModuleType, made: Made) -> None:
    made("a", config={"lr": 1})
    run = wandb.Api().run("team/p/a")
    run.name, run.config["lr"] = "x", 2
    run.summary["s"] = 1
    read = wandb.Api().run("team/p/a")
    assert (read.name, read.config) == ("a", {"lr": 1})
    assert "s" not in read.summary


def test_the_summary_alone(wandb: ModuleType, made: Made) -> None:
    made("a", summary={"acc": 1, "old": 2})
    run = wandb.Api().run("team/p/a")
    run.summary.update({"acc": 3, "deep": {"x": 1, "dot.ted": 2}, "nan": math.nan})
    del run.summary["old"]
    run.summary.update()
    run.summary["deep"]["x"] = 7
    run.summary.update({"acc": 9}, overwrite=False)
    read = wandb.Api().run("team/p/a")
    assert read.summary_metrics == {"acc": 3, "deep": {"x": 7, "dot.ted": 2}}
    with pytest.raises(KeyError):
        del read.summary["nobody"]
    with pytest.raises(wandb.errors.UnsupportedError, match="artifact"):
        read.summary.write_h5("x", 1)


def test_later_rows_win_over_what_was_set(online: ModuleType) -> None:
    with online.init(project="p", id="a") as run:
        run.log({"loss": 1})
    read = online.Api().run("p/a")
    read.summary["loss"] = 0
    read.summary.update()
    assert online.Api().run("p/a").summary["loss"] == 0
    with online.init(project="p", id="a", resume="must") as run:
        run.log({"loss": 5})
    assert online.Api().run("p/a").summary["loss"] == 5


def test_deleting(wandb: ModuleType, made: Made) -> None:
    made("a")
    made("b")
    api = wandb.Api()
    api.run("team/p/a").delete()
    api.flush()
    assert [run.id for run in api.runs("team/p")] == ["b"]


def test_states(wandb: ModuleType, made: Made) -> None:
    made("a")
    run = wandb.Api().run("team/p/a")
    assert run.state == "running"
    with pytest.raises(wandb.errors.UnsupportedError):
        run.update_state("pending")
    with pytest.raises(wandb.Error, match="can't go from 'running' to 'finished'"):
        run.update_state("finished")
    run.stop()
    assert run.update_state("failed") is True
    run.wait_until_finished()
    assert run.state == "failed"
    assert wandb.Api().run("team/p/a").state == "failed"
    run.stop()


def test_crashed_killed_and_preempted(wandb: ModuleType, made: Made, client: Client) -> None:
    for id, status, metadata in (
        ("lost", "FAILED", '{"reason": "lost"}'),
        ("silent", "FAILED", '{"reason": "heartbeat-timeout"}'),
        ("failed", "FAILED", '{"reason": "exception"}'),
        ("preempted", "FAILED", '{"preempted": true}'),
        ("killed", "TERMINATED", None),
    ):
        run = made(id)
        client._connection.calls.set_status(run["id"], status, statusMetadata=metadata)
    states = {run.id: run.state for run in wandb.Api().runs("team/p")}
    assert states == {
        "lost": "crashed", "silent": "crashed", "failed": "failed", "preempted": "preempted", "killed": "killed",
    }  # fmt: skip
    for state in ("crashed", "failed", "preempted", "killed"):
        found = [run.id for run in wandb.Api().runs("team/p", {"state": state})]
        assert found == [id for id, known in states.items() if known == state]


def test_making_runs_and_projects(online: ModuleType) -> None:
    api = online.Api({"project": "q"})
    run = api.create_run(entity="team")
    assert (run.project, run.entity, run.state) == ("q", "team", "running")
    named = api.create_run(run_id="mine", project="p")
    assert named.path == ["", "p", "mine"]
    with online.init(project="p", id="mine", resume="must") as going_on:
        going_on.log({"a": 1})
    assert api.run("p/mine").load(force=True)["state"] in ("finished", "running")
    assert [row["a"] for row in online.Api().run("p/mine").scan_history()] == [1]
    with pytest.raises(online.errors.UnsupportedError):
        online.apis.public.Run.create(api, state="pending")


def test_files(online: ModuleType, place: Path) -> None:
    (place / "deep").mkdir()
    (place / "deep" / "a.txt").write_text("one")
    (place / "b.bin").write_bytes(b"\0" * 2048)
    with online.init(project="p", id="f") as run:
        run.save("deep/a.txt", base_path=".")
        run.save("b.bin")
    read = online.Api().run("p/f")
    names = [file.name for file in read.files()]
    assert {"deep/a.txt", "b.bin", "config.yaml", "wandb-metadata.json"} <= set(names)
    assert len(read.files()) == len(names)
    assert [file.name for file in read.files(names=["b.bin", "nobody"])] == ["b.bin"]
    assert [file.name for file in read.files(pattern="deep%.txt")] == ["deep/a.txt"]
    assert list(read.files(pattern="a.txt")) == []
    assert [file.name for file in read.files(pattern="_.bin")] == ["b.bin"]
    file = read.file("deep/a.txt")
    assert (file.size, file.mimetype) == (3, "text/plain")
    assert repr(read.file("b.bin")).startswith("<File b.bin (application/octet-stream) 2.0KiB")
    into = place / "into"
    with file.download(root=str(into)) as opened:
        assert opened.read() == "one"
    assert (into / "deep" / "a.txt").read_text() == "one"
    with pytest.raises(online.CommError, match="File already exists"):
        file.download(root=str(into))
    (into / "deep" / "a.txt").write_text("mine")
    with file.download(root=str(into), exist_ok=True) as opened:
        assert opened.read() == "mine"
    with file.download(root=str(into), replace=True) as opened:
        assert opened.read() == "one"
    missing = read.file("nobody.txt")
    assert missing.size == 0
    with pytest.raises(online.CommError, match=r"no file 'nobody.txt'"):
        missing.download(root=str(into))
    with pytest.raises(online.errors.UnsupportedError):
        file.delete()
    assert read.metadata["program"]
    assert read.user.username


def test_a_file_put_to_a_run(wandb: ModuleType, made: Made, place: Path) -> None:
    made("a")
    (place / "sub").mkdir()
    (place / "sub" / "x.txt").write_text("first")
    run = wandb.Api().run("team/p/a")
    assert run.upload_file("sub/x.txt").name == "sub/x.txt"
    assert run.upload_file(str(place / "sub" / "x.txt"), root=str(place / "sub")).name == "x.txt"
    with run.file("x.txt").download(root="out") as opened:
        assert opened.read() == "first"
    with pytest.raises(wandb.CommError, match="not below"):
        run.upload_file("../x.txt")
    with pytest.raises(wandb.CommError, match="there is no file"):
        run.upload_file("nobody.txt")


def test_console_lines(online: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_CONSOLE", "wrap")
    with online.init(project="p", id="c"):
        for number in range(5):
            print("line", number)
    run = online.Api().run("p/c")
    lines = [line for line in run.console_logs() if line.content.startswith("line")]
    assert [line.content for line in lines] == [f"line {number}" for number in range(5)]
    assert all(line.level == "" and line.timestamp.year > 2000 for line in lines)
    assert [line.number for line in run.console_logs(per_page=2)] == list(range(len(list(run.console_logs()))))
    assert len(list(run.console_logs(last=2))) == 2


def test_artifacts(online: ModuleType, place: Path) -> None:
    (place / "a.txt").write_text("one")
    with online.init(project="p", entity="team", id="maker") as run:
        first = online.Artifact("data", "dataset", metadata={"n": 1})
        first.add_file("a.txt")
        run.log_artifact(first, aliases=["best"])
        (place / "a.txt").write_text("two")
        second = online.Artifact("data", "dataset", metadata={"n": 2})
        second.add_file("a.txt", name="deep/a.txt")
        run.log_artifact(second)
    with online.init(project="p", entity="team", id="user") as run:
        run.use_artifact("data:best")
    api = online.Api()
    assert api.artifact("team/p/data:best").version == "v0"
    assert api.artifact("team/p/data").version == "v1"
    assert [version.version for version in api.artifacts("dataset", "team/p/data")] == ["v1", "v0"]
    assert len(api.artifacts("dataset", "team/p/data")) == 2
    assert [type.name for type in api.artifact_types("team/p")] == ["dataset"]
    assert [one.name for one in api.artifact_type("dataset", "team/p").collections()] == ["data"]
    assert [one.name for one in api.artifact_collections("team/p", "dataset")] == ["data"]
    assert api.artifact_exists("team/p/data:v1")
    assert not api.artifact_exists("team/p/data:v9")
    assert api.artifact_collection_exists("team/p/data", "dataset")
    assert not api.artifact_collection_exists("team/p/nothing", "dataset")
    with pytest.raises(online.CommError, match="type 'model' specified"):
        api.artifact("team/p/data:v0", type="model")
    maker, user = api.run("team/p/maker"), api.run("team/p/user")
    assert [one.name for one in maker.logged_artifacts()] == ["data:v0", "data:v1"]
    assert [one.name for one in user.used_artifacts()] == ["data:v0"]
    assert user.use_artifact(api.artifact("team/p/data:v1")).name == "data:v1"
    assert sorted(one.name for one in user.used_artifacts()) == ["data:v0", "data:v1"]
    assert api.artifact("team/p/data:v1").logged_by().id == "maker"
    assert [run.id for run in api.artifact("team/p/data:v0").used_by()] == ["user"]
    maker.log_artifact(api.artifact("team/p/data:v0"), aliases=["prod"], tags=["good"])
    assert "prod" in api.artifact("team/p/data:v0").aliases
    assert [one.version for one in api.artifacts("dataset", "team/p/data", tags=["good"])] == ["v0"]
    (file,) = api.artifact("team/p/data:v1").files()
    assert (file.name, file.size) == ("deep/a.txt", 3)
    with file.download(root="out") as opened:
        assert opened.read() == "two"


def test_collections_are_changed_by_save(online: ModuleType, place: Path) -> None:
    (place / "a.txt").write_text("one")
    with online.init(project="p", id="maker") as run:
        artifact = online.Artifact("data", "dataset")
        artifact.add_file("a.txt")
        run.log_artifact(artifact, aliases=["best"])
    collection = online.Api().artifact_collection("dataset", "p/data")
    assert collection.is_sequence()
    assert collection.aliases == ["best", "latest"] or set(collection.aliases) == {"best", "latest"}
    collection.description, collection.tags, collection.name = "words", ["t"], "facts"
    assert online.Api().artifact_collection("dataset", "p/data").description is None
    collection.save()
    read = online.Api().artifact_collection("dataset", "p/facts")
    assert (read.description, read.tags, read.type) == ("words", ["t"], "dataset")
    assert [one.version for one in read.artifacts()] == ["v0"]
    read.delete()
    assert not online.Api().artifact_collection_exists("p/facts", "dataset")


def test_registries(online: ModuleType, place: Path) -> None:
    (place / "a.txt").write_text("one")
    with online.init(project="p", id="maker") as run:
        artifact = online.Artifact("net", "model")
        artifact.add_file("a.txt")
        run.log_artifact(artifact)
    api = online.Api()
    api.artifact("p/net:v0").link("wandb-registry-model/nets", aliases=["prod"])
    assert [one.name for one in api.registries()] == ["model"]
    assert [one.name for one in api.registries(filter={"name": {"$regex": "^data"}})] == []
    registry = api.registry("model")
    assert registry.full_name == "wandb-registry-model"
    assert registry.artifact_types == ["model"]
    assert [one.name for one in registry.collections()] == ["nets"]
    assert [one.name for one in api.registries().collections(filter={"name": "other"})] == []
    (version,) = api.registries().versions(filter={"alias": "prod"})
    assert version.is_link
    assert [project.name for project in api.projects()] == ["p"]
    with pytest.raises(ValueError, match="Failed to load registry 'nothing'"):
        api.registry("nothing")
    with pytest.raises(ValueError, match="already exists"):
        api.create_registry("model", "organization")
    with pytest.raises(online.errors.UnsupportedError, match="members"):
        registry.members()


def test_sweeps(wandb: ModuleType, made: Made, root: Path, client: Client) -> None:
    from pluto.sweeps.registry import Registry

    config = {"method": "grid", "metric": {"name": "acc", "goal": "maximize"}, "name": "big", "parameters": {}}
    sweep = Registry.create(root, config, "team/p")
    for id, acc in (("a", 0.1), ("b", 0.9), ("c", 0.5)):
        run = made(id, summary={"acc": acc})
        own = client.get_run("team/p", run["id"])["config"]["_wandb"]
        client.merge_config("team/p", run["id"], {"_wandb": {**own, "sweep_id": sweep.sweep, "agent": "one"}})
    made("other", summary={"acc": 3})
    api = wandb.Api()
    found = api.sweep(f"team/p/{sweep.sweep}")
    assert (found.id, found.name, found.config, found.order) == (sweep.sweep, "big", config, "-summary_metrics.acc")
    assert [run.id for run in found.runs] == ["a", "b", "c"]
    assert found.best_run().id == "b"
    assert found.best_run("+acc").id == "a"
    assert [one.id for one in api.project("p", "team").sweeps()] == [sweep.sweep]
    assert api.run("team/p/a").sweep.id == sweep.sweep
    assert [run.id for run in api.runs("team/p", {"sweep": sweep.sweep})] == ["a", "b", "c"]
    (agent,) = found.agents()
    assert [run.id for run in agent.runs()] == ["a", "b", "c"]
    assert len(agent.runs()) == 3
    with pytest.raises(wandb.CommError, match="Could not find sweep"):
        api.sweep("team/p/nothing")
    with pytest.raises(wandb.CommError, match="Could not find sweep"):
        api.sweep(f"team/other/{sweep.sweep}")

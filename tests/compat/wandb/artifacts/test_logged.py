"""Artifacts that are logged: versions, aliases, lineage, links, changes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import pluto.query as pq


def refused(case: Any) -> str:
    with pytest.raises(Exception) as caught:
        case()
    return type(caught.value).__name__


def test_versions_aliases_and_equal_content(run: Any, make: Any) -> None:
    one = run.log_artifact(make(), aliases=["best"]).wait()
    two = run.log_artifact(make({"a.txt": "two"}), aliases=["latest", "best"], tags=["t", "t"]).wait()
    again = run.log_artifact(make(), aliases=["old"]).wait(30)
    assert [artifact.version for artifact in (one, two, again)] == ["v0", "v1", "v0"]
    assert (one.name, one.source_name, one.qualified_name) == ("data:v0", "data:v0", "proj/data:v0")
    assert (one.aliases, two.aliases, two.tags, again.aliases) == (
        ["best", "latest"],
        ["best", "latest"],
        ["t"],
        ["latest", "old"],
    )
    assert (one.state, one.is_draft(), again.id) == ("COMMITTED", False, one.id)
    assert run.use_artifact("data").version == "v0"
    assert run.use_artifact("data:best").version == "v1"
    assert run.use_artifact("proj/data:v1", type="dataset").digest == two.digest


def test_what_a_logged_artifact_knows(run: Any, make: Any) -> None:
    run.log({"x": 1})
    run.log({"x": 2})
    artifact = run.log_artifact(make({"a": "1", "b/c": "22"}, description="d", metadata={"k": [1]})).wait()
    assert (artifact.entity, artifact.project, artifact.type, artifact.url) == ("", "proj", "dataset", "")
    assert (artifact.description, artifact.metadata, artifact.size, artifact.file_count) == ("d", {"k": [1]}, 3, 2)
    assert artifact.commit_hash == artifact.digest == make({"a": "1", "b/c": "22"}).digest
    assert (artifact.history_step, artifact.linked_at, artifact.ttl) == (1, None, None)
    assert artifact.created_at <= artifact.updated_at
    assert artifact.json_encode() == {
        "_type": "artifactVersion", "_version": "v0", "id": artifact.id, "version": "v0", "sequenceName": "data",
        "usedAs": None,
    }  # fmt: skip
    assert sorted(artifact.manifest.entries) == ["a", "b/c"]
    assert artifact.linked_artifacts == []
    assert artifact.source_artifact is artifact


def test_lineage_is_kept(run: Any, make: Any, online: ModuleType) -> None:
    made = run.log_artifact(make()).wait()
    with online.init(project="proj", reinit="create_new") as other:
        other.use_artifact("data:v0")
        drafted = other.use_artifact(make({"x": "y"}, name="more"), aliases=["mine"])
        assert (drafted.version, drafted.aliases) == ("v0", ["latest", "mine"])
        used = [row["collection"] for row in pq.run_artifacts(pq.find_run("proj", external_id=other.id)["id"], "used")]
    assert used == ["data", "more"]
    runs = pq.artifact_runs(made._number)
    assert runs["madeBy"]["externalId"] == run.id
    assert [one["externalId"] for one in runs["usedBy"]] == [other.id]


def test_names_that_lead_nowhere(run: Any, make: Any, online: ModuleType) -> None:
    run.log_artifact(make()).wait()
    assert refused(lambda: run.use_artifact("none:latest")) == "CommError"
    assert refused(lambda: run.use_artifact("data:v9")) == "CommError"
    assert refused(lambda: run.use_artifact("other/data")) == "CommError"
    assert refused(lambda: run.use_artifact("a/b/c/d")) == "ValueError"
    assert refused(lambda: run.use_artifact("data", type="model")) == "ValueError"
    assert refused(lambda: run.use_artifact(3)) == "ValueError"
    assert refused(lambda: run.log_artifact(make(), aliases=["v3"])) == "ValueError"
    with pytest.raises(ValueError, match="already exists with type 'dataset'"):
        run.log_artifact(make(type="model"))


def test_another_type_is_noticed_even_if_nobody_knew(online: ModuleType, make: Any) -> None:
    with online.init(project="proj") as one:
        one.log_artifact(make()).wait()
    with online.init(project="proj") as two:
        two._types_logged()["data"] = "model"
        artifact = two.log_artifact(make({"b": "2"}, type="model"))
        with pytest.raises(ValueError, match="already exists with type 'dataset'"):
            artifact.wait(30)


def test_changes_are_saved(run: Any, make: Any) -> None:
    artifact = run.log_artifact(make(), tags=["a", "b"]).wait()
    artifact.description, artifact.metadata = "new", {"m": 1}
    artifact.tags = ["b", "c"]
    artifact.aliases = ["prod"]
    artifact.ttl = timedelta(days=2)
    artifact.save()
    again = run.use_artifact("data:prod")
    assert (again.description, again.metadata, again.tags, again.aliases) == ("new", {"m": 1}, ["b", "c"], ["prod"])
    assert again.ttl == timedelta(days=2)
    assert refused(lambda: run.use_artifact("data:latest")) == "CommError"
    again.ttl = None
    again.save()
    assert run.use_artifact("data:prod").ttl is None
    assert run.use_artifact("data:prod").tags == ["b", "c"]


def test_a_ttl_goes_with_the_version(run: Any, make: Any) -> None:
    artifact = make()
    artifact.ttl = timedelta(hours=1)
    assert run.log_artifact(artifact).wait().ttl == timedelta(hours=1)


def test_a_draft_of_a_version_becomes_the_next(run: Any, make: Any) -> None:
    first = run.log_artifact(make({"a": "1", "b": "2"}, description="d", metadata={"k": 1})).wait()
    draft = first.new_draft()
    assert (draft.name, draft.is_draft(), draft.digest, draft.description) == ("data", True, first.digest, "d")
    draft.remove("a")
    with draft.new_file("c") as file:
        file.write("3")
    draft.save()
    second = draft.wait()
    assert (second.version, sorted(second.manifest.entries), second.metadata) == ("v1", ["b", "c"], {"k": 1})
    assert Path(second.download(), "b").read_text() == "2"


def test_incremental_versions(run: Any, make: Any) -> None:
    run.log_artifact(make({"a": "1", "b": "2"})).wait()
    second = run.log_artifact(make({"b": "3"}, incremental=True)).wait()
    assert sorted(second.manifest.entries) == ["a", "b"]
    assert Path(second.download(), "b").read_text() == "3"
    assert second.digest == make({"a": "1", "b": "3"}).digest


def test_several_runs_make_one_version(online: ModuleType, make: Any) -> None:
    for index in range(2):
        with online.init(project="proj", group="g") as run:
            part = run.upsert_artifact(make({f"{index}": str(index)}))
            assert part.wait(30).is_draft()
    with online.init(project="proj", group="g") as run:
        whole = run.finish_artifact(make({"2": "2"})).wait()
        assert (whole.version, sorted(whole.manifest.entries)) == ("v0", ["0", "1", "2"])


def test_links(run: Any, make: Any) -> None:
    artifact = run.log_artifact(make()).wait()
    linked = run.link_artifact(artifact, "wandb-registry-model/best", aliases=["prod"])
    assert (linked.qualified_name, linked.source_qualified_name) == ("wandb-registry-model/best:v0", "proj/data:v0")
    assert (linked.is_link, linked.aliases, linked.version, linked.id) == (True, ["latest", "prod"], "v0", artifact.id)
    assert linked.linked_at is not None
    assert [one.qualified_name for one in artifact.linked_artifacts] == ["wandb-registry-model/best:v0"]
    assert linked.source_artifact.qualified_name == "proj/data:v0"
    assert run.use_artifact("someorg/wandb-registry-model/best:prod").is_link
    with pytest.raises(ValueError, match="Unlink"):
        linked.ttl = timedelta(days=1)
    with pytest.raises(ValueError, match="cannot be unlinked"):
        artifact.unlink()
    drafted = run.link_artifact(make({"z": "z"}), "shelf", aliases=["x"])
    assert (drafted.qualified_name, drafted.source_name) == ("proj/shelf:v0", "data:v1")
    linked.unlink()
    assert refused(lambda: run.use_artifact("wandb-registry-model/best:prod")) == "CommError"
    assert run.use_artifact("data:v0").version == "v0"


def test_deleting(run: Any, make: Any) -> None:
    artifact = run.log_artifact(make()).wait()
    linked = artifact.link("wandb-registry-model/best")
    linked.delete()
    assert artifact.linked_artifacts == []
    assert refused(artifact.delete) == "CommError"
    artifact.delete(delete_aliases=True)
    assert artifact.state == "DELETED"
    assert refused(lambda: run.use_artifact("data:v0")) == "CommError"
    assert run.log_artifact(make({"b": "b"})).wait().version == "v1"


def test_models(run: Any, place: Path) -> None:
    Path("w.pt").write_text("weights")
    assert run.log_model("w.pt", aliases=["best"]) is None
    assert run.log_model("w.pt", name="net") is None
    path = Path(run.use_model(f"run-{run.id}-w.pt:best"))
    assert (path.name, path.read_text()) == ("w.pt", "weights")
    linked = run.link_model("w.pt", "registered", name="net", aliases=["prod"])
    assert (linked.qualified_name, linked.type, linked.source_name) == (
        "model-registry/registered:v0",
        "model",
        "net:v0",
    )
    run.log_artifact("w.pt", name="plain").wait()
    with pytest.raises(AssertionError, match="'model' artifacts"):
        run.use_model("plain")
    with pytest.raises(AssertionError, match="'model' artifacts"):
        run.link_model("w.pt", "registered", name="plain")


def test_entities_are_part_of_the_path(online: ModuleType, make: Any) -> None:
    with online.init(entity="team", project="proj") as run:
        artifact = run.log_artifact(make()).wait()
        assert artifact.qualified_name == "team/proj/data:v0"
        assert run.use_artifact("team/proj/data:v0").entity == "team"
        assert run.use_artifact("data").entity == "team"
    with online.init(entity="else", project="proj") as other:
        assert refused(lambda: other.use_artifact("data")) == "CommError"
        with pytest.raises(ValueError, match="is owned by entity 'team'"):
            other.log_artifact(artifact)
        assert other.use_artifact(artifact) is artifact


def test_artifacts_in_the_config(run: Any, make: Any, online: ModuleType) -> None:
    artifact = run.log_artifact(make()).wait()
    run.config.update({"data": artifact, "other": "wandb-artifact://proj/data:v0"})
    assert run.config["other"].version == "v0"
    kept = run._config_artifact_callback("data", artifact.json_encode())
    assert kept.id == artifact.id
    run.finish()
    config = pq.find_run("proj", external_id=run.id)["config"]
    assert config["data"] == artifact.json_encode()


def test_saving_without_a_run_opens_one(online: ModuleType, make: Any) -> None:
    artifact = make()
    artifact.save(project="proj")
    assert artifact.wait().qualified_name == "proj/data:v0"
    assert online.run is None
    assert pq.get_run("proj", pq.artifact_runs(artifact._number)["madeBy"]["id"])["status"] == "COMPLETED"


def test_code_is_logged(run: Any, place: Path) -> None:
    Path("src").mkdir()
    Path("src/main.py").write_text("print()")
    artifact = run.log_code("src", name="source-mine").wait()
    assert (artifact.name, artifact.type, list(artifact.manifest.entries)) == ("source-mine:v0", "code", ["main.py"])
    run.finish()
    assert pq.find_run("proj", external_id=run.id)["config"]["_wandb"]["code_path"] == "source-mine"


def test_a_disabled_run_takes_everything(wandb: ModuleType, make: Any) -> None:
    with wandb.init(mode="disabled") as run:
        assert run.log_artifact(make()).wait().anything.at_all() is not None
        assert run.use_artifact("x") is None


def test_the_public_api_and_artifacts_know_each_other(run: Any, make: Any, online: ModuleType) -> None:
    made = run.log_artifact(make({"a": "1", "b": "22"})).wait()
    run.use_artifact(made)
    run.finish()
    api = online.Api()
    found = api.artifact("proj/data:latest")
    assert (found.id, found.digest, found.logged_by().id) == (made.id, made.digest, run.id)
    assert [user.id for user in found.used_by()] == [run.id]
    assert [(file.name, file.size) for file in found.files()] == [("a", 1), ("b", 2)]
    assert (found.collection.name, found.source_collection.name) == ("data", "data")
    assert [one.version for one in api.run(f"proj/{run.id}").logged_artifacts()] == ["v0"]
    assert refused(lambda: api.artifact("proj/none:latest")) == "CommError"

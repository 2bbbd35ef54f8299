"""Artifacts read and changed by whoever knows nothing of the door they came through."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

import pluto.query as pq
from pluto.core.client import Client as Calls
from pluto.core.settings import Local
from pluto.protocol.artifacts import digest_of
from pluto.protocol.batch import FILES
from pluto.protocol.records import Artifact, ArtifactEntry, Kind, encode
from pluto.query import Client, QueryError


@pytest.fixture
def log(root: Path, tmp_path: Path) -> Any:
    """Logs a version, as a deliverer does; gives the run's number."""
    calls = Calls(Local(root / "store"))
    run = calls.create({"projectName": "p", "runName": "r", "externalId": "r"}).run_id
    count = [0]

    def logged(files: dict[str, bytes], name: str = "data", **fields: Any) -> int:
        import msgspec

        count[0] += 1
        entries = []
        for path, content in files.items():
            sha256 = hashlib.sha256(content).hexdigest()
            source = tmp_path / "source"
            source.write_bytes(content)
            calls.put_blob(sha256, source)
            entries.append(ArtifactEntry(path, sha256[:8], len(content), sha256=sha256))
        digest = digest_of((entry.path, entry.digest) for entry in entries)
        record = Artifact(1, str(count[0]), name, "dataset", digest, entries=entries, **fields)
        body = msgspec.msgpack.encode([(count[0], int(Kind.ARTIFACT), encode(record))])
        assert calls.batch(run, "p", "w", FILES, body).rejected == []
        return run

    yield logged
    calls.close()


def test_finding(log: Any) -> None:
    run = log({"a": b"1"}, tags=["x"])
    log({"a": b"2"}, aliases=["best"])
    log({"z": b"3"}, name="other")
    assert [one["name"] for one in pq.list_artifact_types("p")] == ["dataset"]
    assert [one["name"] for one in pq.iter_artifact_collections("p")] == ["data", "other"]
    assert pq.get_artifact_collection("p", "data")["versions"] == 2
    assert [one["version"] for one in pq.iter_artifacts("p", "data")] == [1, 0]
    assert [one["version"] for one in pq.list_artifacts("p", "data", ["x"])] == [0]
    assert pq.get_artifact("p", "data")["version"] == 1
    found = pq.get_artifact("p", "data", "v0")
    assert pq.get_artifact_by_id(found["id"]) == found
    assert [one["collection"] for one in pq.run_artifacts(run)] == ["data", "data", "other"]
    assert pq.artifact_runs(found["id"])["madeBy"]["externalId"] == "r"
    for missing in (
        lambda: pq.get_artifact("p", "data", "none"), lambda: pq.get_artifact("p", "none"),
        lambda: pq.get_artifact_by_id(999), lambda: pq.get_artifact_collection("p", "none"),
        lambda: pq.list_artifacts("q", "data"),
    ):  # fmt: skip
        with pytest.raises(QueryError) as caught:
            missing()
        assert caught.value.status_code == 404


def test_files_come_back_and_damage_is_mended(log: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log({"a": b"one", "d/b": b"two"})
    monkeypatch.chdir(tmp_path)
    told: list[int] = []
    folder = pq.download_artifact("p", "data", progress=told.append)
    assert (folder, told) == (Path("artifacts/data-v0"), [1, 2])
    (folder / "a").write_bytes(b"1ne")
    (folder / "mine").write_bytes(b"mine")
    before = (folder / "d" / "b").stat().st_ino
    pq.download_artifact("p", "data")
    assert {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == {
        "a": b"one", "b": b"two", "mine": b"mine",
    }  # fmt: skip
    assert (folder / "d" / "b").stat().st_ino == before
    part = pq.download_artifact("p", "data", destination=tmp_path / "part", prefix="d/")
    assert [path.name for path in part.rglob("*")] == ["d", "b"]
    assert [one["path"] for one in pq.iter_artifact_files(pq.get_artifact("p", "data")["id"])] == ["a", "d/b"]


def test_what_came_wrong_is_no_file(log: Any, root: Path, tmp_path: Path) -> None:
    log({"a": b"one"})
    sha256 = hashlib.sha256(b"one").hexdigest()
    (root / "store" / "blobs" / sha256[:2] / sha256).write_bytes(b"1ne")
    with Client() as client:
        client._connection._attempts = 1
        with pytest.raises(QueryError, match="not what was asked for"):
            client.download_artifact("p", "data", destination=tmp_path / "got")
    assert [path for path in (tmp_path / "got").rglob("*") if path.is_file()] == []


def test_changes(log: Any) -> None:
    run = log({"a": b"1"}, tags=["x"], description="d")
    found = pq.get_artifact("p", "data")
    changed = pq.edit_artifact(found["id"], metadata={"k": 1}, ttl=60, add_tags=["y"], remove_tags=["x"])
    assert (changed["description"], changed["metadata"], changed["ttl"], changed["tags"]) == ("d", {"k": 1}, 60, ["y"])
    assert pq.alias_artifact(found["id"], found["collectionId"], add=["best"], remove=["latest"])["aliases"] == ["best"]
    linked = pq.link_artifact(found["id"], "registry", "shelf", ["prod"])
    assert (linked["collection"], linked["aliases"]) == ("shelf", ["latest", "prod"])
    assert pq.artifact_links(found["id"]) == [linked]
    pq.unlink_artifact(found["id"], linked["collectionId"])
    assert pq.artifact_links(found["id"]) == []
    pq.use_artifact(found["id"], run)
    assert [one["id"] for one in pq.run_artifacts(run, "used")] == [found["id"]]
    with pytest.raises(QueryError, match="has aliases") as caught:
        pq.delete_artifact(found["id"])
    assert caught.value.status_code == 409
    pq.delete_artifact(found["id"], aliases=True)
    assert pq.list_artifacts("p", "data") == []


def test_collections(log: Any) -> None:
    made = pq.create_artifact_collection("p", "shelf", "dataset", "portfolio", tags=["x"])
    assert pq.edit_artifact_collection(made["id"], name="rack", add_tags=["y"])["tags"] == ["x", "y"]
    with pytest.raises(QueryError, match="already"):
        pq.create_artifact_collection("p", "rack", "dataset")
    pq.delete_artifact_collection(made["id"])
    assert list(pq.iter_artifact_collections("p")) == []

"""Artifacts on their way: bytes first, once each; damaged ones kept; stock servers given files and a manifest."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from pluto.core.settings import Local
from pluto.core.uploader import retry
from pluto.core.uploader.stock_artifacts import PORTION
from pluto.protocol import records
from pluto.protocol.artifacts import digest_of
from pluto.protocol.records import Artifact, ArtifactEntry
from pluto.query import Client
from tests.fakes.stock import Stock
from tests.uploader.making import Made, Writing


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_S", 0.01)
    monkeypatch.setattr(retry, "LONGEST_S", 0.1)


def put(writer: Writing, files: dict[str, bytes], **fields: Any) -> int:
    """Writes an artifact as a run does."""
    with writer.journal.blobs() as blobs:
        entries = [
            ArtifactEntry(path, _md5(content), len(content), blob=blobs.put_bytes(content))
            for path, content in files.items()
        ]
        entries += fields.pop("more", [])
        digest = digest_of((entry.path, entry.digest) for entry in entries)
        given = {"token": "t", "name": "data", "type": "dataset", **fields}
        return writer.put(Artifact(time=1, digest=digest, entries=entries, **given))


def _md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


@pytest.fixture
def local(root: Path) -> Local:
    return Local(root / "store")


@pytest.fixture
def made(root: Path, local: Local) -> Made:
    return Made(root / "sync", local)


def test_bytes_and_version_arrive_among_other_files(made: Made) -> None:
    writer = made.writer()
    writer.file(0, "before", b"1")
    put(writer, {"a": b"one", "d/b": b"x" * 200_000, "twin": b"one"})
    writer.file(1, "after", b"2")
    writer.end()
    made.deliver()
    assert not made.path.exists()
    with Client() as client:
        found = client.get_artifact("p", "data")
        assert (found["version"], found["fileCount"], found["size"]) == (0, 3, 200_006)
        assert [row["logName"] for row in client.get_files("p", "r")] == ["before", "after"]
        folder = client.download_artifact("p", "data", destination=made.sync.parent / "got")
        assert (folder / "d" / "b").read_bytes() == b"x" * 200_000
        assert (folder / "twin").read_bytes() == b"one"


def test_a_file_that_is_another_one_now_makes_no_version(made: Made) -> None:
    writer = made.writer()
    put(writer, {"a": b"one"}, token="good")
    put(writer, {"a": b"two", "b": b"three"}, token="bad")
    [blob] = [path for path in writer.journal.folder.glob("*.blobs/*") if path.read_bytes() == b"three"]
    blob.write_bytes(b"other")
    put(writer, {"a": b"four"}, token="last")
    writer.end()
    made.deliver()
    [refused] = made.poison()
    assert refused["kind"] == "ARTIFACT"
    assert refused["error"] == "b of artifact data has changed since it was added"
    assert sorted(path.read_bytes() for path in made.path.glob("*/poison/*")) == [b"other", b"two"]
    with Client() as client:
        assert [row["version"] for row in client.list_artifacts("p", "data")] == [1, 0]
        assert client.get_artifact_by_token("bad") is None


def test_a_file_that_is_gone_is_told(made: Made) -> None:
    writer = made.writer()
    put(writer, {"a": b"one"})
    for path in writer.journal.folder.glob("*.blobs/*"):
        path.unlink()
    writer.end()
    made.deliver()
    assert [refused["error"] for refused in made.poison()] == ["its content is not there any more"]
    assert made.receipt().writers[writer.name].lost == 1


def test_what_the_store_refuses_is_kept(made: Made) -> None:
    writer = made.writer()
    put(writer, {"a": b"one"}, token="1")
    put(writer, {"a": b"two"}, token="2", type="model")
    writer.put(records.ArtifactUse(1, 10**6))
    writer.end()
    made.deliver()
    assert sorted((refused["kind"], refused["error"][:20]) for refused in made.poison()) == [
        ("ARTIFACT", "Artifact data alread"),
        ("ARTIFACT_USE", "there is no artifact"),
    ]


def test_a_record_of_nonsense_is_kept(made: Made) -> None:
    writer = made.writer()
    writer.raw(int(records.Kind.ARTIFACT), b"\x91\x01")
    writer.end()
    made.deliver()
    assert len(made.poison()) == 1


def test_uses_arrive(made: Made) -> None:
    writer = made.writer()
    put(writer, {"a": b"one"}, used=True)
    writer.end()
    made.deliver()
    with Client() as client:
        found = client.get_artifact("p", "data")
        assert [run["externalId"] for run in client.artifact_runs(found["id"])["usedBy"]] == ["r"]


def test_a_stock_server_gets_the_files_and_a_manifest(root: Path, stock: Stock) -> None:
    made = Made(root / "sync", stock.remote())
    writer = made.writer()
    reference = ArtifactEntry("far", "etag", 7, ref="http://h/far")
    put(writer, {"a.txt": b"one", "d/a.txt": b"two"}, aliases=["best"], metadata='{"k": 1}', more=[reference])
    writer.end()
    made.deliver()
    files = {file["fileName"]: file for file in stock.run("r").files}
    by_caption = {file["caption"]: file for file in files.values()}
    assert {file["logName"] for file in files.values()} == {"data"}
    assert set(by_caption) == {"a.txt", "d/a.txt", "manifest.json"}
    stored = {key.rpartition("/")[2]: content for key, content in stock.objects.items()}
    manifest = json.loads(stored[by_caption["manifest.json"]["fileName"]])
    assert (manifest["aliases"], manifest["metadata"], manifest["type"]) == (["best"], {"k": 1}, "dataset")
    for path, content in (("a.txt", b"one"), ("d/a.txt", b"two")):
        assert stored[manifest["contents"][path]["file"]] == content
    assert manifest["contents"]["far"] == {
        "file": None, "digest": "etag", "size": 7, "ref": "http://h/far", "extra": {},
    }  # fmt: skip


def test_a_stock_server_that_fails_amid_an_artifact_gets_the_rest_later(root: Path, stock: Stock) -> None:
    made = Made(root / "sync", stock.remote())
    writer = made.writer()
    put(writer, {f"{index}": str(index).encode() for index in range(PORTION + 20)})
    writer.end()
    stock.fail(503, path="/objects", times=2)
    made.deliver(20)
    assert not made.path.exists()
    assert len(stock.objects) == len({file["fileName"] for file in stock.run("r").files}) == PORTION + 21

"""Artifacts: files that are referred to."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import pytest

from pluto.compat.attributes.kinds import TrackedFile
from pluto.compat.neptune import types
from pluto.compat.neptune.exceptions import (
    NeptuneEmptyLocationException,
    NeptuneLocalStorageAccessException,
    NeptuneMissingRequirementException,
    NeptuneUnhandledArtifactSchemeException,
    NeptuneUnsupportedArtifactFunctionalityException,
)
from pluto.compat.neptune.internal.artifacts.tracking import artifact_hash


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("data/a.txt", "data/sub/b.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "data"


def test_tracking_a_folder(run: Any, tree: Path) -> None:
    run["a"].track_files("data")
    files = run["a"].fetch_files_list()
    assert [(file.file_path, file.type, file.size) for file in files] == [
        ("a.txt", "Local", 10), ("sub/b.txt", "Local", 14),
    ]  # fmt: skip
    assert files[0].file_hash == hashlib.sha1(b"data/a.txt", usedforsecurity=False).hexdigest()
    assert files[0].metadata["file_path"] == f"file://{tree / 'a.txt'}"
    assert set(files[0].metadata) == {"file_path", "last_modified"}
    assert len(run["a"].fetch_hash()) == 64


def test_the_hash_is_that_of_the_tree(run: Any, tree: Path, tmp_path: Path) -> None:
    run["a"].track_files("data")
    run["b"].track_files(f"file://{tree}")
    tree.rename(tmp_path / "moved")
    run["c"].track_files("moved")
    assert run["a"].fetch_hash() == run["b"].fetch_hash() == run["c"].fetch_hash()
    assert run["a"].fetch_files_list() == run["b"].fetch_files_list()
    (tmp_path / "moved/a.txt").write_text("changed!!!")
    run["d"].track_files("moved")
    assert run["d"].fetch_hash() != run["a"].fetch_hash()


def test_the_hash_as_neptune_computes_it() -> None:
    files = [TrackedFile("to/file2", "23" * 20, "local", (), 2), TrackedFile("to/file1", "23" * 20, "local", (), 1)]
    expected = hashlib.sha256()
    for path, size in (("to/file1", 1), ("to/file2", 2)):
        expected.update(b"#" + len(path).to_bytes(4, "big") + path.encode() + b"#" + b"23" * 20)
        expected.update(b"#" + size.to_bytes(8, "big") + b"#" + (5).to_bytes(4, "big") + b"local")
    assert artifact_hash(files) == expected.hexdigest()


def test_a_file_and_a_destination(run: Any, tree: Path) -> None:
    run["a"].track_files("data/a.txt")
    assert [file.file_path for file in run["a"].fetch_files_list()] == ["a.txt"]
    run["b"].track_files("data", destination="some/where")
    assert [file.file_path for file in run["b"].fetch_files_list()] == ["some/where/a.txt", "some/where/sub/b.txt"]


def test_tracking_again_adds(run: Any, tree: Path) -> None:
    run["a"].track_files("data/a.txt")
    first = run["a"].fetch_hash()
    run["a"].track_files("data/sub/b.txt", destination="sub")
    assert [file.file_path for file in run["a"].fetch_files_list()] == ["a.txt", "sub/b.txt"]
    assert run["a"].fetch_hash() != first


def test_assigning_to_another_field(run: Any, tree: Path) -> None:
    run["a"].track_files("data")
    run["b"] = run["a"].fetch()
    assert run["b"].fetch() == types.Artifact(run["a"].fetch_hash())
    assert run["b"].fetch_files_list() == run["a"].fetch_files_list()
    with pytest.raises(TypeError):
        run["b"] = "text"
    with pytest.raises(AssertionError):
        types.Artifact("short")


def test_downloading_links(run: Any, tree: Path, tmp_path: Path) -> None:
    run["a"].track_files("data")
    run["a"].download("out")
    link = tmp_path / "out/sub/b.txt"
    assert link.is_symlink()
    assert link.resolve() == tree / "sub/b.txt"
    run["a"].download("out")  # again
    (tree / "a.txt").unlink()
    with pytest.raises(NeptuneLocalStorageAccessException):
        run["a"].download("out")


BAD = [
    ("data/*", NeptuneUnsupportedArtifactFunctionalityException),
    ("gs://bucket/x", NeptuneUnhandledArtifactSchemeException),
    ("nowhere", NeptuneEmptyLocationException),
]


@pytest.mark.parametrize(("location", "error"), BAD)
def test_what_can_t_be_tracked(debug: Any, location: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        debug["a"].track_files(location)


@pytest.mark.parametrize(("location", "error"), BAD)
def test_in_async_mode_the_log_tells(
    open_run: Any, capsys: pytest.CaptureFixture[str], location: str, error: type[Exception]
) -> None:
    run = open_run(mode="async")
    run["a"].track_files(location)
    assert "Error occurred during asynchronous operation processing" in capsys.readouterr().out


def test_s3_without_boto3(debug: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(NeptuneMissingRequirementException, match="pip install boto3"):
        debug["a"].track_files("s3://bucket/prefix")


def test_s3(debug: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Against a stand-in for boto3, which is no dependency."""
    import datetime as dt
    import types as modules
    from dataclasses import dataclass

    @dataclass
    class Entry:
        key: str
        e_tag: str
        size: int
        last_modified: dt.datetime = dt.datetime(2024, 5, 6, 7, 8, 9)

    class Bucket:
        def __init__(self, name: str) -> None:
            assert name == "bucket"
            self.objects = self

        def filter(self, Prefix: str) -> list[Entry]:
            known = [Entry("p/a.txt", '"e1"', 5), Entry("p/sub/b.txt", '"e2"', 7), Entry("p/sub/", '"e3"', 0)]
            return [entry for entry in known if entry.key.startswith(Prefix)]

        def download_file(self, key: str, target: str) -> None:
            Path(target).write_text(key)

    class Failure(Exception):
        pass

    boto3 = modules.ModuleType("boto3")
    boto3.resource = lambda kind, endpoint_url: modules.SimpleNamespace(Bucket=Bucket)  # type: ignore[attr-defined]
    failures = modules.ModuleType("botocore.exceptions")
    failures.ClientError = failures.NoCredentialsError = Failure  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "boto3", boto3)
    monkeypatch.setitem(sys.modules, "botocore", modules.ModuleType("botocore"))
    monkeypatch.setitem(sys.modules, "botocore.exceptions", failures)
    debug["a"].track_files("s3://bucket/p")
    files = debug["a"].fetch_files_list()
    assert [(file.file_path, file.file_hash, file.type, file.size) for file in files] == [
        ("a.txt", "e1", "S3", 5), ("sub/b.txt", "e2", "S3", 7),
    ]  # fmt: skip
    assert files[0].metadata == {"location": "s3://bucket/p/a.txt", "last_modified": "2024-05-06 07:08:09"}
    debug["a"].download(str(tmp_path / "out"))
    assert (tmp_path / "out/sub/b.txt").read_text() == "p/sub/b.txt"
    debug["one"].track_files("s3://bucket/p/a.txt", destination="d")
    assert [file.file_path for file in debug["one"].fetch_files_list()] == ["d/a.txt"]


def test_hashes_are_remembered(tree: Path, tmp_path: Path) -> None:
    from pluto.compat.neptune.internal.artifacts import hashes

    path, cache = tree / "a.txt", tmp_path / "cache"
    right = hashlib.sha1(b"data/a.txt", usedforsecurity=False).hexdigest()
    assert hashes.sha1_of_all([path], cache) == [right]
    status = path.stat()
    path.write_text("data/b.txt")
    import os

    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert hashes.sha1_of_all([path], cache) == [right]  # as far as size and time tell, nothing changed
    path.write_text("other")
    assert hashes.sha1_of_all([path], cache) == [hashlib.sha1(b"other", usedforsecurity=False).hexdigest()]


def test_a_broken_memory_of_hashes_is_no_error(tree: Path, tmp_path: Path) -> None:
    from pluto.compat.neptune.internal.artifacts import hashes

    (tmp_path / "hashes.db").write_text("no database")
    right = hashlib.sha1(b"data/a.txt", usedforsecurity=False).hexdigest()
    assert hashes.sha1_of_all([tree / "a.txt"], tmp_path) == [right]
    assert hashes.sha1_of_all([tree / "a.txt"], Path("/proc/nowhere")) == [right]

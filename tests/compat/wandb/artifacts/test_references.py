"""References: what is noted of what lies elsewhere, and how it comes back."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from pluto.compat.wandb.sdk.artifacts.storage_handlers import multi_handler


class _Files(BaseHTTPRequestHandler):
    """Serves `files` of its server: by path, content and etag."""

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/a.txt")
            self.end_headers()
            return
        found = self.server.files.get(self.path)  # type: ignore[attr-defined]
        if found is None:
            self.send_error(404)
            return
        content, etag = found
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        if etag:
            self.send_header("ETag", etag)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing: the test's output is its own."""


@pytest.fixture
def web() -> Iterator[Any]:
    """A web server on loopback: `files` by path, `url` to put before it."""
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), _Files)
    server.files = {"/a.txt": (b"hello", '"tag-1"'), "/plain": (b"no etag", None)}
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def fresh_handlers() -> Iterator[None]:
    multi_handler._handler.cache_clear()
    yield
    multi_handler._handler.cache_clear()


def facts(entry: Any) -> dict[str, Any]:
    return {name: value for name, value in entry.to_json().items() if name != "skip_cache"}


def test_the_web(run: Any, make: Any, web: Any) -> None:
    artifact = make({})
    [one] = artifact.add_reference(f"{web.url}/a.txt")
    assert facts(one) == {
        "path": "a.txt", "digest": "tag-1", "ref": f"{web.url}/a.txt", "size": 5, "extra": {"etag": '"tag-1"'},
    }  # fmt: skip
    [moved] = artifact.add_reference(f"{web.url}/moved", name="m")
    assert (moved.ref, moved.digest) == (f"{web.url}/a.txt", "tag-1")
    [plain] = artifact.add_reference(f"{web.url}/plain", "p")
    assert facts(plain) == {
        "path": "p", "digest": f"{web.url}/plain", "ref": f"{web.url}/plain", "size": 7, "extra": {},
    }  # fmt: skip
    logged = run.log_artifact(artifact).wait()
    assert logged.get_entry("a.txt").ref_target() == f"{web.url}/a.txt"
    assert (logged.size, logged.get_entry("a.txt").extra) == (17, {"etag": '"tag-1"'})
    folder = Path(logged.download())
    assert sorted(path.name for path in folder.iterdir()) == ["a.txt", "m", "p"]
    assert (folder / "m").read_text() == "hello"
    assert (folder / "p").read_text() == "no etag"


def test_the_web_has_changed(run: Any, make: Any, web: Any, capsys: pytest.CaptureFixture[str]) -> None:
    artifact = make()
    artifact.add_reference(f"{web.url}/a.txt", "ref")
    logged = run.log_artifact(artifact).wait()
    web.files["/a.txt"] = b"other", '"tag-2"'
    with pytest.raises(ValueError, match="Digest mismatch for url"):
        logged.download("x")
    del web.files["/a.txt"]
    with pytest.raises(FileNotFoundError, match="404"):
        logged.download("x")
    logged.download("y", allow_missing_references=True)
    assert [path.name for path in Path("y").iterdir()] == ["a.txt"]
    logged.verify("y")
    assert "skipped verification of 1 refs" in capsys.readouterr().err


def test_the_web_is_not_there(make: Any, web: Any) -> None:
    with pytest.raises(FileNotFoundError, match="404"):
        make({}).add_reference(f"{web.url}/none")
    with pytest.raises(Exception, match=r"127\.0\.0\.1:1/") as caught:
        make({}).add_reference("http://127.0.0.1:1/none")
    assert type(caught.value).__name__ == "CommError"


def test_files_that_stay_where_they_are(run: Any, make: Any, place: Path) -> None:
    (place / "data").mkdir()
    (place / "data" / "x.txt").write_text("x")
    artifact = make({})
    artifact.add_reference(f"file://{place}/data", "in")
    logged = run.log_artifact(artifact).wait()
    assert Path(logged.download(), "in", "x.txt").read_text() == "x"
    assert logged.get_entry("in/x.txt").ref == f"file://{place}/data/x.txt"
    (place / "data" / "x.txt").write_text("changed")
    assert Path(logged.download("other"), "in", "x.txt").read_text() == "x"  # by way of the cache
    from pluto.compat.wandb.sdk.artifacts.artifact_file_cache import get_artifact_file_cache

    get_artifact_file_cache().cleanup()
    with pytest.raises(ValueError, match="Digest mismatch for path"):
        logged.download("third")
    (place / "data" / "x.txt").unlink()
    with pytest.raises(ValueError, match="Failed to find file"):
        logged.download("third")


def test_unknown_schemes_are_noted_down(run: Any, make: Any) -> None:
    artifact = make({})
    artifact.add_reference("foo://bar/baz", "z")
    logged = run.log_artifact(artifact).wait()
    assert logged.get_entry("z").ref == "foo://bar/baz"
    assert logged.get_entry("z").ref_target() == "z"
    with pytest.raises(ValueError, match="scheme foo not recognized"):
        logged.download()


@pytest.mark.parametrize(
    ("address", "library"),
    [
        ("s3://bucket/key", "boto3"),
        ("gs://bucket/key", "google-cloud-storage"),
        ("https://account.blob.core.windows.net/container/key", "azure-storage-blob"),
    ],
)
def test_clouds_need_their_libraries(make: Any, monkeypatch: pytest.MonkeyPatch, address: str, library: str) -> None:
    for name in ("boto3", "google.cloud.storage", "azure.identity"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(Exception, match=f"pip install {library}") as caught:
        make({}).add_reference(address)
    assert type(caught.value).__name__ == "Error"


class _S3Object:
    """An object of a bucket as boto3 has it, summaries included."""

    content_type = "binary/octet-stream"

    def __init__(self, key: str, content: bytes, etag: str, version: str | None = None) -> None:
        self.key, self.content, self.e_tag, self.version_id = key, content, f'"{etag}"', version
        self.size = self.content_length = len(content)
        self.bucket_name = "bucket"

    def load(self) -> None:
        """It is there."""

    def download_fileobj(self, sink: Any, ExtraArgs: Any) -> None:
        assert ExtraArgs in ({}, {"VersionId": self.version_id})
        sink.write(self.content)


class _NoS3Object(Exception):
    response = {"Error": {"Code": "404", "Message": "Not Found"}}


def _missing(key: str) -> Any:
    def fail() -> None:
        raise _NoS3Object(key)

    return SimpleNamespace(key=key, load=fail)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> dict[str, _S3Object]:
    """What is in the bucket, by key; boto3 finds it there."""
    stored = {
        "d/a.txt": _S3Object("d/a.txt", b"aaa", "e1", "v1"),
        "d/sub/b.txt": _S3Object("d/sub/b.txt", b"bb", "e2", "null"),
        "d/empty": _S3Object("d/empty", b"", "e3"),
    }

    class Found(list[_S3Object]):
        def filter(self, Prefix: str) -> Any:
            return Found(one for one in self if one.key.startswith(Prefix))

        def limit(self, count: int) -> Any:
            return Found(self[:count])

    def bucket(_: str) -> Any:
        every = Found(stored.values())
        return SimpleNamespace(objects=every, object_versions=every)

    def version(_: str, key: str, id: str) -> Any:
        head = {"ETag": stored[key].e_tag} if stored[key].version_id == id else {"ETag": '"gone"'}
        return SimpleNamespace(head=lambda: head, Object=lambda: stored[key])

    resource = SimpleNamespace(
        Object=lambda _, key: stored.get(key) or _missing(key), Bucket=bucket, ObjectVersion=version
    )
    session = SimpleNamespace(Session=lambda: SimpleNamespace(resource=lambda *_, **__: resource))
    boto3, errors = ModuleType("boto3"), ModuleType("botocore.exceptions")
    boto3.session = session  # type: ignore[attr-defined]
    errors.ClientError = _NoS3Object  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "boto3", boto3)
    monkeypatch.setitem(sys.modules, "botocore", ModuleType("botocore"))
    monkeypatch.setitem(sys.modules, "botocore.exceptions", errors)
    return stored


def test_s3(run: Any, make: Any, s3: dict[str, _S3Object]) -> None:
    artifact = make({})
    [one] = artifact.add_reference("s3://bucket/d/a.txt?versionId=v1", "one")
    assert facts(one) == {
        "path": "one", "digest": "e1", "ref": "s3://bucket/d/a.txt", "size": 3,
        "extra": {"etag": "e1", "versionID": "v1"},
    }  # fmt: skip
    many = artifact.add_reference("s3://bucket/d", "many")
    assert [(entry.path, entry.ref) for entry in many] == [
        ("many/a.txt", "s3://bucket/d/a.txt"), ("many/sub/b.txt", "s3://bucket/d/sub/b.txt"),
    ]  # fmt: skip
    assert [entry.path for entry in make({}).add_reference("s3://bucket/d")] == ["a.txt", "sub/b.txt"]
    assert [entry.path for entry in make({}).add_reference("s3://bucket/d/a.txt")] == ["a.txt"]
    assert [entry.digest for entry in make({}).add_reference("s3://bucket/d", checksum=False)] == ["s3://bucket/d"]
    logged = run.log_artifact(artifact).wait()
    folder = Path(logged.download())
    assert (folder / "one").read_text() == "aaa"
    assert (folder / "many" / "sub" / "b.txt").read_text() == "bb"
    s3["d/a.txt"] = _S3Object("d/a.txt", b"new", "e9", "v9")
    s3["d/sub/b.txt"] = _S3Object("d/sub/b.txt", b"new", "e8")
    from pluto.compat.wandb.sdk.artifacts.artifact_file_cache import get_artifact_file_cache

    get_artifact_file_cache().cleanup()
    with pytest.raises(ValueError, match="Digest mismatch for object"):
        logged.get_entry("one").download("x")
    with pytest.raises(FileNotFoundError, match="matching etag e2"):
        logged.get_entry("many/sub/b.txt").download("x")


class _Blob:
    def __init__(self, name: str, content: bytes, etag: str, generation: int) -> None:
        self.name, self.content, self.etag, self.generation, self.size = name, content, etag, generation, len(content)

    def download_to_file(self, sink: Any) -> None:
        sink.write(self.content)


@pytest.fixture
def gcs(monkeypatch: pytest.MonkeyPatch) -> dict[str, _Blob]:
    """What is in the bucket, by name; google-cloud-storage finds it there."""
    stored = {
        "d/a.txt": _Blob("d/a.txt", b"aaa", "e1", 1),
        "d/sub/b.txt": _Blob("d/sub/b.txt", b"bb", "e2", 2),
        "d/folder/": _Blob("d/folder/", b"", "e3", 3),
    }

    def blob(name: str, generation: Any = None) -> _Blob | None:
        found = stored.get(name)
        return found if found is not None and generation in (None, found.generation) else None

    bucket = SimpleNamespace(
        get_blob=blob,
        list_blobs=lambda prefix, max_results: [one for name, one in stored.items() if name.startswith(prefix)][
            :max_results
        ],
    )
    module = ModuleType("google.cloud.storage")
    module.Client = lambda: SimpleNamespace(bucket=lambda _: bucket)  # type: ignore[attr-defined]
    for name in ("google", "google.cloud"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "google.cloud.storage", module)
    return stored


def test_google_cloud_storage(run: Any, make: Any, gcs: dict[str, _Blob]) -> None:
    artifact = make({})
    [one] = artifact.add_reference("gs://bucket/d/a.txt", "one")
    assert facts(one) == {
        "path": "one", "digest": "e1", "ref": "gs://bucket/d/a.txt", "size": 3, "extra": {"versionID": 1},
    }  # fmt: skip
    many = artifact.add_reference("gs://bucket/d", "many")
    assert [(entry.path, entry.ref) for entry in many] == [
        ("many/a.txt", "gs://bucket/d/a.txt"), ("many/sub/b.txt", "gs://bucket/d/sub/b.txt"),
    ]  # fmt: skip
    assert [entry.path for entry in make({}).add_reference("gs://bucket/d")] == ["a.txt", "sub/b.txt"]
    with pytest.raises(ValueError, match="Object does not exist"):
        make({}).add_reference("gs://bucket/d/a.txt#7")
    logged = run.log_artifact(artifact).wait()
    assert Path(logged.download(), "many", "sub", "b.txt").read_text() == "bb"
    gcs["d/a.txt"] = _Blob("d/a.txt", b"new", "e9", 9)
    from pluto.compat.wandb.sdk.artifacts.artifact_file_cache import get_artifact_file_cache

    get_artifact_file_cache().cleanup()
    with pytest.raises(ValueError, match="Digest mismatch for object"):
        logged.get_entry("one").download("x")

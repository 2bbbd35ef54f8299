from __future__ import annotations

import io
import json
import os
from pathlib import Path

import numpy as np
import pytest

from pluto.core.media import Artifact, File, Image, Text
from pluto.core.media.draft import INLINE_LIMIT_BYTES
from tests.media.captured import Pipeline


def test_a_file_as_it_is(pipeline: Pipeline, tmp_path: Path) -> None:
    path = tmp_path / "model.tar.gz"
    path.write_bytes(b"weights")
    for value in (path, str(path), os.path.relpath(path), b"weights", io.BytesIO(b"weights"), io.StringIO("weights")):
        (file,) = pipeline.render(File(value))
        assert file.path.read_bytes() == b"weights"
    (file,) = pipeline.render(File(path))
    assert file.file_name.startswith("model.tar-")
    assert (file.file_name[-3:], file.file_type) == (".gz", "gz")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("weights", "weights.bin"), ("weights.bin", "weights.bin"), ("../../etc/x y", "-..-etc-x-y.bin"), ("..", "bin")],
)
def test_a_given_name_gets_the_extension_and_stays_harmless(
    pipeline: Pipeline, tmp_path: Path, name: str, expected: str
) -> None:
    (tmp_path / "a.bin").write_bytes(b"1")
    (file,) = pipeline.render(File(tmp_path / "a.bin", name))
    assert file.file_name == expected


def test_files_without_a_name_never_share_one(pipeline: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"1")
    names = {pipeline.render(File(tmp_path / "a.bin"))[0].file_name for _ in range(100)}
    assert len(names) == 100


def test_small_content_is_inline_and_big_content_is_beside_it(pipeline: Pipeline, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * INLINE_LIMIT_BYTES)
    (draft,) = pipeline.capture(File(path))
    assert draft.blob is None
    assert draft.inline == path.read_bytes()
    path.write_bytes(b"x" * (INLINE_LIMIT_BYTES + 1))
    (draft,) = pipeline.capture(File(path))
    assert draft.inline is None
    assert pipeline.blob(draft.blob or "").read_bytes() == path.read_bytes()
    assert draft.parameters["size"] == INLINE_LIMIT_BYTES + 1
    assert draft.parameters["mtime_ns"] == path.stat().st_mtime_ns
    assert draft.parameters["linked"] is False
    (draft,) = pipeline.capture(File(b"y" * (INLINE_LIMIT_BYTES + 1)))
    assert pipeline.blob(draft.blob or "").read_bytes() == b"y" * (INLINE_LIMIT_BYTES + 1)


def test_an_empty_file_is_a_file(pipeline: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (file,) = pipeline.render(File(tmp_path / "empty"))
    assert (file.path.read_bytes(), file.file_type, file.mime) == (b"", "", "application/octet-stream")


def test_a_file_gone_before_it_is_logged_is_an_error_of_the_call(pipeline: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    file = File(tmp_path / "a")
    (tmp_path / "a").unlink()
    with pytest.raises(FileNotFoundError):
        pipeline.capture(file)


def test_texts(pipeline: Pipeline, tmp_path: Path) -> None:
    for value, expected in (
        ("héllo\r\n", "héllo\r\n".encode()),
        ("", b""),
        ("a\0b", b"a\0b"),
        ("\ud800", b"\\ud800"),
        (b"bytes", b"bytes"),
        (3.5, b"3.5"),
        ("x" * 100_000, b"x" * 100_000),
    ):
        (file,) = pipeline.render(Text(value, caption="note"))
        assert file.path.read_bytes() == expected
        assert (file.file_type, file.mime, file.caption) == ("txt", "text/plain", "note")
    (tmp_path / "a.md").write_text("# title")
    for path in (tmp_path / "a.md", str(tmp_path / "a.md")):
        (file,) = pipeline.render(Text(path))
        assert (file.path.read_text(), file.file_type) == ("# title", "md")
    with pytest.raises(FileNotFoundError, match="Text data"):
        Text(tmp_path / "missing")
    assert pipeline.render(Text("."))[0].path.read_text() == "."


def test_artifact_of_a_file_or_bytes(pipeline: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "m.pt").write_bytes(b"m")
    metadata = {"epoch": np.int64(3), "loss": float("nan"), "big": 2**80}
    (file,) = pipeline.render(Artifact(str(tmp_path / "m.pt"), caption="best", metadata=metadata))
    assert file.path.read_bytes() == b"m"
    assert file.file_name.startswith("best-")
    assert file.file_name.endswith(".pt")
    assert json.loads(file.metadata or "") == {"epoch": 3, "loss": "NaN", "big": str(2**80)}
    (file,) = pipeline.render(Artifact(b"raw"))
    assert (file.path.read_bytes(), file.file_type) == (b"raw", "")


def test_artifact_of_a_folder(pipeline: Pipeline, tmp_path: Path) -> None:
    folder = tmp_path / "data set"
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "x.csv").write_text("1")
    (folder / "a" / "x.csv").write_text("2")
    (folder / "a" / "b" / "x.csv").write_text("3" * 100_000)
    os.mkfifo(folder / "pipe")
    artifact = Artifact(folder, metadata={"version": 2})
    artifact.add_file(folder / "x.csv", name="more/x.csv")
    files = pipeline.render(artifact)
    entries = {json.loads(file.metadata or "")["artifact_path"]: file for file in files}
    assert sorted(entries) == ["a/b/x.csv", "a/x.csv", "more/x.csv", "x.csv"]
    assert entries["a/b/x.csv"].path.read_text() == "3" * 100_000
    assert entries["a/x.csv"].path.read_text() == "2"
    assert all(json.loads(file.metadata or "")["version"] == 2 for file in files)
    assert len({file.file_name for file in files}) == 4
    assert {draft.type for draft in pipeline.capture(artifact)} == {"ARTIFACT"}


def test_artifact_by_add_file(pipeline: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    artifact = Artifact()
    with pytest.raises(ValueError, match="add_file"):
        pipeline.capture(artifact)
    artifact.add_file(tmp_path / "a.txt")
    (file,) = pipeline.render(artifact)
    assert file.path.read_text() == "a"
    for name in ("../up", "/abs", ".", "a/../../b"):
        with pytest.raises(ValueError, match="add_file name"):
            artifact.add_file(tmp_path / "a.txt", name=name)
    with pytest.raises(FileNotFoundError, match="add_file"):
        artifact.add_file(tmp_path / "missing")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ValueError, match="no files"):
        pipeline.capture(Artifact(tmp_path / "folder"))


@pytest.mark.parametrize(
    ("make", "error", "named"),
    [
        (lambda: File("missing"), FileNotFoundError, "File path"),
        (lambda: File("/dev/null"), ValueError, "not a regular file"),
        (lambda: File(3), TypeError, "File path"),
        (lambda: File(b"", nmae="x"), TypeError, "'nmae'"),
        (lambda: File(b"", metadata=[1]), TypeError, "File metadata"),
        (lambda: Artifact("missing"), FileNotFoundError, "Artifact data"),
        (lambda: Artifact(3), TypeError, "Artifact data"),
        (lambda: Artifact(b"", type="model"), TypeError, "'type'"),
    ],
)
def test_bad_input_names_the_field(make: object, error: type[Exception], named: str) -> None:
    with pytest.raises(error, match=named):
        make()  # type: ignore[operator]


def test_load_writes_the_value_where_it_is_wanted(tmp_path: Path) -> None:
    image = Image(np.zeros((3, 4, 3), np.uint8), masks={"m": {"mask_data": [[1]]}}, caption="it")
    with pytest.raises(ValueError, match="give a folder"):
        image.load()
    path = image.load(tmp_path / "new" / "folder")
    assert path.parent == tmp_path / "new" / "folder"
    assert path.read_bytes().startswith(b"\x89PNG")
    assert len(list(path.parent.iterdir())) == 2
    (tmp_path / "a.txt").write_text("x" * 100_000)
    text = Text(str(tmp_path / "a.txt"))
    assert text.load() == tmp_path / "a.txt"
    copy = text.load(tmp_path / "copies")
    assert copy.read_text() == (tmp_path / "a.txt").read_text()
    assert copy != tmp_path / "a.txt"

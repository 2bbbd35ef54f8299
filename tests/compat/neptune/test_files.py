"""Files, sets of files, and what makes a file of an object."""

from __future__ import annotations

import datetime as dt
import io
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pluto.compat.neptune import types
from pluto.compat.neptune.exceptions import (
    FileSetNotFound,
    MetadataInconsistency,
    MissingFieldException,
    NeptuneException,
    StreamAlreadyUsedException,
    TypeDoesNotSupportAttributeException,
)
from pluto.compat.neptune.internal.types.file_types import FileType

File = types.File


def fetched(field: Any, tmp_path: Path) -> bytes:
    target = tmp_path / "fetched"
    field.download(str(target))
    return target.read_bytes()


def test_a_file_by_its_path(run: Any, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a,b")
    run["f"].upload("data.csv")
    os.remove("data.csv")
    assert fetched(run["f"], tmp_path) == b"a,b"
    assert run["f"].fetch_extension() == "csv"


def test_a_later_change_of_folder_is_harmless(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data.csv").write_text("first")
    run["f"].upload("data.csv")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert fetched(run["f"], tmp_path) == b"first"


@pytest.mark.parametrize(
    ("made", "content", "extension"),
    [
        (lambda: File.from_content("text ü"), "text ü".encode(), "txt"),
        (lambda: File.from_content(b"\x00\x01"), b"\x00\x01", "bin"),
        (lambda: File.from_content("a,b", extension="csv"), b"a,b", "csv"),
        (lambda: File.from_stream(io.BytesIO(b"bytes")), b"bytes", "bin"),
        (lambda: File.from_stream(io.StringIO("text")), b"text", "txt"),
        (lambda: File.from_stream(io.BytesIO(b"bytes"), seek=2), b"tes", "bin"),
        (lambda: File.from_stream(io.BytesIO(b"x"), extension="png"), b"x", "png"),
        (lambda: File.as_pickle({"a": 1}), pickle.dumps({"a": 1}), "pkl"),
    ],
)
def test_files_of_content(run: Any, tmp_path: Path, made: Any, content: bytes, extension: str) -> None:
    run["f"].upload(made())
    assert fetched(run["f"], tmp_path) == content
    assert run["f"].fetch_extension() == extension


def test_another_extension_than_the_paths(run: Any, tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(b"1")
    run["f"].upload(File.from_path("weights", extension="pt"))
    assert run["f"].fetch_extension() == "pt"
    run["g"].upload("weights")
    assert run["g"].fetch_extension() == ""


def test_uploading_again_replaces(run: Any, tmp_path: Path) -> None:
    for text in ("one", "two"):
        run["f"].upload(File.from_content(text))
    run["f"] = File.from_content("three", extension="md")
    assert fetched(run["f"], tmp_path) == b"three"
    assert run["f"].fetch_extension() == "md"


def test_content_is_taken_at_the_call(run: Any, tmp_path: Path) -> None:
    stream = io.BytesIO(b"first")
    run["f"].upload(File.from_stream(stream))
    stream.write(b"changed")
    assert fetched(run["f"], tmp_path) == b"first"


def test_a_stream_is_read_once(run: Any) -> None:
    file = File.from_stream(io.BytesIO(b"x"))
    run["f"].upload(file)
    with pytest.raises(StreamAlreadyUsedException):
        run["g"].upload(file)


def test_where_there_is_no_file_the_log_tells(run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run["f"].upload("nowhere/at.all")
    assert "nowhere/at.all" in capsys.readouterr().out
    with pytest.raises(MetadataInconsistency):
        run["f"].download()


@pytest.mark.parametrize("value", [5, None, Path("x"), b"bytes", [1]])
def test_what_is_no_file(debug: Any, value: Any) -> None:
    with pytest.raises(TypeError):
        debug["f"].upload(value)


def test_what_needs_a_word_more(debug: Any) -> None:
    import pandas as pd

    with pytest.raises(TypeError, match="as_image"):
        debug["f"].upload(np.zeros((3, 3)))
    with pytest.raises(TypeError, match="as_html"):
        debug["f"].upload(pd.DataFrame({"a": [1]}))


def test_downloading(run: Any, tmp_path: Path) -> None:
    run["deep/f"].upload(File.from_content("x", extension="md"))
    run["deep/f"].download()
    assert (tmp_path / "f.md").read_text() == "x"
    (tmp_path / "folder").mkdir()
    run["deep/f"].download("folder")
    assert (tmp_path / "folder/f.md").read_text() == "x"
    run["deep/f"].download(destination="named", progress_bar=False)
    assert (tmp_path / "named").read_text() == "x"
    with pytest.raises(TypeError, match="destination"):
        run["deep/f"].download(5)


def test_a_file_has_no_value(debug: Any) -> None:
    debug["f"].upload(File.from_content("x"))
    with pytest.raises(TypeDoesNotSupportAttributeException):
        debug["f"].fetch()


def test_what_a_file_is_made_of() -> None:
    with pytest.raises(ValueError, match="not of both"):
        File("x", File.from_content("y")._file_composite)
    with pytest.raises(ValueError, match="made of"):
        File()
    with pytest.raises(TypeError):
        File(Path("x"))  # type: ignore[arg-type]
    assert (File("a/b.tar.gz").extension, File("a/b").extension) == ("gz", "")
    assert (File("a/b").path, File("a/b").file_type) == ("a/b", FileType.LOCAL_FILE)
    with pytest.raises(NeptuneException):
        File("a/b").content
    with pytest.raises(NeptuneException):
        File.from_content("x").path


def shade(array: Any, **kwargs: Any) -> Any:
    return np.asarray(Image.open(io.BytesIO(File.as_image(array, **kwargs).content)))


def test_arrays_as_images(capsys: pytest.CaptureFixture[str]) -> None:
    assert shade(np.full((2, 3), 0.5)).tolist() == [[127] * 3] * 2
    assert shade(np.full((2, 3), 7)).tolist() == [[7] * 3] * 2
    assert shade(np.full((2, 3, 1), 200)).shape == (2, 3)
    assert shade(np.full((2, 3, 3), 200)).shape == (2, 3, 3)
    assert shade(np.full((2, 3, 4), 200)).shape == (2, 3, 4)
    assert shade(np.full((2, 3), 1), autoscale=False).tolist() == [[1] * 3] * 2
    assert capsys.readouterr().out == ""
    shade(np.full((2, 3), 300))
    assert "[neptune] [warning] the image's values go from 300 to 300" in capsys.readouterr().out
    for shape in ((3,), (2, 3, 2), (1, 2, 3, 3)):
        with pytest.raises(ValueError, match="shape"):
            File.as_image(np.zeros(shape))
    for value, error in ((None, ValueError), ("x", TypeError), (5, TypeError)):
        with pytest.raises(error):
            File.as_image(value)


def test_tables_and_charts_as_pages() -> None:
    import pandas as pd

    page = File.as_html(pd.DataFrame({"a": [1]}))
    assert page.extension == "html"
    assert b"<table" in page.content
    with pytest.raises(ValueError, match="can't be made HTML"):
        File.as_html(5)


def test_figures_without_plotly_become_images(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import sys

    from matplotlib.figure import Figure

    monkeypatch.setitem(sys.modules, "plotly", None)
    assert File.as_html(Figure()).content.startswith(b"<img src='data:image/png;base64,")
    assert "Plotly is not installed" in capsys.readouterr().out


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder `data` in the current one, with files at three levels."""
    for name in ("data/a.txt", "data/sub/b.txt", "data/sub/deep/c.bin"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "data"


def names(run: Any, path: str, tmp_path: Path) -> list[str]:
    target = tmp_path / "all.zip"
    run[path].download(str(target))
    with zipfile.ZipFile(target) as archive:
        return sorted(archive.namelist())


def test_a_set_of_files(run: Any, tree: Path, tmp_path: Path) -> None:
    run["s"].upload_files("data")
    assert names(run, "s", tmp_path) == [
        "/", "data/", "data/a.txt", "data/sub/", "data/sub/b.txt", "data/sub/deep/", "data/sub/deep/c.bin",
    ]  # fmt: skip
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert archive.read("data/sub/b.txt") == b"data/sub/b.txt"


def test_patterns_and_several_paths(run: Any, tree: Path, tmp_path: Path) -> None:
    run["s"].upload_files(["data/**/*.txt", "data/sub/deep"])
    assert [name for name in names(run, "s", tmp_path) if not name.endswith("/")] == [
        "data/a.txt", "data/sub/b.txt", "data/sub/deep/c.bin",
    ]  # fmt: skip


def test_names_are_seen_from_what_is_common(run: Any, tree: Path, tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    run["s"].upload_files(str(tree / "sub"))
    assert [name for name in names(run, "s", tmp_path) if not name.endswith("/")] == ["b.txt", "deep/c.bin"]


def test_adding_and_replacing(run: Any, tree: Path, tmp_path: Path) -> None:
    run["s"].upload_files("data/a.txt")
    (tree / "a.txt").write_text("new")
    run["s"].upload_files("data/a.txt")
    run["s"].upload_files(["data/sub/b.txt", "data/a.txt"])
    run["s"].download(str(tmp_path / "all.zip"))
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        found = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    assert found == {"data/a.txt": b"new", "data/sub/b.txt": b"data/sub/b.txt"}


def test_assigning_puts_in_the_place(run: Any, tree: Path, tmp_path: Path) -> None:
    run["s"].upload_files("data/sub")
    run["s"] = ["data/a.txt"]
    assert [name for name in names(run, "s", tmp_path) if not name.endswith("/")] == ["data/a.txt"]
    run["s"] = types.FileSet("data/sub/b.txt")
    assert [name for name in names(run, "s", tmp_path) if not name.endswith("/")] == ["data/sub/b.txt"]


def test_deleting(run: Any, tree: Path, tmp_path: Path) -> None:
    run["s"].upload_files("data")
    run["s"].delete_files("data/sub")
    assert [name for name in names(run, "s", tmp_path) if not name.endswith("/")] == ["data/a.txt"]
    run["s"].delete_files(["data/a.txt", "data/unknown"])
    assert names(run, "s", tmp_path) == ["/"]
    with pytest.raises(MissingFieldException):
        run["missing"].delete_files("x")


def test_listing(run: Any, tree: Path) -> None:
    before = dt.datetime.now(dt.timezone.utc) - dt.timedelta(seconds=2)
    run["s"].upload_files("data")
    (top,) = run["s"].list_fileset_files()
    assert (top.name, top.file_type, top.size) == ("data", "directory", None)
    below = run["s"].list_fileset_files(path="data")
    assert [(entry.name, entry.file_type, entry.size) for entry in below] == [
        ("sub", "directory", None), ("a.txt", "file", 10),
    ]  # fmt: skip
    assert all(before <= entry.mtime <= dt.datetime.now(dt.timezone.utc) + dt.timedelta(seconds=2) for entry in below)
    with pytest.raises(FileSetNotFound):
        run["s"].list_fileset_files("data/unknown")


def test_the_archives_name(run: Any, tree: Path, tmp_path: Path) -> None:
    run["deep/s"].upload_files("data")
    run["deep/s"].download()
    assert (tmp_path / "s.zip").is_file()


@pytest.mark.parametrize("value", [5, [5], None])
def test_paths_are_texts(debug: Any, value: Any) -> None:
    with pytest.raises(TypeError):
        debug["s"].upload_files(value)
    debug["s"].upload_files("nowhere")
    with pytest.raises(TypeError):
        debug["s"] = value

"""Files of exports: what was downloaded comes over, and nothing from elsewhere."""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
from pathlib import Path

import pytest
from pluto_migration.model import File
from pluto_migration.source import Problems

from pluto.compat.attributes.layout import leaves
from tests.migration.exports import (
    BEGAN_US,
    SOURCE,
    Export,
    at,
    content,
    folder_name,
    noted,
    only,
    points,
    row,
    system,
    zipped,
)
from tests.migration.reading import Read, read, read_all, runs

PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)


@pytest.fixture
def export(tmp_path: Path) -> Export:
    return Export(tmp_path / "exports")


def test_files_are_told_by_extension_or_content(export: Export) -> None:
    contents = {"a.png": PNG, "b": PNG, "c.wav": b"x", "d.mp4": b"x", "e.bin": b"x", "f": b"text", "g.JPEG": b"x"}
    rows = [row(f"f/{name}", "file", export.file("w/p", f"w/p/P-1/f/{name}", data)) for name, data in contents.items()]
    export.part("w/p", "P-1", system("P-1"), rows)
    found = only(export)
    assert {file.name: (file.type, file.file_name) for file in found.of(File)} == {
        "f/a.png": ("IMAGE", "a.png"), "f/b": ("IMAGE", "b.png"), "f/c.wav": ("AUDIO", "c.wav"),
        "f/d.mp4": ("VIDEO", "d.mp4"), "f/e.bin": ("FILE", "e.bin"), "f/f": ("FILE", "f"),
        "f/g.JPEG": ("IMAGE", "g.JPEG"),
    }  # fmt: skip
    assert leaves(found.facts.attributes["types"]) == dict.fromkeys((f"f/{name}" for name in contents), "file")
    assert {file.name[2:]: content(file) for file in found.of(File)} == contents


def test_series_of_files(export: Export) -> None:
    rows = [
        row("imgs", "file_series", export.file("w/p", f"w/p/P-1/imgs/{step}.png", PNG + bytes([step])), step, time)
        for step, time in ((10, None), (2, at(5)))
    ]
    export.part("w/p", "P-1", system("P-1"), rows)
    found = only(export)
    assert [(file.name, file.step, file.time, file.type) for file in found.of(File)] == [
        ("imgs", 10.0, 0, "IMAGE"), ("imgs", 2.0, BEGAN_US + 5_000_000, "IMAGE"),
    ]  # fmt: skip
    assert found.facts.attributes["types"] == {"imgs": "file_series"}


def set_of(export: Export, content: bytes, name: str = "set.zip") -> Read:
    export.file("w/p", f"w/p/P-1/code/{name}", content)
    export.part("w/p", "P-1", system("P-1"), [row("code", "file_set", "w/p/P-1/code")])
    return only(export)


def entries(found: Read) -> dict[str, bytes | None]:
    return {
        (file.metadata or {}).get("artifact_path", ""): file.content if isinstance(file.content, bytes) else None
        for file in found.of(File)
    }


def test_a_set_of_files_is_unpacked(export: Export, tmp_path: Path) -> None:
    data = zipped(main_dot_py=b"print()", lib__util_dot_py=b"", lib__big=bytes(3 << 20))
    export.file("w/p", "w/p/P-1/code/set.zip", data)
    export.part("w/p", "P-1", system("P-1"), [row("code", "file_set", "w/p/P-1/code")])
    (run,) = runs(SOURCE, export.root)
    problems = Problems()
    found = {
        (file.metadata or {})["artifact_path"]: (file.name, file.type, file.file_name, content(file))
        for file in run.read(tmp_path, problems)
        if isinstance(file, File)
    }
    assert found == {
        "main.py": ("code", "ARTIFACT", "main.py", b"print()"),
        "lib/util.py": ("code", "ARTIFACT", "util.py", b""),
        "lib/big": ("code", "ARTIFACT", "big", bytes(3 << 20)),
    }
    assert not list(problems)


def test_a_set_may_be_a_folder_of_files(export: Export, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(b"secret")
    for name in ("a", "d/b", os.fsdecode(b"d/\xff")):
        export.file("w/p", f"w/p/P-1/code/{name}", name.encode("utf-8", "surrogateescape"))
    (export.files("w/p") / "w/p/P-1/code/link").symlink_to(tmp_path / "outside")
    export.part("w/p", "P-1", system("P-1"), [row("code", "file_set", "w/p/P-1/code")])
    found = only(export)
    assert {(file.metadata or {})["artifact_path"]: content(file) for file in found.of(File)} == {
        "a": b"a", "d/b": b"d/b", r"d/\xff": b"d/\xff",
    }  # fmt: skip
    assert [one for one in found.problems if "by a link" in one]


def test_the_kind_is_told_without_a_short_id(export: Export) -> None:
    export.part("w/p", "mine", [row("sys/custom_run_id", "string", "mine"), row("a/b", "int", 1)])
    export.part("w/p", "P-1", [row("sys/name", "string", "x"), row("a/b", "int", 1)])
    found = read_all(SOURCE, export.root)
    assert {id: one.facts.extras["kind"] for id, one in found.items()} == {"mine": "neptune3", "P-1": "neptune2"}


def test_names_in_zips_that_climb_out_are_left_out(export: Export, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("../up", "/abs", "a/../../up", "C:/x", "ok", "dir\\file"):
            archive.writestr(zipfile.ZipInfo(name), name)
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    found = set_of(export, buffer.getvalue())
    assert set(entries(found)) == {"ok", "dir/file"}
    assert len(found.problems) == 5
    assert not (tmp_path / "up").exists()


def test_a_zip_that_says_it_is_huge_is_kept_as_it_is(export: Export) -> None:
    data = bytearray(zipped(a=b"x" * 100))
    at_size = data.rindex(b"PK\x01\x02") + 24
    data[at_size : at_size + 4] = struct.pack("<I", 0xF0000000)
    found = set_of(export, bytes(data))
    assert set(entries(found)) == {"set.zip"}
    assert any("would unpack to" in one for one in found.problems)


@pytest.mark.parametrize("content", [b"", b"no zip", zipped(a=b"x" * 100)[:-30]], ids=["empty", "none", "cut"])
def test_a_zip_that_can_not_be_read_is_kept_as_it_is(export: Export, content: bytes) -> None:
    found = set_of(export, content)
    assert set(entries(found)) == {"set.zip"}
    assert any("zip can't be read" in one for one in found.problems)


def test_a_damaged_file_in_a_zip_is_named_and_others_come(export: Export) -> None:
    data = bytearray(zipped(a=bytes(range(256)) * 4, b=b"whole"))
    data[60] ^= 0xFF
    found = set_of(export, bytes(data))
    assert set(entries(found)) == {"b"}
    assert any("'a'" in one for one in found.problems)


def test_artifacts_are_kept_as_what_they_refer_to(export: Export) -> None:
    listed = [
        {"filePath": "a/x", "fileHash": "1" * 40, "type": "Local", "size": 7,
         "metadata": [{"key": "file_path", "value": "file:///a/x"}]},
        {"filePath": "b", "fileHash": "2" * 40, "type": "S3", "size": 5, "metadata": []},
    ]  # fmt: skip
    name = export.file("w/p", "w/p/P-1/data/train/files_list.json", json.dumps(listed).encode())
    export.part("w/p", "P-1", system("P-1"), [row("data/train", "artifact", name)])
    found = only(export)
    (file,) = found.of(File)
    assert (file.name, file.type, file.file_name) == ("data/train", "ARTIFACT", "files.json")
    assert json.loads(content(file)) == [
        ["a/x", "1" * 40, "Local", {"file_path": "file:///a/x"}, 7], ["b", "2" * 40, "S3", {}, 5],
    ]  # fmt: skip
    assert found.facts.config["data"]["train"]["size"] == 12
    assert len(found.facts.config["data"]["train"]["hash"]) == 64
    assert leaves(found.facts.attributes["types"]) == {"data/train": "artifact"}


@pytest.mark.parametrize("content", [b"{", b"{}", b"[1]", b'[{"filePath": 1}]', b"[" * 100_000])
def test_a_list_of_files_that_is_none_is_kept_as_a_file(export: Export, content: bytes) -> None:
    name = export.file("w/p", "w/p/P-1/a/files_list.json", content)
    export.part("w/p", "P-1", system("P-1"), [row("a", "artifact", name)])
    found = only(export)
    assert [(file.name, file.type) for file in found.of(File)] == [("a", "FILE")]
    assert any("the list is kept as a file" in one for one in found.problems)


def test_separators_of_windows(export: Export) -> None:
    export.file("w/p", "w/p/P-1/model/weights", b"x")
    export.file("w/p", "w/p/P-1/code/files.zip", zipped(a=b"1"))
    export.file("w/p", r"w/p/P-1/odd\name", b"y")
    rows = [
        row("model/weights", "file", r"w\p\P-1\model\weights"),
        row("code", "file_set", r"w\p\P-1\code"),
        row("odd", "file", r"w/p/P-1/odd\name"),
    ]
    export.part("w/p", "P-1", system("P-1"), rows)
    found = only(export)
    assert [file.name for file in found.of(File)] == ["code", "model/weights", "odd"] or found.problems == []
    assert {file.name for file in found.of(File)} == {"code", "model/weights", "odd"}


HOSTILE = ["../../secret", "/etc/passwd", "C:\\x", "w/../../../../secret", "link", "linked/secret", "\0", "a\0b", "",
           ".", "missing", "pipe", "x" * 5_000, "..\\..\\secret", "loop"]  # fmt: skip


@pytest.mark.parametrize("kind", ["file", "file_series", "file_set", "artifact"])
def test_paths_that_lead_out_or_nowhere_are_named(export: Export, tmp_path: Path, kind: str) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    root = export.files("w/p")
    root.mkdir(parents=True)
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "linked").symlink_to(tmp_path)
    (root / "loop").symlink_to(root / "loop")
    os.mkfifo(root / "pipe")
    good = export.file("w/p", "good.txt", b"good")
    rows = [row(f"f/{number}", kind, name, 0, at(0)) for number, name in enumerate(HOSTILE)]
    export.part("w/p", "P-1", system("P-1"), [*rows, row("good", "file", good)])
    (run,) = runs(SOURCE, export.root)
    assert run.fingerprint and run.size
    found = read(run)
    assert [content(file) for file in found.of(File) if file.name == "good"] == [b"good"]
    assert all(
        b"secret" not in content(file)
        for file in found.of(File)
        if not isinstance(file.content, Path) or file.content.exists()
    )
    for number, name in enumerate(HOSTILE):
        named = [one for one in found.problems if f"f/{number}: " in one]
        assert named or name in ("", "."), name


def test_a_folder_that_is_a_link_out_of_the_export(export: Export, tmp_path: Path) -> None:
    export.part("w/p", "P-1", system("P-1"))
    other = Export(tmp_path / "other")
    other.part("w/q", "Q-1", system("Q-1"))
    (export.root / "data" / folder_name("w/q")).symlink_to(other.data("w/q"))
    assert [run.id for run in runs(SOURCE, export.root)] == ["P-1"]
    assert any("by a link" in one for one in noted(export.root))


def test_files_count_for_the_fingerprint(export: Export) -> None:
    export.part("w/p", "P-1", system("P-1"), [row("f", "file", "w/p/P-1/f"), row("s", "file_set", "w/p/P-1/s")])

    def fingerprint() -> str:
        (run,) = runs(SOURCE, export.root)
        return run.fingerprint

    seen = [fingerprint(), fingerprint()]
    assert seen[0] == seen[1]
    export.file("w/p", "w/p/P-1/f", b"1")
    seen.append(fingerprint())
    export.file("w/p", "w/p/P-1/s/x.zip", b"12")
    seen.append(fingerprint())
    export.part("w/p", "P-1", points("a", [1.0]), number=1)
    seen.append(fingerprint())
    assert len(set(seen)) == 4

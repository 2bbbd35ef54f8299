"""Files, sets of files, artifacts and images that the client `neptune` 1.x has left."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest
from pluto_migration.model import File

from tests.migration import reading
from tests.migration.neptune_leftovers import PROJECT, files, read
from tests.migration.neptune_log import START, execution


def test_files_are_found_wherever_they_are(tmp_path: Path) -> None:
    project = tmp_path / "moved"
    left = execution(project)
    (left.folder / "upload_path").mkdir()
    (left.folder / "upload_path" / "tmp-1.md").write_bytes(b"in memory")
    (project / "weights.bin").write_bytes(b"weights")
    here, mapped = tmp_path / "here.txt", tmp_path / "mapped"
    here.write_bytes(b"as it is")
    mapped.mkdir()
    (mapped / "model.pt").write_bytes(b"by the map")
    left.put("UploadFile", "a", ext="md", file_path=None, tmp_file_name="tmp-1.md", clean_after_upload=False)
    left.put("UploadFile", "b", ext="txt", file_path=str(here), tmp_file_name=None)
    left.put("UploadFile", "c", ext="pt", file_path="/old/place/model.pt", tmp_file_name=None)
    left.put("UploadFile", "d", ext="bin", file_path="/old/moved/weights.bin", tmp_file_name=None)
    left.put("UploadFileContent", "e/f", ext="csv", file_content=base64.b64encode(b"1,2").decode())
    left.put("UploadFile", "g", ext="x", file_path=str(here)).put("DeleteAttribute", "g")
    left.put("UploadFile", "h", ext="x", file_path="/nowhere").put("UploadFile", "h", ext="txt", file_path=str(here))
    left.put("UploadFile", "i", ext="x", file_path="/nowhere/at all.bin")
    found = read(project, path_map={"/old/place": str(mapped)})
    assert files(found) == {
        ("a", "a.md"): b"in memory",
        ("b", "here.txt"): b"as it is",
        ("c", "model.pt"): b"by the map",
        ("d", "weights.bin"): b"weights",
        ("e/f", "f.csv"): b"1,2",
        ("h", "here.txt"): b"as it is",
    }
    assert [problem.split(", ")[-1] for problem in found.problems] == [
        "i: the file is not there: /nowhere/at all.bin (--path-map tells where it is now)"
    ]
    assert found.facts.extras["neptune"]["found_elsewhere"] == {
        "/old/place/model.pt": str(mapped / "model.pt"), "/old/moved/weights.bin": str(project / "weights.bin"),
    }  # fmt: skip
    before = found.run.fingerprint
    here.write_bytes(b"changed since")
    assert reading.runs("neptune", project, project=PROJECT)[0].fingerprint != before


def test_another_file_of_the_name_is_not_taken_for_it(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_bytes(b"another")
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "deep.yaml").write_bytes(b"the one")
    left = execution(tmp_path).put("UploadFile", "f", ext="yaml", file_path="/old/place/config.yaml")
    left.put("UploadFile", "g", ext="yaml", file_path="/old/place/conf/deep.yaml")
    found = read(tmp_path)
    assert files(found) == {("g", "deep.yaml"): b"the one"}
    assert "is not there" in found.problems[0]


@pytest.mark.parametrize(
    "name", ["../../../secret", "/etc/passwd", "a/../../secret", "link", "..\\..\\secret", "\0", "C:\\x"]
)
def test_an_upload_does_not_lead_out_of_its_folder(tmp_path: Path, name: str) -> None:
    left = execution(tmp_path)
    (left.folder / "upload_path").mkdir()
    (tmp_path / "secret").write_bytes(b"secret")
    (left.folder.parent / "secret").write_bytes(b"secret")
    os.symlink(tmp_path / "secret", left.folder / "upload_path" / "link")
    left.put("UploadFile", "a", ext="", file_path=None, tmp_file_name=name).floats("m", 1)
    found = read(tmp_path)
    assert found.of(File) == []
    assert len(found.problems) == 1
    assert found.points["m"]


def test_file_sets_by_their_patterns(tmp_path: Path) -> None:
    project = tmp_path / "proj"
    for name in ("src/a.py", "src/deep/b.py", "src/c.txt", "data/one.csv", "main.py"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(name)
    left = execution(project)
    at = str(project)
    left.put("UploadFileSet", "code", file_globs=[f"{at}/**/*.py", f"{at}/data"], reset="False")
    left.put("DeleteFiles", "code", file_paths=["src/deep"])
    left.put("UploadFileSet", "reset", file_globs=[f"{at}/main.py"], reset="False")
    left.put("UploadFileSet", "reset", file_globs=[f"{at}/src/*.txt"], reset="True")
    left.put("UploadFileSet", "nothing", file_globs=[], reset="False")
    left.put("UploadFileSet", "missing", file_globs=["/nowhere/*.py"], reset="False")
    left.put("UploadFileSet", "moved", file_globs=["/old/home/proj/src/*.py"], reset="False")
    left.put("UploadFileSet", "mapped", file_globs=["/map[1]/src/*.py"], reset="False")
    found = read(project, path_map={"/map[1]": at})
    names: dict[str, list[str]] = {}
    for attribute, entry in sorted(files(found)):
        names.setdefault(attribute, []).append(entry)
    assert names == {
        "code": ["data/one.csv", "main.py", "src/a.py"],
        "reset": ["src/c.txt"],
        "moved": ["src/a.py"],
        "mapped": ["src/a.py"],
    }
    assert [problem.split(", ")[-1] for problem in found.problems] == ["missing: no file fits /nowhere/*.py"]
    assert found.facts.attributes["types"] == dict.fromkeys(("code", "reset", "missing", "moved", "mapped"), "file_set")
    assert found.run.size > sum(len(name) for name in ("src/a.py", "main.py"))


def test_artifacts_by_hash_and_by_what_was_tracked(tmp_path: Path) -> None:
    project = tmp_path / "proj"
    (project / "set").mkdir(parents=True)
    (project / "set" / "a.txt").write_bytes(b"a\n")
    left = execution(project).put("AssignArtifact", "by/hash", hash="0" * 64)
    left.put("TrackFilesToArtifact", "tracked", entries=[["set", None], [str(project / "set"), "in"]], project_id="x")
    left.put("TrackFilesToArtifact", "far", entries=[["s3://bucket/x", None]], project_id="x")
    left.put("TrackFilesToArtifact", "gone", entries=[["/nowhere/x", None]], project_id="x")
    left.put("AssignArtifact", "cleared", hash="1" * 64).put("ClearArtifact", "cleared")
    found = read(project)
    assert found.facts.config["by"] == {"hash": {"hash": "0" * 64, "size": None}}
    assert found.facts.config["tracked"]["size"] == 4
    rows = json.loads(files(found)["tracked", "files.json"])
    assert [row[:3] for row in rows] == [
        [name, "3f786850e387550fdab836ed7e6dc881de23001b", "Local"] for name in ("a.txt", "in/a.txt")
    ]
    assert found.facts.attributes["types"] == {"by": {"hash": "artifact"}, "tracked": "artifact"}
    assert [problem.split(", ")[1].split(":")[0] for problem in found.problems] == ["far", "gone"]
    before = found.run.fingerprint
    (project / "set" / "b.txt").write_bytes(b"b\n")
    assert reading.runs("neptune", project, project=PROJECT)[0].fingerprint != before


def test_images_of_every_age(tmp_path: Path) -> None:
    png = b"\x89PNG\r\n\x1a\n" + bytes(8)
    left = execution(tmp_path).image("i", png).image("i", b"\xff\xd8\xff" + bytes(8), 4, name="n", description="d")
    old = [
        {"value": base64.b64encode(png).decode(), "step": None, "ts": START},
        {"value": None, "step": 1, "ts": START},
    ]
    left.put("LogImages", "i", values=old).image("i", b"", 9, data="no base64")
    found = read(tmp_path)
    images = found.of(File)
    assert [(one.type, one.step, one.caption, one.metadata, one.file_name) for one in images] == [
        ("IMAGE", 0, None, None, "i.png"), ("IMAGE", 4, "d", {"name": "n"}, "i.jpg"), ("IMAGE", 5, None, None, "i.png"),
    ]  # fmt: skip
    assert len(found.problems) == 1
    assert found.problems[0].endswith("an image without content")

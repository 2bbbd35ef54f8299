"""What the client `neptune` 1.x has left, damaged in all ways."""

from __future__ import annotations

import glob
import json
import math
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pluto_migration.source import Problems
from pluto_migration.sources.neptune1.patterns import fitting

from tests.migration import reading
from tests.migration.neptune_leftovers import PROJECT, files, read
from tests.migration.neptune_log import RUN, Execution, execution


def whole(tmp_path: Path) -> tuple[Execution, bytes]:
    left = execution(tmp_path).put("AssignString", "a", value='{"obj": {').floats("m", 1.5, math.nan, steps=[1, 2])
    left.texts("t", 'ü\n"{').put("AddStrings", "s", values=["x"]).image("i", b"\x89PNG\r\n\x1a\n")
    return left, left.log.read_bytes()


def test_a_log_cut_anywhere_gives_what_is_whole(tmp_path: Path) -> None:
    left, data = whole(tmp_path)
    (left.folder / "last_put_version").write_text("5")
    ends = [place for place in range(len(data)) if data[place : place + 1] == b"\n"]
    for size in range(len(data)):
        left.log.write_bytes(data[:size])
        found = read(tmp_path)
        complete = sum(size >= end for end in ends)
        assert len(found.facts.config) == min(complete, 1) + (complete >= 4)
        assert len(found.points.get("m", ())) == (2 if complete >= 2 else 0)
        cut = size not in (0, *(end for end in ends), *(end + 1 for end in ends))
        assert any("cut off" in problem for problem in found.problems) == cut, (size, found.problems)
        assert any("did not reach the disk" in problem for problem in found.problems) == (0 < complete < 5)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_flipped_bits_hurt_no_neighbours(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    left, good = whole(tmp_path_factory.mktemp("flip"))
    place = data.draw(st.integers(0, len(good) - 1))
    bad = bytearray(good)
    bad[place] ^= data.draw(st.integers(1, 255))
    left.log.write_bytes(bytes(bad))
    left.put("AssignString", "after", value="kept")
    line = good[:place].count(b"\n")
    found = read(left.folder)
    assert found.facts.config["after"] == "kept"
    if line != 1 and bad[place] != 0x0A and good[place] != 0x0A:
        assert [(step, repr(value)) for step, _, value in found.points["m"]] == [(1, "1.5"), (2, "nan")]


@pytest.mark.parametrize(
    ("between", "reason"),
    [
        (bytes(70_000), "characters that are no operation"),
        (b"hello\n", "characters that are no operation"),
        (b"\xff\xfe\n", "characters that are no operation"),
        (b'{"obj": {"type": "AssignInt", "path": ["x"], "va', "damaged"),
        (b'{"obj": {"type": "AssignInt", "path": ["x"], "va\n', "cut off"),
        (b'{"obj": {"type": "AssignString", "path": ["x"], "value": "', "damaged"),
        (b'{"other": 1}\n', "no operation"),
        (b'{"obj": [], "version": 2}\n', "no operation"),
        (b'{"obj": {"type": "AssignInt", "path": [], "value": 1}, "version": 2}\n', "without a path"),
        (b'{"obj": {"type": "AssignInt", "path": ["", "/"], "value": 1}, "version": 2}\n', "without a path"),
        (b'{"obj": {"type": "AssignInt", "path": [1], "value": 1}, "version": 2}\n', "without a path"),
        (b'{"obj": {"type": "Invented", "path": ["x"]}, "version": 2}\n', "unknown type 'Invented'"),
        (b'{"obj": {"type": "AssignInt", "path": ["x"], "value": null}, "version": 2}\n', "without a value"),
        (b'{"obj": {"type": "AssignInt", "path": ["x"], "value": ' + b"1" * 5000 + b'}, "version": 2}\n', "damaged"),
        (b'{"obj": ' + b"[" * 100_000 + b"\n", "damaged"),
        (b'{"obj": {"type": "LogFloats", "path": ["x"], "values": 3}, "version": 2}\n', "without values"),
        (b'{"obj": {"type": "LogFloats", "path": ["x"], "values": [1]}, "version": 2}\n', "that is none"),
        (b'{"obj": {"type": "LogFloats", "path": ["x"], "values": [{"value": "1"}]}, "version": 2}\n', "no number"),
        (b'{"obj": {"type": "LogStrings", "path": ["x"], "values": [{"value": 1}]}, "version": 2}\n', "no text"),
        (b'{"obj": {"type": "AddStrings", "path": ["x"], "values": [1]}, "version": 2}\n', "no texts"),
        (b'{"obj": {"type": "AssignDatetime", "path": ["x"], "value": 1e300}, "version": 2}\n', "without a value"),
        (b'{"obj": {"type": "UploadFile", "path": ["x"]}, "version": 2}\n', "without a name"),
        (b'{"obj": {"type": "UploadFileContent", "path": ["x"], "file_content": "??"}, "version": 2}\n', "no base64"),
        (b'{"obj": {"type": "CopyAttribute", "path": ["x"]}, "version": 2}\n', "without a source"),
        (b'{"obj": {"type": "AssignArtifact", "path": ["x"]}, "version": 2}\n', "without a hash"),
        (b'{"obj": {"type": "TrackFilesToArtifact", "path": ["x"]}, "version": 2}\n', "without anything"),
        (b'{"obj": {"type": "AssignInt", "path": ["x"], "value": 1}, "version": 9}\n', "7 operations are missing here"),
    ],
)  # fmt: skip
def test_what_is_no_operation_is_named_and_passed_over(tmp_path: Path, between: bytes, reason: str) -> None:
    left = execution(tmp_path).put("AssignInt", "before", value=1)
    left.raw(between)
    left.put("AssignInt", "after", value=2)
    found = read(tmp_path)
    assert any(reason in problem for problem in found.problems), found.problems
    assert (found.facts.config["before"], found.facts.config["after"]) == (1, 2)


def test_objects_need_no_lines_of_their_own(tmp_path: Path) -> None:
    left = execution(tmp_path)
    left.raw(b'{"obj": {"type": "AssignInt", "path": ["a"], "value": 1}, "version": 1}'
             b'{"obj": {"type": "AssignInt", "path": ["b"], "value": 2}, "version": 2}\n'
             b'{\n  "obj": {\n    "type": "AssignString",\n    "path": ["c"],\n    "value": "x\ny"\n  },\n'
             b'  "version": 3}\n\n')  # fmt: skip
    found = read(tmp_path)
    assert (found.facts.config, found.problems) == ({"a": 1, "b": 2, "c": "x\ny"}, [])


def test_a_thousand_damages_make_few_lines(tmp_path: Path) -> None:
    left = execution(tmp_path)
    for _ in range(1_000):
        left.raw(b"rubbish\n")
    problems = Problems()
    (run,) = reading.runs("neptune", tmp_path, problems, project=PROJECT)
    list(run.read(tmp_path, problems))
    assert len(problems) == 11
    assert sum(count for _, count in problems) == 1_000


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
ROWS = st.dictionaries(st.sampled_from(["value", "step", "ts", "data", "x"]), SCALARS, max_size=4)
JUNK = SCALARS | st.lists(SCALARS | st.lists(SCALARS, max_size=2) | ROWS, max_size=3) | ROWS
TYPES = st.sampled_from(
    "AssignFloat AssignInt AssignBool AssignString AssignDatetime AssignArtifact UploadFile UploadFileContent"
    " UploadFileSet DeleteFiles LogFloats LogStrings LogImages ClearFloatLog ClearStringLog ClearImageLog"
    " ConfigFloatSeries AddStrings RemoveStrings ClearStringSet TrackFilesToArtifact ClearArtifact DeleteAttribute"
    " CopyAttribute".split()
)
FIELDS = st.sampled_from(
    "value values ext file_path tmp_file_name file_content file_globs reset file_paths min max unit hash entries"
    " container_id source_path".split()
)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.tuples(TYPES, st.sampled_from(["a", "b", "a/b", "sys/tags", "sys/name"]), st.dictionaries(FIELDS, JUNK))
    ),
    JUNK,
)
def test_fields_of_any_type_do_no_harm(
    tmp_path_factory: pytest.TempPathFactory, operations: list[tuple[str, str, dict[str, Any]]], about: Any
) -> None:
    left = execution(tmp_path_factory.mktemp("junk"))
    for kind, path, fields in operations:
        if kind != "UploadFileSet":  # a pattern may fit all of the machine
            left.put(kind, path, **{key: value for key, value in fields.items() if key != "entries"})
    left.put("AssignString", "after", value="kept")
    (left.folder / "metadata.json").write_text(json.dumps(about))
    found = read(left.folder)
    assert found.facts.config["after"] == "kept"


def test_metadata_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    left = execution(tmp_path).put("AssignInt", "n", value=1)
    (left.folder / "metadata.json").write_bytes(b"\xff{")
    problems = Problems()
    (run,) = reading.runs("neptune", tmp_path, problems, project=PROJECT)
    assert run.id == RUN
    assert [one.what.split(":")[0] for one, _ in problems] == ["can't be read"]


def test_nothing_is_written_to_what_is_read(tmp_path: Path) -> None:
    left = execution(tmp_path).floats("m", 1)
    before = {path: path.stat() for path in tmp_path.rglob("*")}
    read(tmp_path)
    after = {path: path.stat() for path in tmp_path.rglob("*")}
    assert {path: (one.st_size, one.st_mtime_ns) for path, one in before.items()} == {
        path: (one.st_size, one.st_mtime_ns) for path, one in after.items()
    }
    assert left.log in before


@pytest.mark.parametrize("pattern", ["data/**", "data/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/f.txt", "data/**/f.txt"])
def test_patterns_end_where_links_lead_in_circles(tmp_path: Path, pattern: str) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "f.txt").write_text("f")
    for name in "abc":
        (folder / name).symlink_to(".")
    (folder / "up").symlink_to("..")
    for number in range(30):  # each leads to the next twice: a billion ways
        (folder / f"n{number}").mkdir()
        for name in "xy":
            (folder / f"n{number}" / name).symlink_to(f"../n{number + 1}")
    (folder / "n29" / "end.txt").write_text("end")
    execution(tmp_path).put("UploadFileSet", "set", file_globs=[pattern], reset=True)
    found = read(tmp_path)
    assert {path.rsplit("/", 1)[-1] for _, path in files(found)} >= (
        {"f.txt"} if "f.txt" in pattern else {"f.txt", "end.txt"}
    )


def test_patterns_fit_what_glob_finds(tmp_path: Path) -> None:
    for name in ("a/b/c.txt", "a/.hidden/d.txt", "a/e.txt", ".f/g.txt", "[1]/h.txt", "i.txt"):
        path = tmp_path / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "files" / "link").symlink_to("a")
    top = glob.escape(str(tmp_path / "files"))
    for pattern in (
        "**",
        "**/*.txt",
        "a/**",
        "*/*.txt",
        ".f/*",
        "?.txt",
        "[[]1]/*",
        "a/../i.txt",
        "link/*",
        "i.txt",
    ):
        wanted = {os.path.abspath(one) for one in glob.iglob(f"{top}/{pattern}", recursive=True)}
        assert {os.path.abspath(one) for one in fitting(f"{top}/{pattern}", lambda *_: None)} == wanted, pattern

"""What is written is read back as it was: in the local store, on Pluto's own server, and on a stock one."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone

import pytest

import pluto
from pluto.compat.attributes import (
    AttributeKind,
    GitCommit,
    HistogramValue,
    TrackedFile,
    TrackedFiles,
)
from pluto.compat.attributes.kinds import Atom
from tests.compat.attributes.conftest import Place

K = AttributeKind

WHEN = datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=timezone(timedelta(hours=2)))
COMMIT = GitCommit("abc", "message\nof two lines", "Ada", "ada@example.org", WHEN, True, "main", ("git@x:y.git",))
ATOMS: dict[str, Atom] = {
    "bool": True,
    "int": 3,
    "big": 2**80,
    "negative": -(2**63),
    "float": 0.1,
    "whole": 3.0,
    "minus zero": -0.0,
    "nan": math.nan,
    "inf": -math.inf,
    "text": "grün\nline",
    "empty text": "",
    "text like a number": "3",
    "text like nothing": "NaN",
    "when": WHEN,
    "text like a time": "2024-05-06T05:08:09.123456Z",
    "set": frozenset({"a", "b,c", "é"}),
    "no set": frozenset(),
    "deep/er/than/that": 1,
    "git": COMMIT,
    "files": TrackedFiles("f" * 64, size=7),
    "_attributes/types": "a name that is taken",
    "_attributes_": 2,
    "dots.in/the.path": 1,
    "sys/failed": True,
    "sys/stage": "production",
}


def same(one: object, other: object) -> bool:
    return one == other or (one != one and other != other)


def test_atoms(place: Place) -> None:
    writer = place.open(atoms={"first": 1.0, "params/lr": 0.1})
    writer.assign(ATOMS)
    writer.assign({"params/lr": 0.2})
    run = place.read(writer)
    assert "sys/custom_run_id" not in run.definitions and run.external_id == writer.op.run_id
    for path, value in ATOMS.items():
        assert same(run.atom(path), value), path
        assert type(run.atom(path)) is type(value), path
    assert (run.atom("first"), run.atom("params/lr")) == (1.0, 0.2)
    kinds = {path: run.kind(path) for path in ("bool", "int", "big", "whole", "nan", "when", "no set", "git", "files")}
    assert list(kinds.values()) == [
        K.BOOL,
        K.INT,
        K.INT,
        K.FLOAT,
        K.FLOAT,
        K.DATETIME,
        K.STRING_SET,
        K.GIT_REF,
        K.ARTIFACT,
    ]
    assert run.kind("text like a time") is K.STRING and math.copysign(1, float(str(run.atom("minus zero")))) == -1
    assert not {"_attributes", "deep", "git/commit", "_attributes/sys/stage"} & run.definitions.keys()
    assert writer.stop() == 0


def test_the_runs_own(place: Place) -> None:
    before = datetime.now(timezone.utc) - timedelta(seconds=5)
    tags = ["one", "group:a", "group:b", "ünï"]
    writer = place.open(external_id="mine", name="first name", notes="n" * 2_000, tags=tags)
    writer.add_tags(["two"])
    writer.remove_tags(["one", "group:a", "never there"])
    writer.add_tags(["g1", "g2"], group=True)
    writer.remove_tags(["g1"], group=True)
    run = place.read(writer)
    assert run.atom("sys/tags") == {"two", "group:b", "ünï"} and run.atom("sys/group_tags") == {
        "g2",
        *_groups(run.overview.tags),
    }
    assert run.atom("sys/name") == "first name" == run.name
    assert run.atom("sys/description") == "n" * 2_000
    assert (run.atom("sys/id"), run.atom("sys/custom_run_id")) == (writer.op.display_id, "mine")
    assert (run.atom("sys/state"), run.kind("sys/state"), run.atom("sys/failed")) == ("running", K.RUN_STATE, False)
    created = run.atom("sys/creation_time")
    assert isinstance(created, datetime) and before < created < datetime.now(timezone.utc)

    writer.assign(
        {
            "sys/name": "another",
            "sys/description": "short",
            "sys/tags": frozenset({"x"}),
            "sys/group_tags": frozenset({"y"}),
        }
    )
    run = place.read(writer)
    assert (run.name, run.atom("sys/name"), run.atom("sys/description")) == ("another", "another", "short")
    assert (run.atom("sys/tags"), run.atom("sys/group_tags")) == ({"x"}, {"y"})
    assert writer.stop("FAILED") == 0
    run = place.read(writer)
    assert (run.status, run.atom("sys/failed"), run.atom("sys/state")) == ("FAILED", True, "idle")


def _groups(tags: list[str]) -> set[str]:
    return {tag.removeprefix("group:") for tag in tags if tag.startswith("group:")}


def test_many_tags(place: Place) -> None:
    """A stock server takes 50."""
    tags = {f"tag {n}" for n in range(70)}
    writer = place.open(tags=sorted(tags))
    assert place.read(writer).atom("sys/tags") == tags
    writer.remove_tags([f"tag {n}" for n in range(0, 70, 2)])
    assert place.read(writer).atom("sys/tags") == {f"tag {n}" for n in range(1, 70, 2)}
    assert writer.stop() == 0


def test_float_series(place: Place) -> None:
    writer = place.open()
    for value in (1.0, 2, math.inf):
        writer.append_floats("train/loss", [value])
    writer.append_floats("train/loss", [4.0, 5.0])
    writer.append_floats("train/loss", [6.0], steps=[10.5], times=[1_700_000_000.25])
    writer.append_floats("train/loss", [7.0])
    writer.append_floats("größe", [1.0, 2.0], steps=[0.25, 0.5], times=[1.0, 2.0])
    writer.log_floats({"a": 1, "b": 2.5}, 7)
    run = place.read(writer)
    with place.reader() as reader:
        loss, size = reader.floats(run, "train/loss"), reader.floats(run, "größe")
        assert loss.steps.tolist() == [0, 1, 2, 3, 4, 10.5, 11.5]
        assert loss.values.tolist() == [1, 2, math.inf, 4, 5, 6, 7]
        assert loss.times[5] == 1_700_000_000_250_000
        assert (size.steps.tolist(), size.values.tolist()) == ([0.25, 0.5], [1.0, 2.0])
        assert reader.floats(run, "train/loss", step_min=1, step_max=4, tail=2).values.tolist() == [4, 5]
        assert [one.values.tolist() for one in reader.many_floats([(run, "b"), (run, "nothing"), (run, "a")])] == [
            [2.5],
            [],
            [1],
        ]
    assert {path: kind for path, kind in run.definitions.items() if "/" not in path} == dict.fromkeys(
        ("größe", "a", "b"), K.FLOAT_SERIES
    )
    found = run.summary("train/loss")
    assert found is not None and (found.last, found.min, found.max) == (7, 1, 7)
    assert run.last("größe") == 2.0 and run.summary("a") is not None
    assert writer.last_step("train/loss") == 11.5
    assert writer.stop() == 0


def test_previews(place: Place) -> None:
    writer = place.open()
    writer.log_floats({"m": 1.0}, 1)
    writer.log_previews({"m": 1.5, "only": 3.0}, 2, 0.25)
    writer.log_previews({"m": 1.75}, 2, 0.5)
    run = place.read(writer)
    assert {path: kind for path, kind in run.definitions.items() if "/" not in path} == dict.fromkeys(
        ("m", "only"), K.FLOAT_SERIES
    )
    with place.reader() as reader:
        assert reader.floats(run, "m").values.tolist() == [1.0]
        shown = reader.floats(run, "m", previews=True)
        assert (shown.values.tolist(), shown.previews) == ([1.0, 1.75], {2.0: 0.5})
        assert reader.floats(run, "only", previews=True).values.tolist() == [3.0]
    writer.log_floats({"m": 2.0}, 2)
    run = place.read(writer)
    with place.reader() as reader:
        shown = reader.floats(run, "m", previews=True)
        assert (shown.values.tolist(), shown.previews) == ([1.0, 2.0], {})
    assert writer.stop() == 0


def test_string_series(place: Place) -> None:
    writer = place.open()
    long = "ä" * 5_000
    writer.append_texts("log", ["first", "zwei\n", long])
    writer.append_texts("log", ["four"], steps=[7.5], times=[12.5])
    writer.log_texts({"x/phase": "warm", "y": ""}, 3)
    run = place.read(writer)
    with place.reader() as reader:
        texts = reader.texts(run, "log")
        assert (texts.steps, texts.values) == ([0, 1, 2, 7.5], ["first", "zwei\n", long, "four"])
        assert texts.times[3] == 12_500_000
        assert reader.texts(run, "log", step_min=1, tail=1).values == ["four"]
        assert reader.texts(run, "nothing").values == []
    assert (run.last("log"), run.last("x/phase"), run.last("y")) == ("four", "warm", "")
    assert run.kind("x/phase") is K.STRING_SERIES
    assert writer.stop() == 0


def test_histogram_series(place: Place) -> None:
    writer = place.open()
    even = HistogramValue((0.0, 0.1, 0.2, 0.30000000000000004), (1, 2, 3))
    odd = HistogramValue((-1.0, 0.5, 10.0), (0.25, 0.75), density=True)
    writer.append_histograms("h", [even, odd], steps=[1, 2.5], times=[1.0, 2.0])
    run = place.read(writer)
    with place.reader() as reader:
        found = reader.histograms(run, "h")
    assert (found.steps, found.times, found.values) == ([1, 2.5], [1_000_000, 2_000_000], [even, odd])
    assert run.last("h") == odd and run.kind("h") is K.HISTOGRAM_SERIES
    assert writer.stop() == 0


def test_files(place: Place) -> None:
    writer = place.open()
    writer.upload("model/weights", pluto.File(b"old", name="w.bin"))
    writer.upload("model/weights", pluto.File(b"new", name="w.tar"))
    writer.upload("dataset", pluto.File(b"x", name="d"), extension="custom.gz")
    run = place.read(writer)
    with place.reader() as reader:
        (file,) = reader.files(run, "model/weights")
        assert (file.extension, file.size, reader.read(file)) == ("tar", 3, b"new")
        assert [one.extension for one in reader.files(run, "dataset")] == ["custom.gz"]
        assert run.file("model/weights") == file
        assert reader.files(run, "nothing") == []
    assert run.kind("model/weights") is K.FILE
    assert writer.stop() == 0


def test_file_series(place: Place) -> None:
    writer = place.open()
    files = [pluto.File(f"image {n}".encode(), name=f"i{n}.png") for n in range(3)]
    writer.append_files("images", files, names=["a", None, "ünï"], descriptions=[None, "d", None])
    writer.append_files("images", [pluto.File(b"late", name="late.png")], steps=[2.5])
    run = place.read(writer)
    with place.reader() as reader:
        found = reader.files(run, "images")
        assert [(file.step, file.name, file.description, file.extension) for file in found] == [
            (0, "a", None, "png"), (1, "", "d", "png"), (2, "ünï", None, "png"), (2.5, "", None, "png"),
        ]  # fmt: skip
        assert [reader.read(file) for file in found] == [b"image 0", b"image 1", b"image 2", b"late"]
        assert [file.step for file in reader.files(run, "images", step_max=2, tail=2)] == [1, 2]
        assert run.file("images") == found[-1]
    with pytest.raises(KeyError):
        run.file("sys/id")
    assert run.kind("images") is K.FILE_SERIES and writer.last_step("images") == 2.5
    assert writer.stop() == 0


def test_file_sets(place: Place, tmp_path: object) -> None:
    writer = place.open()
    source = tmp_path / "a.py"  # type: ignore[operator]
    source.write_text("print()")
    writer.upload_set("src", {"pkg/a.py": source, "pkg/b.py": b"2", "top.txt": b"3", "pkgs": b"4"})
    writer.upload_set("src", {"pkg/b.py": b"22"})
    run = place.read(writer)
    with place.reader() as reader:
        found = {file.name: reader.read(file) for file in reader.files(run, "src")}
    assert found == {"pkg/a.py": b"print()", "pkg/b.py": b"22", "pkgs": b"4", "top.txt": b"3"}
    writer.remove_from_set("src", ["pkg/", "unknown"])
    writer.upload_set("src", {"pkg/new": b"5"})
    run = place.read(writer)
    with place.reader() as reader:
        assert [file.name for file in reader.files(run, "src")] == ["pkg/new", "pkgs", "top.txt"]
    writer.clear("src")
    run = place.read(writer)
    with place.reader() as reader:
        assert reader.files(run, "src") == [] and run.kind("src") is K.FILE_SET
    assert writer.stop() == 0


def test_artifacts(place: Place) -> None:
    writer = place.open()
    files = tuple(TrackedFile(f"f{n}", f"{n}" * 40, "Local", (("last_modified", "x"),), n) for n in range(3))
    writer.assign({"data": TrackedFiles("h" * 64, files[:1], 1)})
    writer.assign({"data": TrackedFiles("g" * 64, files, 3)})
    run = place.read(writer)
    assert run.atom("data") == TrackedFiles("g" * 64, (), 3) and run.kind("data") is K.ARTIFACT
    with place.reader() as reader:
        assert reader.tracked(run, "data") == TrackedFiles("g" * 64, files, 3)
        with pytest.raises(KeyError):
            reader.tracked(run, "nothing")
    assert writer.stop() == 0


def test_what_is_deleted_is_gone_and_may_be_something_else(place: Place) -> None:
    writer = place.open(atoms={"early": 1, "deep/one": 1, "deep/two": 2.0})
    writer.append_floats("series", [1.0, 2.0, 3.0])
    writer.append_texts("text", ["x"])
    writer.append_histograms("hist", [HistogramValue((0.0, 1.0), (1,))])
    writer.upload("file", pluto.File(b"x", name="f.txt"))
    writer.assign({"atom": WHEN, "sys/stage": "production"})
    writer.delete(["series", "text", "hist", "file", "atom", "early", "deep/one", "sys/stage", "never there"])
    run = place.read(writer)
    assert {path for path in run.definitions if not path.startswith("sys/")} == {"deep/two"}
    assert "sys/stage" not in run.definitions
    writer.append_texts("series", ["now a text"])
    writer.append_floats("text", [9.0])
    writer.assign({"file": "now a value", "hist": 3, "early/deeper": True})
    writer.upload("atom", pluto.File(b"now a file", name="a.bin"))
    run = place.read(writer)
    assert (run.last("series"), run.last("text"), run.atom("file"), run.atom("hist")) == (
        "now a text",
        9.0,
        "now a value",
        3,
    )
    assert run.atom("early/deeper") is True
    with place.reader() as reader:
        assert reader.texts(run, "series").steps == [0] and reader.floats(run, "text").values.tolist() == [9]
        assert [reader.read(file) for file in reader.files(run, "atom")] == [b"now a file"]
    assert writer.stop() == 0


def test_what_is_cleared_begins_again(place: Place) -> None:
    writer = place.open()
    writer.append_floats("m", [1.0] * 5)
    writer.append_texts("t", ["a", "b"])
    writer.append_files("f", [pluto.File(b"1", name="1.png")])
    for path in ("m", "t", "f"):
        writer.clear(path)
    writer.append_floats("m", [7.0])
    writer.append_texts("t", ["c"])
    writer.append_files("f", [pluto.File(b"2", name="2.png")])
    run = place.read(writer)
    with place.reader() as reader:
        assert (reader.floats(run, "m").steps.tolist(), reader.floats(run, "m").values.tolist()) == ([0], [7])
        assert (reader.texts(run, "t").steps, reader.texts(run, "t").values) == ([0], ["c"])
        assert [(file.step, reader.read(file)) for file in reader.files(run, "f")] == [(0, b"2")]
    found = run.summary("m")
    assert found is not None and (found.last, found.count, run.last("t")) == (7, 1, "c")
    assert writer.stop() == 0


def test_what_is_declared_is_there_before_anything_is_in_it(place: Place) -> None:
    writer = place.open()
    declared = {"s": K.STRING_SERIES, "x/f": K.FLOAT_SERIES, "fs": K.FILE_SERIES, "set": K.FILE_SET}
    writer.declare(declared)
    writer.configure("x/f", min=0, max=100, unit="%")
    run = place.read(writer)
    assert {path: run.kind(path) for path in declared} == declared
    assert (run.summary("s"), run.last("x/f")) == (None, None)
    assert run.notes["series"] == {"x/f": {"min": 0, "max": 100, "unit": "%"}}
    with place.reader() as reader:
        assert reader.files(run, "fs") == [] and len(reader.floats(run, "x/f")) == 0
    assert writer.stop() == 0


def test_a_path_may_be_a_value_and_a_namespace_where_paths_are_flat(place: Place) -> None:
    writer = place.open(flat=True, atoms={"model": 1})
    writer.assign({"model/depth": 2, "model/depth/more": 3.0})
    run = place.read(writer)
    assert [run.atom(path) for path in ("model", "model/depth", "model/depth/more")] == [1, 2, 3.0]
    assert type(run.atom("model/depth/more")) is float
    assert writer.stop() == 0


def test_string_sets_are_changed(place: Place) -> None:
    writer = place.open()
    writer.change_set("set", add=["a", "b"])
    writer.change_set("set", add=["c"], remove=["a"])
    writer.change_set("sys/tags", add=["t"], remove=["u"])
    run = place.read(writer)
    assert (run.atom("set"), run.atom("sys/tags")) == ({"b", "c"}, {"t"})
    assert writer.stop() == 0

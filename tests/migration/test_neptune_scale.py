"""What the client `neptune-scale` has left: real databases, every message, forks, logs of changes, and all damage."""

from __future__ import annotations

import math
import os
import pickle
import shutil
import sqlite3
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pluto_migration.model import POINTS_AT_ONCE, Console, Data, File, Parent, Points
from pluto_migration.source import Problems, SourceError

from tests.migration import reading
from tests.migration.scale_database import START, Database, Histogram, field, stamp, update, value
from tests.migration.scale_database import File as Ref

US = 1_000_000
ADD, REMOVE = 1, 2


def read_all(path: Path, **options: Any) -> dict[str, reading.Read]:
    return reading.read_all("neptune-scale", path, **options)


def read(path: Path, **options: Any) -> reading.Read:
    """The only run below a path."""
    (found,) = read_all(path, **options).values()
    return found


def files(found: reading.Read) -> dict[tuple[str, float], bytes]:
    return {(one.name, one.step): Path(str(one.content)).read_bytes() for one in found.of(File)}


# --- the real thing ---------------------------------------------------------------------------------------------------


def test_the_sample_comes_as_it_was_logged() -> None:
    (wanted,) = reading.expected("neptune-scale")
    found = read(reading.DATA / "neptune-scale")
    when = datetime.fromtimestamp(wanted["config"].pop("when")["datetime_ms"] / 1000, timezone.utc)
    assert found.facts.config["when"] == when
    reading.assert_is_sample(found, {**wanted, "config": {**wanted["config"], "when": when}})
    assert sorted(found.facts.tags or []) == wanted["tags"]
    assert found.run.created == wanted["created_ms"] * 1000
    assert found.problems == []
    (file,) = found.of(File)
    assert (file.name, Path(str(file.content)).stat().st_size) == ("f", 7)


def test_a_leftover_with_everything_that_was_killed(tmp_path: Path) -> None:
    """Made by neptune-scale 0.30.0 and ended by kill -9: nearly all of it lies in the write-ahead log."""
    source = shutil.copytree(reading.DATA / "neptune-scale-more", tmp_path / "source")
    found = read_all(source, path_map={"/srv/demo/ns": str(source)})
    rich, child = found["rich-1"], found["child"]
    assert list(found) == ["rich-1", "child"]
    assert rich.problems == child.problems == []
    assert (rich.run.name, rich.run.project, rich.facts.status) == ("exp é", "ws/proj", "unknown")
    assert rich.facts.attributes["sys"] == {"experiment/name": "exp é"}
    assert (rich.facts.tags, rich.facts.attributes["group_tags"]) == (["t1"], {"g": True})
    config = dict(rich.facts.config)
    assert math.isnan(config.pop("nan"))
    assert config == {
        "lr": 0.1, "n": 2**53 + 1, "b": True, "s": "txt", "a/b/c": 1, "whole": 3.0, "neg": -5, "set": frozenset("q"),
        "empty": frozenset(), "tags_l": frozenset("xy"),
        "when": datetime(2024, 1, 2, 3, 4, 5, 678901, tzinfo=timezone.utc),
    }  # fmt: skip
    points = {name: [(step, value) for step, _, value in rows] for name, rows in rich.points.items()}
    assert points["loss"] == [(place + 0.5, 1 / (place + 1)) for place in range(10)]
    assert repr([points["x"], points["y"], points["z"]]) == "[[(1.0, nan)], [(1.0, inf)], [(1.0, -0.0)]]"
    assert points["prev"] == [(1, 1), (2, 3)]
    assert points["prev/_preview"] == [(2, 2), (2, 2.5), (3, 9)]
    assert points["prev/_preview_completion"] == [(2, 0.5), (2, 0.75), (3, 0.25)]
    assert [(step, text) for step, _, text in rich.texts["log"]] == [(1, "hello"), (1.000001, "w")]
    first, second = rich.of(Data)
    assert (first.type, first.step, first.body["freq"], first.body["bins"]) == ("HISTOGRAM", 1, [3, 4], [0, 1, 2.5])
    assert (second.body["freq"], second.body["density"]) == ([0.5, 0.25], True)
    lines = {one.stream: (one.source, list(one.lines)) for one in rich.of(Console)}
    assert lines == {"stdout": ("runtime", ["hello out", "ab", "c"]), "stderr": ("runtime", ["err"])}
    assert rich.facts.attributes["monitoring"] == {"runtime": {"stdout": True, "stderr": True}}
    assert {(one.name, one.step): (one.type, one.file_name, one.metadata) for one in rich.of(File)} == {
        ("f", 0): ("FILE", "f.txt", {"mime_type": "text/plain"}),
        ("mem", 0): ("FILE", "content.txt", {"mime_type": "text/plain"}),
        ("named", 0): ("FILE", "x.txt", {"mime_type": "text/plain", "destination": "dest/x.txt"}),
        ("fs", 1): ("IMAGE", "content.png", {"mime_type": "image/png"}),
        ("fs", 2): ("FILE", "f.txt", {"mime_type": "text/plain"}),
    }
    assert rich.facts.attributes["types"] == {"f": "file", "mem": "file", "named": "file", "fs": "file_series"}
    assert files(rich)["mem", 0] == b"abc"
    assert child.run.parent == Parent("ws/proj", "rich-1", 2.5)
    assert child.run.created == 1_735_689_600 * US
    assert child.facts.config["lr"] == 0.1  # inherited
    assert pickle.loads(pickle.dumps(rich.run)).fingerprint == rich.run.fingerprint


# --- what it says -----------------------------------------------------------------------------------------------------


def test_it_is_found_from_every_folder_above(tmp_path: Path) -> None:
    path = Database(tmp_path / "a" / "b").create().close()
    for above in (path, *path.parents):
        if above.is_relative_to(tmp_path):
            assert read(above).run.id == "run-1"
    (tmp_path / "empty").mkdir()
    for nothing in (tmp_path / "empty", tmp_path / "missing"):
        with pytest.raises(SourceError, match="no database of neptune-scale"):
            reading.runs("neptune-scale", nothing)
    with pytest.raises(SourceError, match="speed"):
        reading.runs("neptune-scale", tmp_path, settings={"speed": "1"})
    assert read(tmp_path, project="other/place").run.project == "other/place"
    assert reading.runs("neptune-scale", tmp_path, exclude=["run-*"]) == []


def test_a_data_directory_that_is_a_link(tmp_path: Path) -> None:
    Database(tmp_path / "disk").create().close()
    (tmp_path / "project").mkdir()
    os.symlink(tmp_path / "disk" / ".neptune", tmp_path / "project" / ".neptune")
    assert read(tmp_path / "project").run.id == "run-1"


def test_what_pluto_keeps_there_is_not_neptunes(tmp_path: Path) -> None:
    own = tmp_path / ".neptune" / "ws_proj_mine_1"
    own.mkdir(parents=True)
    (own / "run_operations.sqlite3").write_text('{"folder": "x", "project": "ws/proj", "run_id": "mine"}')
    with pytest.raises(SourceError, match="pluto neptune sync"):
        reading.runs("neptune-scale", tmp_path)
    Database(tmp_path).create().close()
    problems = Problems()
    assert [run.id for run in reading.runs("neptune-scale", tmp_path, problems)] == ["run-1"]
    assert len(problems) == 0


def test_databases_of_early_releases_lie_in_the_folder_itself(tmp_path: Path) -> None:
    (tmp_path / "f.txt").write_bytes(b"f")
    base = (
        Database(tmp_path).create("e").request("/old/home/f.txt", "d/f.txt", size=1).put(assign={"f": Ref("d/f.txt")})
    )
    path = base.close().rename(tmp_path / ".neptune" / "ws_proj_run-1_1735689600000000000.sqlite3")
    base.folder.rmdir()
    (tmp_path / ".neptune" / "other_1735689600000000001.sqlite3").write_bytes(b"something else")
    problems = Problems()
    (run,) = reading.runs("neptune-scale", tmp_path, problems)
    found = reading.read(run)
    assert (found.run.id, found.facts.extras["neptune_scale"]["databases"]) == ("run-1", [path.name])
    assert files(found) == {("f", 0): b"f"}
    assert len(problems) == 1


def test_a_run_without_an_experiment_has_no_name(tmp_path: Path) -> None:
    Database(tmp_path).create().put(assign={"sys/description": "why", "sys/failed": True}).close()
    found = read(tmp_path)
    assert (found.run.name, found.facts.name, found.facts.notes, found.facts.status) == (None, None, "why", "failed")
    assert found.facts.attributes == {}
    assert found.facts.ended == (START + 1) * US


def test_values_by_the_last_word_and_by_type(tmp_path: Path) -> None:
    moment = datetime(1969, 12, 31, 23, 59, 59, 5, tzinfo=timezone.utc)
    whole = {"i": -(2**63), "f": -0.0, "b": False, "s": "", "d": moment, "set": {"b", "a"}, "a": 1, "a/b": 2}
    Database(tmp_path).create().put(assign={"i": 1, "s": "x"}).put(assign=whole).close()
    found = read(tmp_path)
    assert repr(sorted(found.facts.config.items(), key=str)) == repr(
        sorted((whole | {"set": frozenset("ab")}).items(), key=str)
    )


def test_empty_parts_of_a_path_have_no_meaning(tmp_path: Path) -> None:
    Database(tmp_path).put(at=0, append={"/a//b/": 1.0}, assign={"//c": 1}, sets={"/sys//tags": {"t": ADD}}).close()
    found = read(tmp_path)
    assert (set(found.points), found.facts.config, found.facts.tags) == ({"a/b"}, {"c": 1}, ["t"])


def test_sets_change_bit_by_bit(tmp_path: Path) -> None:
    base = Database(tmp_path).create().put(assign={"mine": {"a", "b"}})
    base.put(sets={"sys/tags": {"b": ADD, "a": ADD}, "sys/group_tags": {"g": ADD}, "mine": {"c": ADD, "a": REMOVE}})
    base.put(
        sets={"sys/tags": {"b": REMOVE, "never": REMOVE, "c": ADD, "group:x": ADD}, "sys/group_tags": {"g": REMOVE}}
    ).close()
    facts = read(tmp_path).facts
    assert facts.tags == ["a", "c"]
    assert facts.attributes == {"tags": {"group:x": True}}
    assert facts.config == {"mine": frozenset("bc")}


def test_steps_of_all_kinds(tmp_path: Path) -> None:
    base = Database(tmp_path).create()
    for at in (0, 1.5, 1.000001, 7, 2**40 + 0.25):
        base.put(at=at, append={"m": 1.0})
    base.put(append={"m": 2.0, "fresh": 3.0}).put(append={"fresh": 4.0}).close()
    points = read(tmp_path).points
    assert [step for step, _, _ in points["m"]] == [0, 1.5, 1.000001, 7, 2**40 + 0.25, 2**40 + 1]
    assert [step for step, _, _ in points["fresh"]] == [0, 1]


def test_times_are_the_nearest_microsecond_else_the_rows(tmp_path: Path) -> None:
    base = Database(tmp_path).put(at=0, time=(5, 678_900_957), append={"m": 1.0})
    base.put(at=1, time=None, append={"m": 1.0}).close()
    assert [time for _, time, _ in read(tmp_path).points["m"]] == [5_678_901, (START + 1) * US]


def test_numbers_keep_their_bits(tmp_path: Path) -> None:
    values = [math.nan, math.inf, -math.inf, -0.0, 5e-324, 0.1]
    Database(tmp_path).floats("m", values).close()
    assert repr([one for _, _, one in read(tmp_path).points["m"]]) == repr(values)


def test_long_series_come_in_pieces(tmp_path: Path) -> None:
    base = Database(tmp_path)
    base.connection.execute("BEGIN")
    names = [f"m{place}" for place in range(100)]
    for at in range(3_000):
        base.put(at=at, append=dict.fromkeys(names, float(at)))
    base.connection.execute("COMMIT")
    base.close()
    found = read(tmp_path)
    assert [one for _, _, one in found.points["m7"]] == list(range(3_000))
    assert max(len(one.steps) for one in found.of(Points)) <= POINTS_AT_ONCE
    assert len(found.of(Points)) > len(names)


def test_console_in_a_namespace_of_ones_own(tmp_path: Path) -> None:
    base = Database(tmp_path).create(parent=("ws/proj", "p", 2.0), inherits=False)
    base.put(at=2.000001, append={"own/stdout": "a line"}).put(at=2.000002, append={"own/stdout": "10%\r20%"})
    base.put(at=5, append={"user/stdout": "a series of the user's"}).close()
    found = read(tmp_path)
    (console,) = found.of(Console)
    assert (console.source, list(console.lines)) == ("own", ["a line", "20%"])
    assert [(step, text) for step, _, text in found.texts["user/stdout"]] == [(5, "a series of the user's")]


def test_two_databases_of_one_run(tmp_path: Path) -> None:
    Database(tmp_path, nth=1).create("first").floats("m", [0, 1, 2]).put(assign={"who": "one"}).close()
    later = Database(tmp_path, nth=2, start=START + 2).create("second").floats("m", [10, 11], first=5)
    later.put(assign={"who": "two"}).close()
    found = read(tmp_path)
    assert sorted(one for _, _, one in found.points["m"]) == [0, 1, 2, 10, 11]
    assert [time for _, time, _ in found.points["m"]] == sorted(time for _, time, _ in found.points["m"])
    assert (found.facts.config, found.facts.name) == ({"who": "two"}, "second")
    assert len(found.facts.extras["neptune_scale"]["databases"]) == 2


def test_forks_come_behind_what_they_were_forked_from(tmp_path: Path) -> None:
    Database(tmp_path, "grandchild", nth=0).create(parent=("ws/proj", "child", 3.25)).put(assign={"c": 3}).close()
    Database(tmp_path, "child", nth=1).create(parent=("ws/proj", "top", 1.0)).put(assign={"b": 2, "a": 0}).close()
    Database(tmp_path, "top", nth=2).create().put(assign={"a": 1, "z": 26, "sys/description": "mine"}).close()
    Database(tmp_path, "apart", nth=3).create(parent=("ws/proj", "top", 1.0), inherits=False).close()
    Database(tmp_path, "orphan", nth=4).create(parent=("other/place", "gone", 0.0)).put(assign={"d": 4}).close()
    found = read_all(tmp_path)
    order = list(found)
    assert order.index("top") < order.index("child") < order.index("grandchild")
    assert found["grandchild"].run.parent == Parent("ws/proj", "child", 3.25)
    assert found["grandchild"].facts.config == {"a": 0, "b": 2, "c": 3, "z": 26}
    assert found["grandchild"].facts.notes is None
    assert found["apart"].facts.config == {}
    assert found["orphan"].run.parent == Parent("other/place", "gone", 0.0)
    assert [problem.split(": ", 1)[1] for problem in found["orphan"].problems] == [
        "the config that it took over from gone is not here"
    ]
    moved = read_all(tmp_path, project="new/home")
    assert moved["child"].run.parent == Parent("new/home", "top", 1.0)


def test_runs_that_are_forked_in_a_circle(tmp_path: Path) -> None:
    Database(tmp_path, "a", nth=0).create(parent=("ws/proj", "b", 1.0)).put(assign={"x": 1}).close()
    Database(tmp_path, "b", nth=1).create(parent=("ws/proj", "a", 1.0)).put(assign={"y": 2}).close()
    found = read_all(tmp_path)
    assert set(found) == {"a", "b"}
    assert found["a"].facts.config == {"x": 1, "y": 2}


def test_histograms(tmp_path: Path) -> None:
    base = Database(tmp_path).put(at=1, append={"h": Histogram([0.0, 1.0, 4.0], [2**64 - 1, 0])})
    base.put(at=2, append={"h": Histogram([0.0, 1.0], densities=[0.5])})
    base.put(at=3, append={"h": Histogram([0.0, 1.0], [1, 2])}).close()
    found = read(tmp_path)
    assert [(one.step, one.body["freq"], one.body["bins"], one.body.get("density")) for one in found.of(Data)] == [
        (1, [2**64 - 1, 0], [0, 1, 4], None), (2, [0.5], [0, 1], True),
    ]  # fmt: skip
    assert len(found.problems) == 1
    assert "without an edge for each bin" in found.problems[0]


# --- files ------------------------------------------------------------------------------------------------------------


def test_files_are_found_wherever_they_are(tmp_path: Path) -> None:
    base = Database(tmp_path)
    here, mapped = tmp_path / "here.txt", tmp_path / "mapped"
    here.write_bytes(b"here")
    mapped.mkdir()
    (mapped / "m.bin").write_bytes(b"by the map")
    (base.folder / "0a.bin").write_bytes(b"in memory")
    base.request(str(here), "d/here.txt").request("/old/m.bin", "d/m.bin", "video/mp4")
    base.request("/elsewhere/.neptune/x/0a.bin", "d/0a.bin", "application/octet-stream", temporary=True)
    base.request("/nowhere/at all", "d/gone")
    base.put(assign={"a": Ref("d/here.txt", 4), "b": Ref("d/0a.bin", 9), "c": Ref("d/gone"), "e": Ref("d/unknown")})
    base.put(at=2, append={"s": Ref("d/m.bin", 10, "video/mp4")}).put(assign={"a": Ref("d/0a.bin", 8)})
    base.put(assign={"f": Ref("d/here.txt")}).put(assign={"f": "a text in its place"}).close()
    found = read(tmp_path, path_map={"/old": str(mapped)})
    assert files(found) == {("a", 0): b"in memory", ("b", 0): b"in memory", ("s", 2): b"by the map"}
    assert {one.name: one.type for one in found.of(File)} == {"a": "FILE", "b": "FILE", "s": "VIDEO"}
    assert found.facts.config == {"f": "a text in its place"}
    said = [problem.split("run_operations.sqlite3, ")[1] for problem in found.problems]
    assert sorted(one[0] for one in said) == ["a", "c", "e"]
    assert any("9 bytes now, and had 8" in problem for problem in found.problems)
    before = found.run.fingerprint
    here.write_bytes(b"changed since")
    assert reading.runs("neptune-scale", tmp_path, path_map={"/old": str(mapped)})[0].fingerprint != before


def test_another_file_of_the_name_is_not_taken_for_it(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_bytes(b"another")
    base = Database(tmp_path).request("/old/place/config.yaml", "d/config.yaml", size=3)
    base.put(assign={"f": Ref("d/config.yaml", 3)}).close()
    found = read(tmp_path)
    assert found.of(File) == []
    assert "is not there" in found.problems[0]


@pytest.mark.parametrize("name", ["../../secret", "/secret", "a/../../../secret", "..\\..\\secret", "", ".", ".."])
def test_a_temporary_file_does_not_lead_out_of_its_folder(tmp_path: Path, name: str) -> None:
    base = Database(tmp_path)
    for place in (tmp_path, base.folder.parent):
        (place / "secret").write_bytes(b"secret")
    base.request(name, "d/x", temporary=True)
    base.put(assign={"a": Ref("d/x")}).put(at=0, append={"m": 1.0}).close()
    found = read(tmp_path)
    assert found.of(File) == []
    assert len(found.problems) == 1
    assert found.points["m"]


def test_a_temporary_file_that_is_a_link_to_elsewhere_is_left_out(tmp_path: Path) -> None:
    base = Database(tmp_path / "archive")
    (tmp_path / "secret").write_bytes(b"secret")
    (base.folder / "0a.bin").symlink_to(tmp_path / "secret")
    base.request("/elsewhere/0a.bin", "d/0a.bin", temporary=True, size=6)
    base.put(assign={"a": Ref("d/0a.bin", 6)}).close()
    found = read(tmp_path)
    assert found.of(File) == []
    assert "by a link" in found.problems[0]


# --- the database -----------------------------------------------------------------------------------------------------


def copied(base: Database, to: Path) -> Path:
    """The folder as it lies there when its process is killed."""
    return Path(shutil.copytree(base.folder, to))


def test_what_lies_in_the_log_alone_is_read_and_nothing_is_touched(tmp_path: Path) -> None:
    base = Database(tmp_path / "live", wal=True).create("e").floats("m", range(50))
    folder = copied(base, tmp_path / "killed")
    base.close()
    assert (folder / "run_operations.sqlite3").stat().st_size < 5_000
    (folder / "run_operations.sqlite3-shm").unlink()
    before = {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.iterdir()}
    found = read(folder)
    assert [one for _, _, one in found.points["m"]] == list(range(50))
    assert {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.iterdir()} == before


def test_a_log_cut_anywhere_gives_a_run_up_to_there(tmp_path: Path) -> None:
    base = Database(tmp_path / "live", wal=True).create("e").floats("m", range(30))
    folder = copied(base, tmp_path / "killed")
    base.close()
    log = folder / "run_operations.sqlite3-wal"
    data = log.read_bytes()
    seen = set()
    for size in range(0, len(data), 1_237):
        log.write_bytes(data[:size])
        problems = Problems()
        try:
            for run in reading.runs("neptune-scale", folder, problems):
                values = [one for _, _, one in reading.read(run).points.get("m", [])]
                assert values == list(range(len(values)))
                seen.add(len(values))
        except SourceError:
            pass
    assert len(seen) > 10


@settings(deadline=None, max_examples=120)
@given(st.data())
def test_flipped_bits_raise_nothing(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("flip")
    path = Database(folder).create("e").put(assign={"a": 1}).floats("m", range(60)).close()
    good = path.read_bytes()
    bad = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        bad[data.draw(st.integers(0, len(good) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(bytes(bad))
    try:
        for found in read_all(folder, project="ws/p").values():
            assert isinstance(found.points, dict)
    except SourceError:
        pass


@pytest.mark.parametrize("size", [0, 1, 99, 100, 4_096, 20_000])
def test_a_database_that_is_cut_is_named(tmp_path: Path, size: int) -> None:
    path = Database(tmp_path).create("e").floats("m", range(300)).close()
    data = path.read_bytes()
    assert len(data) > size
    path.write_bytes(data[:size])
    Database(tmp_path, "whole", nth=1).create().close()
    problems = Problems()
    found = {run.id: reading.read(run) for run in reading.runs("neptune-scale", tmp_path, problems)}
    assert "whole" in found
    assert len(problems) or found["run-1"].problems


def test_a_damaged_page_costs_what_it_held(tmp_path: Path) -> None:
    path = Database(tmp_path).create("e").floats("m", range(2_000)).close()
    data = bytearray(path.read_bytes())
    page = data.index(update(at=1_000, append={"m": 1_000.0}, time=(START + 1_001, 0))) // 4_096
    data[page * 4_096 : (page + 1) * 4_096] = bytes(4_096)
    path.write_bytes(bytes(data))
    found = read(tmp_path)
    values = [one for _, _, one in found.points["m"]]
    assert 1_500 < len(values) < 2_000
    assert (values[0], values[-1]) == (0, 1_999)
    assert any("damaged behind operation" in problem for problem in found.problems)


BAD = {
    "rubbish": b"\xff" * 20,
    "cut off": update(at=1, append={"bad": "text"})[:-3],
    "a step that is none": field(1, b"\xff"),
    "a time that is none": field(2, b"\x08"),
    "an entry that is none": field(8, b"\xff\xff"),
    "an assigned entry that is none": field(4, b"\x0a\x09x"),
    "a value without a path": field(8, field(1, "//") + field(2, value(1.0))),
    "a value that is none": field(8, field(1, "bad") + field(2, b"\x09\x00")),
    "a value of no type": field(8, field(1, "bad") + field(2, b"")),
    "a value of an unknown type": field(4, field(1, "bad") + field(2, field(99, 1))),
    "a set that is none": field(5, field(1, "bad") + field(2, field(1, b"\x0a\xff"))),
    "a change that is none": field(5, field(1, "bad") + field(2, field(1, field(1, field(1, "x") + field(2, 7))))),
    "a histogram that is none": field(8, field(1, "bad") + field(2, field(14, field(1, b"\0\0\0")))),
    "a time beyond all calendars": field(4, field(1, "bad") + field(2, field(8, stamp(2**62)))),
    "a flag in a series": field(8, field(1, "bad") + field(2, value(True))),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_a_damaged_message_is_named_and_its_neighbours_are_kept(tmp_path: Path, bad: bytes) -> None:
    base = Database(tmp_path).create("e").put(at=0, append={"m": 1.0})
    base.raw(bad).raw(update(at=1, append={"n": 3.0}) + bad).put(at=1, append={"m": 2.0}, assign={"after": 1}).close()
    found = read(tmp_path)
    assert [(step, one) for step, _, one in found.points["m"]] == [(0, 1), (1, 2)]
    assert found.facts.config == {"after": 1}
    assert "bad" not in found.points
    assert any("operation 3" in problem for problem in found.problems), found.problems


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=80), st.integers(0, 1))
def test_any_message_is_read_or_named(tmp_path_factory: pytest.TempPathFactory, data: bytes, kind: int) -> None:
    folder = tmp_path_factory.mktemp("any")
    base = Database(folder).raw(data, kind).put(at=0, append={"kept": 1.0})
    base.close()
    assert read(folder).points["kept"]


def test_fields_of_newer_versions_are_passed_by(tmp_path: Path) -> None:
    new = field(77, "x") + field(78, 1) + field(79, 2.0)
    base = Database(tmp_path, version="v9")
    base.raw(field(5, "e") + new, 1).raw(update(at=1, append={"m": 1.0}) + new)
    base.connection.execute("ALTER TABLE run_operations ADD COLUMN more TEXT")
    base.connection.execute("DROP TABLE operation_errors")
    base.connection.execute("ALTER TABLE file_upload_requests DROP COLUMN mime_type")
    base.close()
    found = read(tmp_path)
    assert (found.run.name, found.problems) == ("e", [])
    assert found.points["m"]


def test_types_that_columns_should_not_have(tmp_path: Path) -> None:
    base = Database(tmp_path).put(at=0, append={"m": 1.0})
    sql = "INSERT INTO run_operations (timestamp, operation_type, operation, operation_size_bytes) VALUES (?, ?, ?, 0)"
    for row in (("soon", 0, update(at=1, time=(7, 0), append={"m": 2.0})), (5, "x", update(at=2, append={"m": 3.0})),
                (2**62, 0, "text"), (5, 0, 1.5)):  # fmt: skip
        base.connection.execute(sql, row)
    base.connection.execute("INSERT INTO file_upload_requests VALUES (NULL, X'00', X'ff', 3, 'x', 'y')")
    base.connection.execute("INSERT INTO operation_errors VALUES (NULL, 'a', X'ff', 4, 'x', 'y')")
    base.close()
    found = read(tmp_path)
    assert [one for _, _, one in found.points["m"]] == [1, 2, 3]
    assert any("no message" in problem for problem in found.problems)


def test_what_neptune_had_noted_is_shown_and_never_unpickled(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "sprung"),)

    base = Database(tmp_path).create()
    base.connection.execute(
        "INSERT INTO operation_errors (timestamp, error_type, error_details, error_body) VALUES (1, ?, ?, ?)",
        ("NeptuneSeriesStepNonIncreasing", "steps\nmust rise", pickle.dumps(Trap()).hex()),
    )
    base.close()
    found = read(tmp_path)
    assert [problem.split(": ", 1)[1] for problem in found.problems] == [
        "Neptune's client had noted: NeptuneSeriesStepNonIncreasing: steps must rise"
    ]
    assert not (tmp_path / "sprung").exists()


def test_what_was_sent_is_told(tmp_path: Path) -> None:
    base = Database(tmp_path).create("e").floats("m", range(5))
    base.connection.execute("DELETE FROM run_operations WHERE sequence_id <= 3")
    base.close()
    found = read(tmp_path)
    assert [one for _, _, one in found.points["m"]] == [2, 3, 4]
    assert found.run.created == (START + 3) * US
    assert [problem.split(": ", 1)[1] for problem in found.problems] == [
        "the first 3 operations were uploaded to Neptune, and are not here"
    ]


def test_a_database_that_does_not_tell_its_run(tmp_path: Path) -> None:
    Database(tmp_path, None).create(family="by-family").close()
    with pytest.raises(SourceError, match="--project"):
        reading.runs("neptune-scale", tmp_path)
    assert read(tmp_path, project="ws/p").run.id == "by-family"
    problems = Problems()
    Database(tmp_path, None, nth=1).put(at=0, append={"m": 1.0}).close()
    assert len(reading.runs("neptune-scale", tmp_path, problems, project="ws/p")) == 1
    assert [one.what for one, _ in problems] == ["does not tell which run it is of"]


def test_a_table_that_is_none_of_the_clients(tmp_path: Path) -> None:
    path = tmp_path / "run_operations.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE VIEW run_operations AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n)"
                           " SELECT x AS sequence_id, x AS operation FROM n")  # fmt: skip
    connection.close()
    problems = Problems()
    assert reading.runs("neptune-scale", tmp_path, problems) == []
    assert "no database of neptune-scale" in next(iter(problems))[0].what


def test_a_million_damages_make_few_lines(tmp_path: Path) -> None:
    base = Database(tmp_path).create()
    base.connection.execute("BEGIN")
    for _ in range(500):
        base.raw(b"\xff\xff")
    base.connection.execute("COMMIT")
    base.close()
    problems = Problems()
    (run,) = reading.runs("neptune-scale", tmp_path)
    list(run.read(tmp_path, problems))
    assert len(problems) == 11
    assert sum(count for _, count in problems) == 500

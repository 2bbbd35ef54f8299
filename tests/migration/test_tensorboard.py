"""Runs of TensorBoard, as their event files have them."""

from __future__ import annotations

import gzip
import io
import json
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pluto_migration.model import Console, Data, File
from pluto_migration.source import Problems, SourceError

from tests import tfevents as tf
from tests.migration.reading import DATA, Read, assert_is_sample, expected, read, read_all, runs

NAME = "events.out.tfevents.1700000000.host.1"
NOW = 1_700_000_000_000_000


def one(folder: Path, *bodies: bytes) -> Read:
    """The run of one event file."""
    tf.write(folder / "logs" / "run" / NAME, *bodies)
    (found,) = read_all("tensorboard", folder / "logs").values()
    return found


@pytest.mark.parametrize("wanted", expected("tensorboard"), ids=lambda run: run["run_id"])
def test_the_sample_is_read_whole(wanted: dict[str, Any]) -> None:
    found = read_all("tensorboard", DATA / "tensorboard")[wanted["run_id"]]
    assert_is_sample(found, wanted)
    assert found.problems == []
    for media in wanted["media"]:
        (file,) = [item for item in found.of(File) if item.name == media["key"]]
        assert (file.type, file.step) == (media["kind"].upper(), media["step"])
        from PIL import Image

        with Image.open(io.BytesIO(file.content)) as image:  # type: ignore[arg-type]
            assert image.size == (media["width"], media["height"])


def test_ids_names_and_projects(tmp_path: Path) -> None:
    root = tmp_path / "study"
    for place in (root, root / "a" / "train", root / ".hidden"):
        tf.write(place / NAME, tf.event(0, tf.scalar("x", 1)))
    (root / "empty").mkdir()
    found = runs("tensorboard", root)
    assert [(run.project, run.id, run.name) for run in found] == [
        ("study", ".", "study"), ("study", ".hidden", ".hidden"), ("study", "a/train", "a/train"),
    ]  # fmt: skip
    assert [run.id for run in runs("tensorboard", root, project="p", include=["a/*"])] == ["a/train"]
    assert [run.label for run in runs("tensorboard", root / "a", project="p")] == ["p/train"]
    assert {run.created for run in found} == {1_000_000}


def test_one_file_alone_is_a_run(tmp_path: Path) -> None:
    tf.write(tmp_path / "logs" / NAME, tf.event(0, tf.scalar("x", 1)))
    other = tf.write(tmp_path / "logs" / "events.out.tfevents.2.h", tf.event(1, tf.scalar("x", 2)))
    (run,) = runs("tensorboard", other)
    assert (run.id, run.project) == (".", "logs")
    assert read(run).points == {"x": [(1, NOW, 2)]}


def test_paths_without_events_and_settings_that_are_not_known(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such"):
        runs("tensorboard", tmp_path / "gone")
    with pytest.raises(SourceError, match="no event file"):
        runs("tensorboard", tmp_path)
    with pytest.raises(SourceError, match="known are files, links"):
        runs("tensorboard", tmp_path, settings={"file": "x"})
    with pytest.raises(SourceError, match="links=follow"):
        runs("tensorboard", tmp_path, settings={"links": "yes"})


def test_the_same_id_twice_is_told(tmp_path: Path) -> None:
    from pluto_migration.source import Options
    from pluto_migration.sources import source_of

    paths = []
    for name in ("a", "b"):
        paths.append(str(tf.write(tmp_path / name / NAME).parent))
    problems = Problems()
    found = list(source_of("tensorboard").find(paths, Options(project="p"), problems))
    assert [run.path.name for run in found] == ["a"]
    ((problem, _),) = problems
    assert "another folder" in problem.what


def test_files_in_the_order_they_were_begun_with_all_of_a_restart(tmp_path: Path) -> None:
    run = tmp_path / "logs" / "run"
    for begun, steps in (("20", (1, 2)), ("100", (0, 1)), ("3", (0, 1))):
        name = f"events.out.tfevents.{begun}.host"
        tf.write(run / name, *(tf.event(step, tf.scalar("x", int(begun))) for step in steps))
    (found,) = read_all("tensorboard", run).values()
    assert [(step, value) for step, _, value in found.points["x"]] == [
        (0, 3), (1, 3), (1, 20), (2, 20), (0, 100), (1, 100),
    ]  # fmt: skip


def test_a_file_that_grew_or_came_later_changes_the_fingerprint(tmp_path: Path) -> None:
    path = tf.write(tmp_path / "r" / NAME, tf.event(0, tf.scalar("x", 1)))
    before, again = (runs("tensorboard", tmp_path)[0].fingerprint for _ in range(2))
    assert before == again
    with path.open("ab") as file:
        file.write(tf.record(tf.event(1, tf.scalar("x", 2))))
    (grown,) = runs("tensorboard", tmp_path)
    assert grown.fingerprint != before
    assert grown.size == path.stat().st_size
    (tmp_path / "r" / "events.out.tfevents.1800000000.host").touch()
    assert runs("tensorboard", tmp_path)[0].fingerprint != grown.fingerprint


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(-(2**40), 2**53), st.floats(width=32), st.floats(0, 4e9))))
def test_every_point_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, rows: Any) -> None:
    found = one(
        tmp_path_factory.mktemp("p"), *(tf.event(step, tf.scalar("x", value), time=t) for step, value, t in rows)
    )
    wanted = [(float(step), round(seconds * 1e6), value) for step, value, seconds in rows]
    assert repr(found.points.get("x", [])) == repr(wanted)


def test_numbers_as_tensors(tmp_path: Path) -> None:
    found = one(
        tmp_path,
        tf.event(0, tf.tensor("f", "scalars", tf.array(1, [], struct.pack("<f", 0.1)))),
        tf.event(1, tf.tensor("f", None, tf.array(1, [], struct.pack("<f", -0.0)))),
        tf.event(2, tf.tensor("d", None, tf.number(1, 2) + tf.double(6, 0.1))),
        tf.event(3, tf.tensor("i", "", tf.array(9, [], struct.pack("<q", 2**53)))),
        tf.event(4, tf.tensor("i", "", tf.array(9, [], struct.pack("<q", 2**53 + 1)))),
        tf.event(5, tf.tensor("b", "", tf.array(10, [], b"\1"))),
    )
    assert repr(found.points) == repr({
        "f": [(0.0, NOW, float(np.float32(0.1))), (1.0, NOW, -0.0)],
        "d": [(2.0, NOW, 0.1)],
        "i": [(3.0, NOW, 2.0**53)],
        "b": [(5.0, NOW, 1.0)],
    })  # fmt: skip
    (problem,) = found.problems
    assert "'i' at step 4" in problem
    assert str(2**53 + 1) in problem


PNG = b"\x89PNG\r\n\x1a\n rest"
GIF = b"GIF89a rest"
WAV = b"RIFF\x10\0\0\0WAVE rest"


def test_pictures_films_and_sounds_of_both_kinds(tmp_path: Path) -> None:
    found = one(
        tmp_path,
        tf.event(1, tf.image("a/image/0", PNG)),
        tf.event(2, tf.image("film", GIF)),
        tf.event(3, tf.tensor("many", "images", tf.strings([b"4", b"5", PNG, PNG + b"2"]))),
        tf.event(4, tf.audio("old", WAV)),
        tf.event(5, tf.tensor("new", "audio", tf.strings([WAV, b"a label", WAV + b"2", b""], [2, 2]))),
        tf.event(6, tf.image("odd", b"no picture")),
    )
    files = found.of(File)
    assert [(file.name, file.type, file.step, file.index, file.caption, file.content) for file in files] == [
        ("a/image/0", "IMAGE", 1, 0, None, PNG),
        ("film", "VIDEO", 2, 0, None, GIF),
        ("many", "IMAGE", 3, 0, None, PNG),
        ("many", "IMAGE", 3, 1, None, PNG + b"2"),
        ("old", "AUDIO", 4, 0, None, WAV),
        ("new", "AUDIO", 5, 0, "a label", WAV),
        ("new", "AUDIO", 5, 1, None, WAV + b"2"),
        ("odd", "FILE", 6, 0, None, b"no picture"),
    ]
    assert [os.path.splitext(file.file_name)[1] for file in files] == [
        ".png", ".gif", ".png", ".png", ".wav", ".wav", ".wav", "",
    ]  # fmt: skip
    assert len({file.file_name for file in files}) == len(files)
    assert all("/" not in file.file_name for file in files)
    assert {file.time for file in files} == {NOW}


def test_histograms_of_both_kinds(tmp_path: Path) -> None:
    rows = np.array([[0, 1, 2], [1, 3, 4]], "<f4")
    gap = np.array([[0, 1, 2], [2, 3, 4]], "<f8")
    odd = np.array([[0, 2, 1], [1, 3, 4]], "<f8")
    found = one(
        tmp_path,
        tf.event(0, tf.histogram("h", -1, 7, [0, 2, 1.7e308], [3, 0.5, 2], sums=(5, 9))),
        tf.event(1, tf.histogram("h", 0.5, 2, [0, 1, 2], [0, 3, 4])),
        tf.event(2, tf.histogram("h", 1, 1, [1], [4])),
        tf.event(3, tf.tensor("t", "histograms", tf.array(1, [2, 3], rows.tobytes()))),
        tf.event(4, tf.tensor("t", "histograms", tf.array(2, [2, 3], gap.tobytes()))),
        tf.event(5, tf.tensor("t", "histograms", tf.array(2, [2, 3], odd.tobytes()))),
        tf.event(6, tf.tensor("t", "histograms", tf.array(2, [0, 3], b""))),
        tf.event(7, tf.histogram("h", 0, 0, [], [])),
    )
    data = found.of(Data)
    assert [(item.name, item.step, item.body.get("bins"), item.body.get("freq")) for item in data[:5]] == [
        ("h", 0, [-1, 0, 2, 7], [3, 0.5, 2]),
        ("h", 1, [0, 1, 2], [3, 4]),
        ("h", 2, [1, 1], [4]),
        ("t", 3, [0, 1, 3], [2, 4]),
        ("t", 4, [0, 1, 2, 3], [2, 0, 4]),
    ]
    assert {item.type for item in data[:5]} == {"HISTOGRAM"}
    assert {"min": -1, "max": 7, "sum": 5, "sumSquares": 9} | data[0].body == data[0].body
    assert [item.type for item in data[5:]] == ["JSON", "JSON"]
    assert data[5].body["values"] == odd.tolist()
    (problem,) = found.problems
    assert "'h' at step 7" in problem


def test_texts(tmp_path: Path) -> None:
    found = one(
        tmp_path,
        tf.event(0, tf.tensor("a/text_summary", "text", tf.strings([b"hello"], []))),
        tf.event(1, tf.tensor("a/text_summary", None, tf.strings([b"two", b"\xff"]))),
        tf.event(2, tf.tensor("table", "text", tf.strings([b"a", b"b", b"c", b"d"], [2, 2]))),
        tf.event(3, tf.tensor("bytes", None, tf.strings([b"\0\xff"], []))),
        tf.event(4, tf.tensor("keras", "graph_keras_model", tf.strings([b'{"layers": []}'], []))),
    )
    assert found.texts == {"a/text_summary": [(0, NOW, "hello"), (1, NOW, "two"), (1, NOW, "\\xff")]}
    (table,) = found.of(Data)
    assert (table.type, table.body["table"]) == ("TABLE", [["a", "b"], ["c", "d"]])
    files = {file.name: file for file in found.of(File)}
    assert (files["bytes"].content, files["bytes"].type) == (b"\0\xff", "FILE")
    assert files["keras"].file_name.endswith(".json")


def test_arrays_of_other_plugins_are_kept(tmp_path: Path) -> None:
    curve, mesh = np.arange(12, dtype="<f4").reshape(6, 2), np.ones((1, 5000, 3), "<f4")
    found = one(
        tmp_path,
        tf.event(0, tf.tensor("pr", "pr_curves", tf.array(1, curve.shape, curve.tobytes()))),
        tf.event(1, tf.tensor("mesh_VERTEX", "mesh", tf.array(1, mesh.shape, mesh.tobytes()), b"\x2a\x02{}")),
        tf.event(2, tf.tensor("complex", "", tf.array(8, [], bytes(8)))),
    )
    (data,) = found.of(Data)
    assert data.body == {"plugin": "pr_curves", "dtype": "float32", "shape": [6, 2], "values": curve.tolist()}
    vertices, unknown = found.of(File)
    assert (np.load(io.BytesIO(vertices.content)) == mesh).all()  # type: ignore[arg-type]
    assert vertices.file_name.endswith(".npy")
    assert (unknown.content, unknown.file_name[-3:]) == (tf.array(8, [], bytes(8)), ".pb")
    assert found.facts.extras["tensorboard"]["tags"] == {"mesh_VERTEX": {"plugin": "mesh", "content": "KgJ7fQ=="}}


def any_value(value: float | str | bool) -> bytes:
    if isinstance(value, bool):
        return tf.number(4, value)
    return tf.part(3, value.encode()) if isinstance(value, str) else tf.double(2, value)


def hparams(tag: str, number: int, body: bytes) -> bytes:
    about = tf.metadata("hparams", tf.number(1, 0) + tf.part(number, body))
    return tf.part(1, tf.part(1, f"_hparams_/{tag}".encode()) + about)


def test_hyperparameters_are_the_config_and_say_how_it_ended(tmp_path: Path) -> None:
    values = {"lr": 0.1, "opt/name": "adam", "nesterov": True, "batch": 32.0}
    entries = (tf.part(1, tf.part(1, name.encode()) + tf.part(2, any_value(one))) for name, one in values.items())
    start = b"".join(entries) + tf.part(4, b"group") + tf.double(5, 12.0)
    about = tf.part(1, b"lr") + tf.number(4, 3) + tf.part(6, tf.double(1, 0.0) + tf.double(2, 1.0))
    deep = tf.part(1, b"c") + tf.part(5, tf.part(1, any_value("x")) + tf.part(1, any_value(1.0)))
    found = one(
        tmp_path,
        tf.event(0, hparams("experiment", 2, tf.part(4, about) + tf.part(4, deep) + tf.part(6, b"study"))),
        tf.event(0, hparams("session_start_info", 3, start)),
        tf.event(9, tf.scalar("x", 1)),
        tf.event(0, hparams("session_end_info", 4, tf.number(1, 2) + tf.double(2, 1.5e9))),
    )
    facts = found.facts
    assert facts.config == values
    assert (facts.status, facts.ended) == ("failed", 1_500_000_000_000_000)
    assert facts.extras["tensorboard"] == {
        "experiment": {
            "name": "study",
            "hparams": [
                {"name": "lr", "type": 3, "interval": {"min": 0, "max": 1}},
                {"name": "c", "values": {"one": ["x", 1]}},
            ],
        },
        "session": {"group_name": "group", "started": 12},
    }
    assert found.problems == []


def test_hyperparameters_nested_without_an_end_are_named(tmp_path: Path) -> None:
    value = any_value(1.0)
    for _ in range(2000):
        value = tf.part(6, tf.part(1, value))
    start = tf.part(1, tf.part(1, b"deep") + tf.part(2, value))
    found = one(tmp_path, tf.event(0, hparams("session_start_info", 3, start), tf.scalar("x", 1)))
    assert found.points == {"x": [(0, NOW, 1)]}
    (problem,) = found.problems
    assert "nested" in problem


def test_what_stands_beside_values_is_kept(tmp_path: Path) -> None:
    head = tf.double(1, 1.7e9) + tf.number(2, 3)
    layout = tf.part(2, tf.part(1, b"c") + tf.part(2, tf.part(1, b"d") + tf.part(2, tf.part(1, b"loss"))))
    found = one(
        tmp_path,
        head + tf.part(4, b"graph bytes"),
        head + tf.part(9, b"meta bytes"),
        head + tf.part(8, tf.part(1, b"step1") + tf.part(2, b"metadata")),
        head + tf.part(6, tf.number(1, 40) + tf.part(2, b"it burns")),
        head + tf.part(7, tf.number(1, 3) + tf.part(2, b"model.ckpt")),
        tf.event(3, tf.tensor("custom_scalars__config__", "custom_scalars", tf.strings([layout], []))),
        tf.event(3, tf.part(1, tf.part(1, b"x") + tf.metadata("scalars", b"", "shown", "told") + tf.single(2, 1.5))),
    )
    files = [(file.name, file.file_name, file.content) for file in found.of(File)]
    assert files == [
        ("graph", "graph_3.pb", b"graph bytes"),
        ("meta_graph", "meta_graph_3.pb", b"meta bytes"),
        ("run_metadata/step1", "run_metadata-step1_3.pb", b"metadata"),
    ]
    assert found.of(Console) == [Console("stderr", [NOW], ["it burns"])]
    assert found.facts.extras["tensorboard"] == {
        "session_log": [{"status": "checkpoint", "step": 3, "time": NOW, "checkpoint_path": "model.ckpt"}],
        "custom_scalars": {"categories": [{"title": "c", "charts": [{"title": "d", "multiline": {"tags": ["loss"]}}]}]},
        "tags": {"x": {"display_name": "shown", "description": "told"}},
    }  # fmt: skip
    assert found.points == {"x": [(3, NOW, 1.5)]}


def test_many_points_come_in_pieces(tmp_path: Path) -> None:
    from pluto_migration.model import POINTS_AT_ONCE, Points

    found = one(tmp_path, *(tf.event(step, tf.scalar("x", step)) for step in range(POINTS_AT_ONCE + 10)))
    assert [len(item.steps) for item in found.of(Points)] == [POINTS_AT_ONCE, 10]


def test_a_great_deal_of_damage_is_told_in_few_lines(tmp_path: Path) -> None:
    broken = tf.record(tf.event(0, tf.scalar("x", 1)))[:-1] + b"?"
    path = tf.write(tmp_path / "r" / NAME)
    path.write_bytes(path.read_bytes() + broken * 500 + tf.record(tf.event(1, tf.scalar("x", 2))))
    (found,) = read_all("tensorboard", tmp_path).values()
    assert found.points == {"x": [(1, NOW, 2)]}
    assert len(found.problems) == 101


def test_times_that_are_none(tmp_path: Path) -> None:
    rows = [(0, 5.0), (1, float("nan")), (2, float("inf")), (3, 1e300)]
    found = one(tmp_path, *(tf.event(step, tf.scalar("x", 1), time=time) for step, time in rows))
    assert [time for _, time, _ in found.points["x"]] == [5_000_000] * 4
    assert len(found.problems) == 1


def test_compressed_files(tmp_path: Path) -> None:
    path = tf.write(tmp_path / "r" / NAME, tf.event(0, tf.scalar("x", 1)), tf.event(1, tf.scalar("x", 2)))
    whole = gzip.compress(path.read_bytes())
    path.write_bytes(whole)
    (found,) = read_all("tensorboard", tmp_path).values()
    assert [value for _, _, value in found.points["x"]] == [1, 2]
    path.write_bytes(whole[:-9])
    (found,) = read_all("tensorboard", tmp_path).values()
    assert "compressed" in found.problems[0]
    path.write_bytes(gzip.compress(bytes(100 << 20)))
    (found,) = read_all("tensorboard", tmp_path).values()
    assert any("200 times" in problem for problem in found.problems)


def test_links_are_followed_when_asked_for_and_never_in_circles(tmp_path: Path) -> None:
    target = tf.write(tmp_path / "elsewhere" / NAME, tf.event(0, tf.scalar("x", 1)))
    root = tmp_path / "logs"
    tf.write(root / "own" / NAME)
    (root / "linked").symlink_to(target.parent)
    (root / "own" / "again").symlink_to(root)
    (root / "own" / "events.out.tfevents.9.h").symlink_to(target)
    problems = Problems()
    assert [run.id for run in runs("tensorboard", root, problems)] == ["own"]
    assert [problem.what.split(" is not")[0] for problem, _ in problems] == [
        "a link to a folder", "a link to a folder", "a link to an event file",
    ]  # fmt: skip
    found = read_all("tensorboard", root, settings={"links": "follow"})
    assert sorted(found) == ["linked", "own"]
    assert found["own"].points == {"x": [(0, NOW, 1)]}


def test_other_files_come_when_asked_for(tmp_path: Path) -> None:
    tf.write(tmp_path / "r" / NAME)
    tf.write(tmp_path / "r" / "deeper" / NAME)
    for place in ("projector_config.pbtxt", "00000/emb/tensors.tsv", "model.ckpt", "deeper/other.tsv"):
        path = tmp_path / "r" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(place)
    (tmp_path / "r" / "secret.tsv").symlink_to("/etc/passwd")
    found = read_all("tensorboard", tmp_path, settings={"files": "*.pbtxt,*.tsv"})
    assert [file.name for file in found["r"].of(File)] == [
        "files/projector_config.pbtxt",
        "files/00000/emb/tensors.tsv",
    ]
    assert [file.name for file in found["r/deeper"].of(File)] == ["files/other.tsv"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_leaves_its_neighbours_alone(tmp_path: Path) -> None:
    tf.write(tmp_path / "r" / NAME, tf.event(0, tf.scalar("x", 1)))
    tf.write(tmp_path / "r" / "events.out.tfevents.1.h").chmod(0)
    (found,) = read_all("tensorboard", tmp_path).values()
    assert found.points == {"x": [(0, NOW, 1)]}
    assert len(found.problems) == 1


def test_a_folder_whose_name_is_no_utf8(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/a\xff"
    os.mkdir(folder)
    tf.write(Path(os.fsdecode(folder)) / NAME, tf.event(0, tf.scalar("x", 1)))
    ((id, found),) = read_all("tensorboard", tmp_path).items()
    assert os.fsencode(id) == b"a\xff"
    assert found.points == {"x": [(0, NOW, 1)]}


EVENTS = [
    tf.event(0, tf.scalar("x", 1)),
    tf.event(1, tf.scalar("x", 2), tf.image("i", PNG), tf.histogram("h", 0, 1, [0.5, 1], [1, 2])),
    tf.event(2, tf.tensor("t", "text", tf.strings([b"hello"], []))),
    tf.event(3, hparams("session_start_info", 3, tf.part(1, tf.part(1, b"lr") + tf.part(2, any_value(0.5))))),
    tf.event(4, tf.scalar("x", 3)),
]


def test_cut_off_at_every_byte(tmp_path: Path) -> None:
    path = tf.write(tmp_path / "r" / NAME, *EVENTS)
    whole = path.read_bytes()
    ends = [len(b"".join(map(tf.record, (tf.BEGIN, *EVENTS[:count])))) for count in range(len(EVENTS) + 1)]
    complete = read_all("tensorboard", tmp_path)["r"].points["x"]
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        found = read_all("tensorboard", tmp_path)["r"]
        assert found.points.get("x", []) == complete[: sum(end >= ends[i] for i in (1, 2, 5))]
        assert len(found.problems) == (end != 0 and end not in ends)


def test_a_bit_flipped_in_every_byte_costs_one_record_and_is_named(tmp_path: Path) -> None:
    path = tf.write(tmp_path / "r" / NAME, *EVENTS)
    whole = path.read_bytes()
    complete = read_all("tensorboard", tmp_path)["r"].points["x"]
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        found = read_all("tensorboard", tmp_path)["r"]
        assert len(found.problems) == 1
        assert len(complete) - 1 <= len(found.points["x"]) <= len(complete)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_records_with_any_damage_inside_are_named_and_no_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    body = bytearray(data.draw(st.sampled_from(EVENTS)))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    found = one(tmp_path_factory.mktemp("d"), EVENTS[0], bytes(body), EVENTS[-1])
    assert {(0, NOW, 1), (4, NOW, 3)} <= set(found.points["x"])
    json.dumps([item.body for item in found.of(Data)], allow_nan=False)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_no_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("b")
    (folder / NAME).write_bytes(data)
    found = read_all("tensorboard", folder)["."]
    assert found.points == {}
    assert bool(found.problems) == bool(data)

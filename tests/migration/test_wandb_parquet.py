"""Histories that W&B has exported as Parquet files."""

from __future__ import annotations

import io
import json
import math
import os
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pluto_migration.model import POINTS_AT_ONCE, Data, File, Points
from pluto_migration.source import Options, Problems, SourceError
from pluto_migration.sources import wandb_parquet
from pyarrow import parquet

from tests.migration.reading import Read

START = 1_700_000_000.0
US = 1_000_000


def row(step: int, **values: Any) -> dict[str, Any]:
    return {"_step": step, "_timestamp": START + step, "_runtime": float(step) + 0.5, **values}


def write(path: Path, rows: Sequence[dict[str, Any]], schema: pa.Schema | None = None, **how: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    names = list(dict.fromkeys(name for one in rows for name in one))
    whole = [{name: one.get(name) for name in names} for one in rows]
    parquet.write_table(pa.Table.from_pylist(whole, schema=schema), path, **how)
    return path


def read(*paths: Path, project: str | None = "team/proj", **options: Any) -> Read:
    [found] = read_all(*paths, project=project, **options)
    return found


def read_all(*paths: Path, project: str | None = "team/proj", **given: str) -> list[Read]:
    noted = Problems()
    found = []
    for run in wandb_parquet.find([str(path) for path in paths], Options(project=project, settings=given), noted):
        problems = Problems()
        items = list(run.read(Path("/nowhere"), problems))
        found.append(Read(run, items, [f"{problem.where}: {problem.what}" for problem, _ in problems]))
    assert not len(noted)
    return found


def test_rows_come_over_with_steps_times_and_kinds(tmp_path: Path) -> None:
    write(
        tmp_path / "run1" / "0.parquet",
        [
            row(0, loss=0.5, i=2**60, text="a", flag=True, neg=-0.0, **{"a.b": 1.5}),
            row(3, loss=math.nan, i=None, text=None, flag=False, neg=math.inf),
            row(7, loss=None, i=-3, text="ü", flag=None, neg=-math.inf),
        ],
    )
    found = read(tmp_path / "run1")
    assert (found.run.project, found.run.id, found.problems) == ("team/proj", "run1", [])
    times = {step: int((START + step) * US) for step in (0, 3, 7)}
    loss = found.points["loss"]
    assert loss[0] == (0, times[0], 0.5) and loss[1][:2] == (3, times[3]) and math.isnan(loss[1][2]) and len(loss) == 2
    assert found.points["i"] == [(0, times[0], 2.0**60), (7, times[7], -3.0)]
    assert found.points["a.b"] == [(0, times[0], 1.5)]
    assert found.points["flag"] == [(0, times[0], 1.0), (3, times[3], 0.0)]
    assert [value for _, _, value in found.points["neg"]] == [0.0, math.inf, -math.inf]
    assert math.copysign(1, found.points["neg"][0][2]) == -1
    assert found.texts["text"] == [(0, times[0], "a"), (7, times[7], "ü")]
    assert found.facts.wandb["bools"] == {"flag": True}
    assert found.run.created == int((START - 0.5) * US)
    assert found.facts.wandb["starts"] == {str(found.run.created): 0.0}
    assert found.facts.ended == times[7]
    assert found.points.keys() == {"loss", "i", "a.b", "flag", "neg"}


def test_structs_lists_and_media(tmp_path: Path) -> None:
    image = {"_type": "image-file", "path": "media/images/a.png", "size": 3}
    kinds = pa.struct([("_type", pa.string()), ("path", pa.string()), ("size", pa.int64()), ("caption", pa.string())])
    schema = pa.schema([
        ("_step", pa.int64()), ("_timestamp", pa.float64()),
        ("nested", pa.struct([("x", pa.struct([("y", pa.float64())])), ("t", pa.string())])),
        ("img", kinds), ("json", pa.string()), ("listed", pa.list_(pa.int64())),
        ("map", pa.map_(pa.string(), pa.list_(pa.map_(pa.string(), pa.int64())))),
        ("money", pa.decimal128(10, 2)), ("word", pa.dictionary(pa.int32(), pa.string())),
    ])  # fmt: skip
    from decimal import Decimal

    write(
        tmp_path / "r" / "0.parquet",
        [
            row(0, nested={"x": {"y": 2.0}, "t": "in"}, img=image, json=json.dumps(image), listed=[1, None],
                map=[("a", [[("b", 1)]])], money=Decimal("1.25"), word="w"),
            row(1, nested=None, img=None, json="{no json _type", listed=None, map=None, money=None, word=None),
        ],
        schema,
    )  # fmt: skip
    found = read(tmp_path / "r")
    start = int(START * US)
    assert found.points["nested.x.y"] == [(0, start, 2.0)]
    assert found.texts["nested.t"] == [(0, start, "in")]
    assert found.facts.wandb["nested"] == {"nested.x.y": ["nested", "x", "y"], "nested.t": ["nested", "t"]}
    assert [(item.name, item.body) for item in found.of(Data)] == [
        ("img", image),
        ("json", image),
        ("listed", [1, None]),
        ("map", {"a": [{"b": 1}]}),
    ]
    assert found.texts["json"] == [(1, start + US, "{no json _type")]
    assert found.texts["word"] == [(0, start, "w")]
    assert found.points["money"] == [(0, start, 1.25)]
    assert len(found.problems) == 2 and all("not beside the export" in one for one in found.problems)
    (tmp_path / "r" / "media" / "images").mkdir(parents=True)
    (tmp_path / "r" / "media" / "images" / "a.png").write_bytes(b"png")
    found = read(tmp_path / "r")
    assert found.problems == []
    assert [(file.name, file.type, file.content) for file in found.of(File)] == [
        ("img", "IMAGE", tmp_path / "r" / "media" / "images" / "a.png"),
        ("json", "IMAGE", tmp_path / "r" / "media" / "images" / "a.png"),
    ]


def test_half_floats(tmp_path: Path) -> None:
    schema = pa.schema([("_step", pa.int64()), ("half", pa.float16())])
    try:
        write(tmp_path / "r" / "0.parquet", [{"_step": 0, "half": np.float16(0.5)}, {"_step": 1}], schema)
    except pa.ArrowNotImplementedError:
        pytest.skip("this pyarrow writes no half floats")
    assert read(tmp_path / "r").points["half"] == [(0, 0, 0.5)]


def test_files_of_media_outside_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"secret")
    (tmp_path / "r" / "media").mkdir(parents=True)
    (tmp_path / "r" / "media" / "link.png").symlink_to(tmp_path / "secret.png")
    values = [json.dumps({"_type": "image-file", "path": path}) for path in
              ("../secret.png", str(tmp_path / "secret.png"), "media/link.png", "media/gone.png")]  # fmt: skip
    write(tmp_path / "r" / "0.parquet", [row(at, img=value) for at, value in enumerate(values)])
    found = read(tmp_path / "r")
    assert not found.of(File) and len(found.of(Data)) == 4
    assert sum("leads out of" in problem for problem in found.problems) == 3


def test_parts_are_put_in_order_and_rows_of_two_come_once(tmp_path: Path) -> None:
    write(tmp_path / "r" / "a.parquet", [row(step, x=step * 1.0, t=f"t{step}") for step in (5, 3, 4)])
    write(tmp_path / "r" / "b.parquet", [row(step, x=step * 1.0, t=f"t{step}") for step in (0, 1, 3, 2)])
    write(tmp_path / "r" / "c.parquet", [row(5, x=55.0), row(6, x=6.0), row(6, x=6.0), row(1, x=math.nan)])
    write(tmp_path / "r" / "d.parquet", [row(1, x=math.nan)])
    found = read(tmp_path / "r")
    assert found.problems == []
    steps = [step for step, _, _ in found.points["x"]]
    # Step 3 is in two parts and alike; step 5 differs; 6 is twice in one part; NaN is in two parts and alike.
    assert steps == [0, 1, 1, 2, 3, 4, 5, 5, 6, 6]
    assert [value for step, _, value in found.points["x"] if step == 5] == [5.0, 55.0]
    assert [step for step, _, _ in found.texts["t"]] == [0, 1, 2, 3, 4, 5]


def test_many_rows_in_many_groups(tmp_path: Path) -> None:
    count = 700_000
    steps = np.arange(count)
    table = pa.table({"_step": steps, "_timestamp": START + steps / 10, "x": steps / 7, "y": steps})
    (tmp_path / "r").mkdir()
    parquet.write_table(table.slice(0, 400_000), tmp_path / "r" / "1.parquet", row_group_size=50_000)
    parquet.write_table(table.slice(400_000), tmp_path / "r" / "0.parquet", row_group_size=300_000)
    found = read(tmp_path / "r")
    points = [item for item in found.of(Points) if item.name == "x"]
    assert max(len(item.steps) for item in points) <= POINTS_AT_ONCE
    assert np.array_equal(np.concatenate([item.steps for item in points]), steps)
    assert np.array_equal(np.concatenate([item.values for item in points]), steps / 7)
    assert found.problems == []


def test_rows_with_nothing_and_without_times(tmp_path: Path) -> None:
    write(tmp_path / "r" / "0.parquet", [
        row(0, x=1.0), row(1, x=None), {"_step": 2, "_timestamp": None, "_runtime": None, "x": 3.0},
        {"_step": None, "_timestamp": START, "_runtime": 0.0, "x": 4.0},
        {"_step": 4, "_timestamp": math.inf, "_runtime": 0.0, "x": 5.0},
    ])  # fmt: skip
    found = read(tmp_path / "r")
    second = int((START + 1) * US)
    assert found.points["x"] == [(0, int(START * US), 1.0), (2, second, 3.0), (4, second, 5.0)]
    assert found.points["_timestamp"] == [(1, second, START + 1)]
    assert len(found.problems) == 1 and "1 rows without a step" in found.problems[0]


def test_an_empty_history_is_a_run(tmp_path: Path) -> None:
    write(tmp_path / "r" / "0.parquet", [], pa.schema([("_step", pa.int64()), ("x", pa.float64())]))
    found = read(tmp_path / "r")
    assert (found.points, found.problems, found.run.created) == ({}, [], None)


@pytest.mark.parametrize(
    ("file", "given", "id"),
    [
        ("abc123/0000.parquet", "abc123", "abc123"),
        ("run-abc_1-history:v12/0000.parquet", ".", "abc_1"),
        ("run-abc-history/0.parquet", "run-abc-history", "abc"),
        ("team_proj_my_id_0.runhistory.parquet", ".", "my_id"),
        ("other_x_id7_12.runhistory.parquet", ".", "id7"),
        ("single.parquet", "single.parquet", "single"),
        ("ünï code/0.parquet", "ünï code", "ünï code"),
    ],
)
def test_the_id_of_a_run(tmp_path: Path, file: str, given: str, id: str) -> None:
    write(tmp_path / file, [row(0, x=1.0)])
    found = read(tmp_path / given)
    assert found.run.id == id
    assert read(tmp_path / given, run_id="mine").run.id == "mine"


def test_a_folder_with_exports_of_several_runs(tmp_path: Path) -> None:
    for name in ("team_proj_a_0", "team_proj_a_1", "team_proj_b_0"):
        write(tmp_path / f"{name}.runhistory.parquet", [row(int(name[-1]), x=1.0)])
    write(tmp_path / "run-c-history:v0" / "0.parquet", [row(0, x=1.0)])
    write(tmp_path / "run-c-history:v1" / "0.parquet", [row(0, x=1.0), row(1, x=1.0)])
    found = {one.run.id: one for one in read_all(tmp_path)}
    assert {id: len(one.points["x"]) for id, one in found.items()} == {"a": 2, "b": 1, "c": 2}
    with pytest.raises(SourceError, match="3 runs"):
        read_all(tmp_path, run_id="one")


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no file"):
        read_all(tmp_path)
    with pytest.raises(SourceError, match="no file"):
        read_all(tmp_path / "nowhere")
    write(tmp_path / "r" / "0.parquet", [row(0, x=1.0)])
    with pytest.raises(SourceError, match="--project"):
        read_all(tmp_path, project=None)
    with pytest.raises(SourceError, match="no setting 'step'"):
        read_all(tmp_path, step="x")
    other = write(tmp_path / "other.parquet", [{"step": 1, "x": 2.0}])
    with pytest.raises(SourceError, match="no history of W&B"):
        read_all(other)
    twice = pa.Table.from_arrays([pa.array([0]), pa.array([1.0]), pa.array([2.0])], names=["_step", "x", "x"])
    parquet.write_table(twice, tmp_path / "twice.parquet")
    with pytest.raises(SourceError, match="several columns of the name 'x'"):
        read_all(tmp_path / "twice.parquet")
    (tmp_path / "bad.parquet").write_bytes(b"no parquet")
    with pytest.raises(SourceError, match="can't be read"):
        read_all(tmp_path / "bad.parquet")


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    write(tmp_path / "r" / "0.parquet", [row(0, x=1.0)])
    with pytest.raises(SourceError, match=r"pluto-ml\[migrate\]"):
        read_all(tmp_path)


def test_a_part_that_is_none_does_not_harm_the_others(tmp_path: Path) -> None:
    write(tmp_path / "r" / "0.parquet", [row(0, x=1.0)])
    (tmp_path / "r" / "1.parquet").write_bytes(b"PAR1 no PAR1")
    write(tmp_path / "r" / "2.parquet", [{"a": 1}])
    found = read(tmp_path / "r")
    assert len(found.points["x"]) == 1
    assert [problem.partition(": ")[0] for problem in found.problems] == [
        str(tmp_path / "r" / "1.parquet"), str(tmp_path / "r" / "2.parquet"),
    ]  # fmt: skip


def test_more_rows_than_the_file_can_have_are_not_read(tmp_path: Path) -> None:
    count = 3_000_000
    table = pa.table({"_step": np.zeros(count, np.int64), "x": np.zeros(count)})
    (tmp_path / "r").mkdir()
    parquet.write_table(table, tmp_path / "r" / "0.parquet", compression="zstd", row_group_size=count)
    write(tmp_path / "r" / "1.parquet", [row(1, x=1.0)])
    found = read(tmp_path / "r")
    assert len(found.points["x"]) == 1
    assert len(found.problems) == 1 and "3000000 rows, which is not believed" in found.problems[0]


def test_pipes_are_passed_by(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.parquet")
    (tmp_path / "folder.parquet").mkdir()
    (tmp_path / "gone.parquet").symlink_to(tmp_path / "nothing")
    write(tmp_path / "r" / "0.parquet", [row(1, x=1.0)])
    problems = Problems()
    [run] = wandb_parquet.find([str(tmp_path)], Options(project="p"), problems)
    assert run.id == "r"
    assert [Path(problem.where).name for problem, _ in problems] == ["a.parquet", "gone.parquet"]


def test_columns_of_other_kinds_are_named(tmp_path: Path) -> None:
    import datetime

    write(tmp_path / "r" / "0.parquet", [row(0, x=1.0, day=datetime.date(2024, 1, 1), raw=b"bytes")])
    found = read(tmp_path / "r")
    assert found.points.keys() == {"x"}
    assert sorted("'day'" in problem or "'raw'" in problem for problem in found.problems) == [True, True]


def test_the_fingerprint_goes_by_the_files(tmp_path: Path) -> None:
    path = write(tmp_path / "r" / "0.parquet", [row(0, x=1.0)])
    before = read(tmp_path / "r").run.fingerprint
    assert read(tmp_path / "r").run.fingerprint == before
    assert read(tmp_path / "r").run.size == path.stat().st_size
    write(tmp_path / "r" / "1.parquet", [row(1, x=1.0)])
    assert read(tmp_path / "r").run.fingerprint != before


def small(rows: int = 40) -> bytes:
    table = pa.Table.from_pylist([row(at, x=at / 3, t=f"text {at}", n={"a": at}, l=[at]) for at in range(rows)])
    out = io.BytesIO()
    parquet.write_table(table, out, row_group_size=rows // 2)
    return out.getvalue()


def damaged(folder: Path, content: bytes) -> None:
    """Reads a damaged part beside a sound one: no error but `SourceError`, and the sound one is unharmed."""
    (folder / "0.parquet").write_bytes(content)
    found = read(folder)
    assert found.points["sound"] == [(1000 + at, int((START + 1000 + at) * US), float(at)) for at in range(3)]


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("beside") / "r"
    write(folder / "1.parquet", [row(1000 + at, sound=float(at)) for at in range(3)])
    return folder


def test_cut_off_anywhere(beside: Path) -> None:
    content = small()
    for size in range(0, len(content), 7):
        damaged(beside, content[:size])


@example([(60542, 1)])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), min_size=1, max_size=4))
def test_bits_that_flip(beside: Path, flips: list[tuple[int, int]]) -> None:
    content = bytearray(small())
    for at, bits in flips:
        content[at % len(content)] ^= bits
    damaged(beside, bytes(content))


def test_random_rows_against_a_simple_reading(tmp_path: Path) -> None:
    chance = random.Random(7)
    for case in range(20):
        folder = tmp_path / f"r{case}"
        wanted: dict[str, list[tuple[int, float]]] = {}
        steps = chance.sample(range(10_000), 400)
        at = 0
        for part in range(chance.randint(1, 4)):
            size = chance.randint(1, 100)
            rows = []
            for step in steps[at : at + size]:
                values = {name: chance.choice([None, chance.random(), math.nan]) for name in "xyz"}
                rows.append(row(step, **values))
                for name, value in values.items():
                    if value is not None:
                        wanted.setdefault(name, []).append((step, value))
            at += size
            write(folder / f"{part}.parquet", rows, row_group_size=chance.randint(1, 50))
        found = read(folder)
        for name, points in wanted.items():
            expected = sorted(points)
            got = [(step, value) for step, _, value in found.points[name]]
            assert repr(got) == repr([(float(step), value) for step, value in expected])


def test_into_the_local_store_proven_and_read_back(tmp_path: Path, command: Any, printed: Any) -> None:
    rows = [row(step, loss=1 / (step + 1), text=f"t{step}", flag=step % 2 == 0) for step in range(20)]
    write(tmp_path / "team_proj_abc_0.runhistory.parquet", rows[:12])
    write(tmp_path / "team_proj_abc_1.runhistory.parquet", rows[8:])
    words = ("wandb-parquet", tmp_path, "--project", "team/proj", "--to", "local")
    report = printed("migrate", *words)
    assert [(run["id"], run["state"]) for run in report["runs"]] == [("abc", "migrated")]
    command("verify", *words)
    assert [run["state"] for run in printed("migrate", *words)["runs"]] == ["unchanged"]
    write(tmp_path / "team_proj_abc_2.runhistory.parquet", [row(20, loss=9.0)])
    assert [run["state"] for run in printed("migrate", *words)["runs"]] == ["topped up"]
    command("verify", *words)
    from pluto.compat.wandb.apis.public import Api

    found = list(Api().run("team/proj/abc").scan_history())
    assert [one["_step"] for one in found] == list(range(21))
    assert [one["loss"] for one in found] == [1 / (step + 1) for step in range(20)] + [9.0]
    assert found[0]["flag"] is True and found[1]["flag"] is False and found[3]["text"] == "t3"
    assert [one["_timestamp"] for one in found] == [START + step for step in range(21)]

"""Event files, Trackio and tables with all that can be in them, into both kinds of stores; then they grow."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import tfevents as tf
from tests.fakes.stock import Stock
from tests.migration.trackio_place import WHEN, Place

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c6360000000020001e221bc330000000049454e44ae426082"
)


@dataclass
class Growing:
    """A source, and how it gets more of a run that it has."""

    words: list[str]
    grow: Callable[[], None]


def event_files(folder: Path) -> Growing:
    path = folder / "logs" / "run" / "events.out.tfevents.1700000000.host"
    edges = struct.pack("<6d", 0, 1, 3, 1, 2, 4)
    tf.write(
        path,
        *(tf.event(step, tf.scalar("loss", value)) for step, value in ((0, 1), (1, float("nan")), (1, -0.0), (-5, 2))),
        tf.event(2, tf.image("im", PNG), tf.tensor("many", "images", tf.strings([b"1", b"1", PNG, PNG]))),
        tf.event(3, tf.histogram("h", 0, 3, [1, 2, 3], [1, 0.5, 2])),
        tf.event(3, tf.tensor("h2", "histograms", tf.array(2, [2, 3], edges))),
        tf.event(4, tf.tensor("says", "text", tf.strings([b"one", "zwei ü".encode()]))),
        tf.event(4, tf.tensor("pr", "pr_curves", tf.array(1, [2, 1], struct.pack("<2f", 1, float("nan"))))),
        tf.double(1, 1.7e9) + tf.part(4, b"graph"),
    )

    def grow() -> None:
        with path.open("ab") as file:
            file.write(tf.record(tf.event(6, tf.scalar("loss", 0.5))))
            file.write(tf.record(tf.event(6, tf.image("im", PNG), time=1.7e9 + 1)))

    return Growing(["tensorboard", str(folder / "logs")], grow)


def trackio(folder: Path) -> Growing:
    place = Place(folder / "trackio")
    image = {"_type": "trackio.image", "file_path": place.file("demo/one/0/a.png", PNG), "caption": "ü"}
    place.config({"lr": 0.1, "nan": "NaN", "_Group": "g", "_Created": WHEN})
    place.log(0, {"x": 1, "n": {"a": 2}, "text": "hello", "nan": "NaN"})
    place.log(1, {"im": image, "table": {"_type": "trackio.table", "_value": [{"a": "NaN", "b": None}]}})
    place.log(2, {"h": {"_type": "trackio.histogram", "bins": [0, 1, 2], "values": [3, 4]}})
    place.log(3, {"md": {"_type": "trackio.markdown", "_value": "# hi"}, "list": [1, "a"]})
    place.add("alerts", run_id="id1", timestamp=WHEN, run_name="one", title="t", text="u", level="warn")
    place.add("system_metrics", run_id="id1", timestamp=WHEN, run_name="one", metrics='{"cpu/utilization": 5}')
    place.database.close()

    def grow() -> None:
        again = Place(folder / "trackio", tables="")
        again.log(4, {"x": 5, "text": "more", "im": image})
        again.database.close()

    return Growing(["trackio", str(place.path)], grow)


def csv(folder: Path) -> Growing:
    path = folder / "t.csv"
    path.write_text(
        "run,step,loss,note,timestamp\na,0,0.5,hi,1700000000\na,0,nan,,1700000001\nb,-1.5,inf,x,1700000002\n"
    )

    def grow() -> None:
        with path.open("a") as file:
            file.write("a,0,nan,hi,1700000001\nb,7,1,,1700000009\n")

    return Growing(["csv", str(path), "--project", "tables"], grow)


def parquet(folder: Path) -> Growing:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    rows = [{"run": "a", "step": 0.5, "x": 1.0, "s": "t"}, {"run": "a", "step": 0.5, "x": None, "s": None}]

    def write() -> None:
        pq.write_table(pa.Table.from_pylist(rows), folder / "t.parquet")

    def grow() -> None:
        rows.append({"run": "a", "step": -1.5, "x": 1.0, "s": "t"})
        write()

    write()
    return Growing(["parquet", str(folder / "t.parquet"), "--project", "tables"], grow)


@pytest.fixture(params=["local", "stock"])
def to(request: pytest.FixtureRequest) -> str:
    if request.param == "local":
        return "local"
    stock: Stock = request.getfixturevalue("stock")
    return stock.url


@pytest.mark.parametrize("made", [event_files, trackio, csv, parquet])
def test_a_source_comes_over_whole_and_what_is_new_is_added(
    made: Callable[[Path], Growing], to: str, tmp_path: Path, printed: Callable[..., Any]
) -> None:
    source = made(tmp_path)
    words = [*source.words, "--to", to]
    report = printed("migrate", *words, "--workers", 1)
    assert set(report["states"]) == {"migrated"}
    proof = printed("verify", *words, "--workers", 1)
    assert [run["differences"] for run in proof["runs"] if run["differences"]] == []
    assert set(printed("migrate", *words, "--workers", 1)["states"]) == {"unchanged"}
    source.grow()
    grown = printed("migrate", *words, "--workers", 1)
    assert "topped up" in grown["states"]
    assert 0 < grown["totals"]["points"] < 5
    proof = printed("verify", *words, "--workers", 1)
    assert [run["differences"] for run in proof["runs"] if run["differences"]] == []
    assert proof["whole"]

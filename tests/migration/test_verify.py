"""A store that has something else than the source: told in words, by the exit code, and in the run's receipt."""

from __future__ import annotations

import math
import sqlite3
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pluto_migration.migrate import migrate, settings_for
from pluto_migration.plan import plan
from pluto_migration.verify import Proof, RunProof, verify

from pluto.query import Client
from tests.fakes.stock import Stock
from tests.migration import synthetic

PROJECT = "made/up"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A run with everything, and another one."""
    folder = tmp_path / "source"
    synthetic.write(folder, "one", points=300)
    (folder / "one.bin").write_bytes(bytes(range(256)) * 500)
    synthetic.write(folder, "two", points=10, bare=True)
    return folder


def brought(source: Path, to: str = "local") -> None:
    report = migrate(synthetic, [str(source)], settings=settings_for(to))
    assert report.whole, report


def proof_of(source: Path, to: str = "local", **more: Any) -> Proof:
    return verify(synthetic, [str(source)], settings=settings_for(to), **more)


def of(proof: Proof, id: str) -> RunProof:
    return next(run for run in proof.runs if run.id == id)


def receipt(id: str, to: str = "local") -> dict[str, Any]:
    with Client(settings={"host": to}) as client:
        run = next(client.iter_overviews(PROJECT, external_id=id))
    found: dict[str, Any] = run.config["_migration"]["receipt"]
    return found


def number(id: str) -> int:
    with Client(settings={"host": "local"}) as client:
        return next(client.iter_overviews(PROJECT, external_id=id)).id


def test_everything_is_there_after_a_migration(source: Path) -> None:
    brought(source)
    proof = proof_of(source)
    assert proof.whole
    one = of(proof, "one")
    assert (one.verdict, one.differences, one.adapted, one.problems) == ("same", [], [], [])
    assert (one.points, one.files) == (2 * 300 + len(synthetic.ODD) + 4, 5)
    assert {"facts", "config", "series", "texts", "data", "console", "alerts", "files", "artifacts"} == set(one.hashes)
    kept = receipt("one")
    assert (kept["ok"], kept["differences"], kept["hashes"]) == (True, 0, one.hashes)


def test_on_a_stock_server_what_it_can_not_hold_is_named(source: Path, stock: Stock) -> None:
    brought(source, stock.url)
    proof = proof_of(source, stock.url)
    one = of(proof, "one")
    assert (one.verdict, one.differences) == ("same", [])
    told = "\n".join(one.adapted)
    assert "3 points that gave way to another one at their step" in told
    assert "points that have their exact steps beside them" in told
    assert "whole milliseconds" in told
    assert "alerts" in told
    assert receipt("one", stock.url)["adapted"] == one.adapted


Tamper = Callable[[sqlite3.Connection, Path], None]


def lose_text(series: sqlite3.Connection, store: Path) -> None:
    assert series.execute("DELETE FROM data WHERE name = 'said' AND step = 1").rowcount == 1


def change_text(series: sqlite3.Connection, store: Path) -> None:
    assert series.execute("UPDATE data SET body = 'line O äöü' WHERE name = 'said' AND step = 0").rowcount == 1


def change_data(series: sqlite3.Connection, store: Path) -> None:
    assert series.execute("UPDATE data SET body = replace(body, '1', '7') WHERE name = 'hist'").rowcount == 3


def move_line(series: sqlite3.Connection, store: Path) -> None:
    assert series.execute("UPDATE console SET time = time + 1 WHERE message = 'out 2'").rowcount == 1


def lose_file(series: sqlite3.Connection, store: Path) -> None:
    assert series.execute("DELETE FROM file WHERE name = 'unpacked'").rowcount == 1


def rename_caption(series: sqlite3.Connection, store: Path) -> None:
    assert series.execute("UPDATE file SET caption = 'number 9' WHERE name = 'pictures' AND step = 1").rowcount == 1


def swap_file(series: sqlite3.Connection, store: Path) -> None:
    ((sha256,),) = series.execute("SELECT sha256 FROM file WHERE name = 'unpacked'").fetchall()
    blob = store / "blobs" / sha256[:2] / sha256
    content = bytearray(blob.read_bytes())
    content[50_000] ^= 1
    blob.chmod(0o600)
    blob.write_bytes(content)


def lose_blob(series: sqlite3.Connection, store: Path) -> None:
    ((sha256,),) = series.execute("SELECT sha256 FROM file WHERE name = 'beside'").fetchall()
    (store / "blobs" / sha256[:2] / sha256).unlink()


def change_value(series: sqlite3.Connection, store: Path) -> None:
    """The sine of 17 in a metric's sealed values, which are random enough to be kept as they are."""
    wanted = struct.pack("<d", math.sin(17.0))
    changed = 0
    chunks = "SELECT chunk.id, vals FROM chunk JOIN name ON name.id = chunk.name WHERE name.name = 'train/loss0'"
    for id, values in series.execute(chunks).fetchall():
        if wanted in values:
            series.execute(
                "UPDATE chunk SET vals = ? WHERE id = ?", (values.replace(wanted, struct.pack("<d", 2.0)), id)
            )
            changed += 1
    assert changed == 1


@pytest.mark.parametrize(
    ("tamper", "words"),
    [
        (lose_text, ["text 'said': count 3 in the source, 2 in the store"]),
        (change_text, ["text 'said': as many, but not the same content"]),
        (change_data, ["data 'hist (HISTOGRAM)': as many, but not the same content"]),
        (move_line, ["console 'INFO': last time 2023-11-14T22:13:20.000001Z in the source,"]),
        (lose_file, ["file 'unpacked': not in the store: "]),
        (rename_caption, ["file 'pictures': caption number 1 in the source, number 9 in the store"]),
        (swap_file, ["file 'unpacked': sha256 "]),
        (lose_blob, ["file 'beside': sha256 ", "its content is not there"]),
        (change_value, ["metric 'train/loss0': ", "in the source, 2.0 in the store"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_was_changed_in_the_store_is_told(source: Path, root: Path, tamper: Tamper, words: list[str]) -> None:
    brought(source)
    store = root / "store"
    with sqlite3.connect(store / "series" / f"{number('one')}.db") as series:
        tamper(series, store)
    series.close()
    proof = proof_of(source)
    assert not proof.whole
    one = of(proof, "one")
    assert one.verdict == "different"
    told = "\n".join(one.differences)
    assert [word for word in words if word not in told] == [], told
    assert of(proof, "two").verdict == "same"
    kept = receipt("one")
    assert (kept["ok"], kept["differences"]) == (False, len(one.differences))
    assert receipt("two")["ok"]


def test_what_is_known_of_the_run_is_compared(source: Path) -> None:
    brought(source)
    with Client(settings={"host": "local"}) as client:
        client.edit_run(PROJECT, number("one"), name="another", tags=["b", "a"], notes="else")
        client.merge_config(PROJECT, number("one"), {"lr": 0.5, "more": 1, "whole": "3.0"})
        client.end_run(PROJECT, number("two"), "FAILED")
    proof = proof_of(source)
    assert set(of(proof, "one").differences) >= {
        "tags: ['a', 'b'] in the source, ['b', 'a'] in the store",
        'config lr: {"float":"0.25"} in the source, {"float":"0.5"} in the store',
        'config whole: {"float":"3.0"} in the source, "3.0" in the store',
        "config more: nothing in the source, 1 in the store",
    }
    assert any(one.startswith("notes: 'Said of it.") for one in of(proof, "one").differences)
    assert "status: 'COMPLETED' in the source, 'FAILED' in the store" in of(proof, "two").differences


def test_a_point_that_the_store_lacks_is_told(source: Path) -> None:
    brought(source)
    synthetic.write(source, "two", points=11, bare=True)
    two = of(proof_of(source), "two")
    assert len(two.differences) == 2  # of each of its metrics
    assert "count 11 in the source, 10 in the store; last step 10.0 in the source, 9.0 in the store" in "".join(
        two.differences
    )


def test_points_and_files_on_a_stock_server(source: Path, stock: Stock) -> None:
    brought(source, stock.url)
    run = stock.run("one")
    lost = next(row for row in run.metrics if row[0] == "train/loss1" and row[2] == 40)
    run.metrics.remove(lost)
    at = next(at for at, row in enumerate(run.metrics) if row[0] == "train/loss0" and row[2] == 7)
    name, time, step, value = run.metrics[at]
    run.metrics[at] = (name, time, step, math.nextafter(value, 2))
    key = next(key for key in stock.objects if "/pictures/" in key and len(stock.objects[key]) > 1000)
    stock.objects[key] = stock.objects[key][:-1] + b"!"
    run.logs.remove(next(log for log in run.logs if '"line 1' in log["message"]))
    one = of(proof_of(source, stock.url), "one")
    told = "\n".join(one.differences)
    assert "metric 'train/loss1': count 300 in the source, 299 in the store" in told
    assert "metric 'train/loss0': " in told
    assert "file 'pictures': sha256 " in told
    assert "text 'said': count 3 in the source, 2 in the store" in told
    assert len(one.differences) == 4
    assert not receipt("one", stock.url)["ok"]


def test_files_that_can_not_be_fetched_just_now_are_no_difference(source: Path, stock: Stock) -> None:
    brought(source, stock.url)
    stock.fail(503, path="/objects", times=2)
    one = of(proof_of(source, stock.url), "one")
    assert (one.verdict, one.reason) == ("same", "")
    stock.objects.pop(next(key for key in stock.objects if "/unpacked/" in key))
    (told,) = of(proof_of(source, stock.url), "one").differences
    assert told.startswith("file 'unpacked': sha256 ")
    assert told.endswith(" in the source, its content is not there in the store")


def test_a_run_that_is_not_there_and_one_that_can_not_be_read(source: Path) -> None:
    brought(source)
    synthetic.write(source, "later", points=1)
    synthetic.write(source, "broken", broken=True)
    proof = proof_of(source)
    assert {run.id: run.verdict for run in proof.runs} == {
        "broken": "missing", "later": "missing", "one": "same", "two": "same",
    }  # fmt: skip
    assert not proof.whole
    synthetic.write(source, "two", broken=True)
    two = of(proof_of(source), "two")
    assert (two.verdict, two.reason) == ("failed", f"{source / 'two.run'}: it is broken; mend it")
    synthetic.write(source, "two", bug=True)
    two = of(proof_of(source), "two")
    assert (two.verdict, two.reason) == ("failed", "it can't be compared: KeyError: 'a mistake in the module'")
    planned = {run.id: run.failed for run in plan(synthetic, [str(source)]).runs}
    assert planned == {
        "broken": f"{source / 'broken.run'}: it is broken; mend it", "later": "", "one": "",
        "two": "KeyError: 'a mistake in the module'",
    }  # fmt: skip


def test_a_run_that_somebody_else_made_is_not_taken_for_one_that_came_over(source: Path) -> None:
    with Client(settings={"host": "local"}) as client:
        client.create_run(PROJECT, external_id="one", name="another", config={"mine": 1})
        client.end_run(PROJECT, number("one"), "COMPLETED")
        assert migrate(synthetic, [str(source)], settings=settings_for("local")).states == {"refused": 1, "migrated": 1}
        one = of(proof_of(source), "one")
        assert (one.verdict, one.differences) == ("missing", [])
        assert "a run of this id, " in one.reason
        assert next(client.iter_overviews(PROJECT, external_id="one")).config == {"mine": 1}


def test_several_processes_find_the_same(source: Path) -> None:
    brought(source)
    synthetic.write(source, "two", points=11, bare=True)
    alone, together = proof_of(source), proof_of(source, workers=2)
    for one, other in zip(alone.runs, together.runs, strict=True):
        assert (one.id, one.verdict, one.differences, one.hashes) == (
            other.id, other.verdict, other.differences, other.hashes,
        )  # fmt: skip


def test_without_receipts_nothing_is_written(source: Path) -> None:
    brought(source)
    assert proof_of(source, receipts=False).whole
    with pytest.raises(KeyError):
        receipt("one")


@pytest.mark.parametrize("where", ["local", "stock"])
def test_forks_are_linked_and_have_their_own_points_alone(
    tmp_path: Path, where: str, request: pytest.FixtureRequest
) -> None:
    to = "local" if where == "local" else request.getfixturevalue("stock").url
    folder = tmp_path / "forks"
    synthetic.write(folder, "a-parent", points=20, bare=True)
    synthetic.write(folder, "b-child", points=30, bare=True, parent=["a-parent", 7.0])
    synthetic.write(folder, "c-orphan", points=5, bare=True, parent=["gone", 2.0])
    brought(folder, to)
    proof = proof_of(folder, to)
    assert proof.whole, proof
    assert of(proof, "b-child").points == 60
    told = "1 run: the one it was forked from is not in the store, and so not linked to it"
    assert told in of(proof, "c-orphan").adapted
    if where == "local":
        with Client(settings={"host": "local"}) as client:
            client.delete_run(PROJECT, number("a-parent"))
        assert told in of(proof_of(folder, to), "b-child").adapted


@pytest.mark.parametrize("where", ["local", "stock"])
def test_a_run_that_has_grown_is_the_same_once_it_is_topped_up(
    source: Path, where: str, request: pytest.FixtureRequest
) -> None:
    to = "local" if where == "local" else request.getfixturevalue("stock").url
    brought(source, to)
    synthetic.write(source, "one", points=350, more=5, tags=["a", "b", "c"], status="failed", exit_code=7)
    assert of(proof_of(source, to), "one").verdict == "different"
    report = migrate(synthetic, [str(source)], settings=settings_for(to))
    assert report.states == {"topped up": 1, "unchanged": 1}
    proof = proof_of(source, to)
    assert [run.differences for run in proof.runs] == [[], []]

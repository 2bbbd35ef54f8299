"""Runs from one kind of store into another, through the commands: nothing is lost on any of the ways."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pluto_migration.migrate import migrate, settings_for
from pluto_migration.verify import verify

from tests.fakes.stock import Stock
from tests.migration import expected, synthetic
from tests.migration.samples import SAMPLES
from tests.programs import Server

Printed = Callable[..., Any]


@pytest.fixture
def store(printed: Printed, tmp_path: Path) -> tuple[Path, int]:
    """The root of a store with samples and made-up runs in it, and how many there are."""
    root = tmp_path / "first"
    runs = 0
    for sample in SAMPLES:
        if not sample.missing():
            report = printed(
                "migrate", *sample.words(expected.DATA / sample.name), "--dir", root, "--to", "local", "--workers", 1
            )
            assert report["whole"], report
            runs += len(report["runs"])
    made_up = tmp_path / "made up"
    synthetic.write(made_up, "one", points=50)
    (made_up / "one.bin").write_bytes(b"weights" * 10_000)
    synthetic.write(made_up, "two", points=20, parent=["one", 9.0], status="failed", exit_code=3)
    synthetic.write(made_up, "three", points=20, parent=["one", 9.0], status="killed", tags=["group:g", "x"])
    assert migrate(synthetic, [str(made_up)], settings=settings_for("local", dir=str(root))).whole
    return root, runs + 3


def test_from_one_local_store_to_another(store: tuple[Path, int], printed: Printed, tmp_path: Path) -> None:
    root, runs = store
    words = ["pluto", root, "--dir", tmp_path / "second", "--to", "local"]
    assert printed("migrate", *words, "--workers", 1)["states"] == {"migrated": runs}
    proof = printed("verify", *words, "--workers", 1)
    assert [(run["id"], run["differences"]) for run in proof["runs"] if run["differences"]] == []
    assert len(proof["runs"]) == runs
    assert printed("migrate", *words, "--workers", 1)["states"] == {"unchanged": runs}


def test_from_a_local_store_to_a_stock_server(store: tuple[Path, int], printed: Printed, stock: Stock) -> None:
    root, runs = store
    words = ["pluto", root, "--to", stock.url]
    assert printed("migrate", *words, "--workers", 1)["states"] == {"migrated": runs}
    proof = printed("verify", *words, "--workers", 1)
    assert [(run["id"], run["differences"]) for run in proof["runs"] if run["differences"]] == []
    assert printed("migrate", *words, "--workers", 1)["states"] == {"unchanged": runs}


def test_to_a_server_and_back_again(store: tuple[Path, int], printed: Printed, server: Server, tmp_path: Path) -> None:
    root, runs = store
    there = ["pluto", root, "--to", server.url]
    assert printed("migrate", *there, "--workers", 1)["states"] == {"migrated": runs}
    proof = printed("verify", *there, "--workers", 1)
    assert [(run["id"], run["differences"]) for run in proof["runs"] if run["differences"]] == []
    back = ["pluto", server.url, "--to", "local", "--dir", tmp_path / "back"]
    assert printed("migrate", *back, "--workers", 1)["states"] == {"migrated": runs}
    proof = printed("verify", *back, "--workers", 1)
    assert [(run["id"], run["differences"]) for run in proof["runs"] if run["differences"]] == []


@pytest.mark.parametrize("to", ["local", "stock"])
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_tables_come_over(form: str, to: str, printed: Printed, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = "local" if to == "local" else request.getfixturevalue("stock").url
    table = tmp_path / f"table.{form}"
    if form == "csv":
        table.write_text("step,loss,note\n0,1.5,a\n1,nan,\n2.5,inf,c\n-1,,d\n2,0.1,e\n")
    else:
        pyarrow = pytest.importorskip("pyarrow")
        from pyarrow import parquet

        columns = {
            "step": [0.0, 1.0, 2.5, -1.0, 2.0],
            "loss": [1.5, float("nan"), float("inf"), None, 0.1],
            "note": ["a", None, "c", "d", "e"],
        }
        parquet.write_table(pyarrow.table(columns), table)
    words = [form, table, "--project", "p", "--to", url]
    report = printed("migrate", *words, "--workers", 1)
    assert (report["states"], report["totals"]["points"], report["totals"]["texts"]) == ({"migrated": 1}, 4, 4)
    proof = printed("verify", *words, "--workers", 1)
    assert [run["differences"] for run in proof["runs"]] == [[]]
    assert printed("migrate", *words, "--workers", 1)["states"] == {"unchanged": 1}


def test_made_up_runs_to_a_server(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "made up"
    synthetic.write(folder, "one", points=300)
    (folder / "one.bin").write_bytes(b"weights" * 10_000)
    settings = settings_for(server.url)
    assert migrate(synthetic, [str(folder)], settings=settings).whole
    proof = verify(synthetic, [str(folder)], settings=settings)
    assert [run.differences for run in proof.runs] == [[]]

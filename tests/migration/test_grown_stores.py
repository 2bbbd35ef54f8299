"""MLflow's stores, Aim's and Pluto's with all that can be in them, into both kinds of stores; then they grow."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from pluto.core.transport import local_transport
from pluto.protocol.records import Columns, Texts
from tests.fakes.stock import Stock
from tests.migration.test_mlflow_file import RUN, Store
from tests.migration.test_mlflow_sql import Base
from tests.query.seed import Seeder, T

Printed = Callable[..., Any]
Growing = tuple[list[Any], Callable[[], None], int]
"""What to write behind a command, how it gets more of its one run, and how many points more."""
UUID = "af6829f8-5f30-4616-85cb-3b3ec81ebff3"


@pytest.fixture
def mlflow_file(tmp_path: Path) -> Growing:
    store = Store(tmp_path / "mlruns")
    place = store.run()
    store.put(place / "params" / "a" / "b", "x ü")
    store.put(place / "tags" / "team", "a/b")
    store.put(place / "tags" / "mlflow.note.content", "a note")
    store.put(place / "tags" / "mlflow.loggedArtifacts", json.dumps([{"path": "t.json", "type": "table"}]))
    store.put(place / "metrics" / "loss", "1 1.0 0\n2 nan 1\n3 -inf 1\n4 -0.0 -5\n")
    store.put(place / "metrics" / "system" / "cpu", "1 50.0 0\n")
    store.put(place / "artifacts" / "images" / f"d+step+3+timestamp+1680000000001+{UUID}.png", b"\x89PNG one")
    store.put(place / "artifacts" / "model" / "w.bin", b"weights" * 1000)
    store.put(place / "artifacts" / "t.json", '{"columns": ["a"], "data": [[1], [NaN]]}')
    store.yaml(place.parent / "models" / "m-1", {"name": "net", "source_run_id": RUN})
    store.put(place.parent / "models" / "m-1" / "artifacts" / "MLmodel", "model_id: m-1\n")

    def grow() -> None:
        store.put(place / "metrics" / "new", "9 2.0 7\n")
        with (place / "metrics" / "loss").open("a") as file:
            file.write("5 0.5 8\n5 0.5 9\n")
        store.put(place / "artifacts" / "more.txt", b"more")

    return ["mlflow", store.path], grow, 3


@pytest.fixture
def mlflow_sql(tmp_path: Path) -> Iterator[Growing]:
    base = Base(tmp_path / "old" / "mlflow.db")
    place = tmp_path / "old" / "art" / "r" / "artifacts"
    place.mkdir(parents=True)
    (place / "f.txt").write_bytes(b"f")
    base.run(artifact_uri="/gone/art/r/artifacts")
    for time, (value, step, nan) in enumerate(((1.0, 0, 0), (0.0, 1, 1), (sys.float_info.max, 1, 0), (2.0, -5, 0)), 1):
        base.point("loss", value, time, step, nan)
    base.put("params", key="lr", value="0.1", run_uuid="r")
    base.tag("team", "a")

    def grow() -> None:
        base.point("loss", 3.0, 9, 9)
        base.point("new", 1.0, 9, 0)

    yield ["mlflow", base.path], grow, 2
    base.db.close()


@pytest.fixture
def pluto_store(tmp_path: Path) -> Iterator[Growing]:
    with httpx.Client(transport=local_transport(tmp_path / "old" / "store"), base_url="http://pluto.local") as http:
        seeder = Seeder(http)
        made = seeder.full()

        def grow() -> None:
            columns = (
                np.array(one, kind).tobytes() for one, kind in (([100, 101], "<f8"), ([T, T], "<i8"), ([1, 2], "<f8"))
            )
            seeder.put(made, Columns("loss", *columns), Texts(T, 3, {"phase": "late"}))
            seeder.file(made, "weights", b"newer", "model2.bin", 1)

        yield ["pluto", tmp_path / "old"], grow, 2


@pytest.mark.parametrize("to", ["local", "stock"])
@pytest.mark.parametrize("source", ["mlflow_file", "mlflow_sql", "pluto_store"])
def test_it_comes_over_whole_and_then_what_is_new(
    source: str, to: str, printed: Printed, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    words, grow, more = request.getfixturevalue(source)
    if to == "stock":
        stock: Stock = request.getfixturevalue("stock")
        words = [*words, "--to", stock.url]
    else:
        words = [*words, "--to", "local", "--dir", tmp_path / "new"]
    words += ["--workers", 1]

    def proven() -> None:
        proof = printed("verify", *words)
        assert [run["differences"] for run in proof["runs"]] == [[]]

    assert printed("migrate", *words)["states"] == {"migrated": 1}
    proven()
    assert printed("migrate", *words)["states"] == {"unchanged": 1}
    grow()
    report = printed("migrate", *words)
    assert (report["states"], report["totals"]["points"]) == ({"topped up": 1}, more)
    proven()
    assert printed("migrate", *words)["states"] == {"unchanged": 1}


@pytest.mark.skipif(importlib.util.find_spec("aim") is None, reason="needs the aim package")
@pytest.mark.parametrize("to", ["local", "stock"])
def test_aim_comes_over_whole(
    to: str, printed: Printed, tmp_path: Path, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from tests.migration.test_aim import make

    root, runs, _ = make(tmp_path_factory)
    place = ["--to", "local", "--dir", tmp_path]
    if to == "stock":
        # The name of the experiment is not one that such a server's headers carry.
        place = ["--to", request.getfixturevalue("stock").url, "--project", "aim"]
    words = ["aim", root, "--archived", "--workers", 1, *place]
    assert printed("migrate", *words)["states"] == {"migrated": len(runs)}
    proof = printed("verify", *words)
    assert [run["differences"] for run in proof["runs"]] == [[]] * len(runs)
    assert printed("migrate", *words)["states"] == {"unchanged": len(runs)}

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest

from pluto.core.transport import local_transport
from tests.programs import Scripts
from tests.query.seed import WEIRD, Seeder

Command = Callable[..., Any]


@pytest.fixture
def seeder(root: Path) -> Iterator[Seeder]:
    with httpx.Client(transport=local_transport(root / "store"), base_url="http://pluto.local") as http:
        yield Seeder(http)


@pytest.fixture(autouse=True)
def run(seeder: Seeder) -> dict[str, Any]:
    return seeder.full()


def test_lists(command: Command, printed: Command) -> None:
    assert [project["name"] for project in printed("query", "projects")] == ["digits"]
    assert "digits   1" in command("query", "projects").stdout
    (listed,) = printed(
        "query", "runs", "digits", "--tag", "a", "--status", "completed", "--filter", '{"config.lr": 0.1}'
    )
    assert listed["displayId"] == "DIG-1"
    assert "DIG-1  first  COMPLETED" in command("query", "runs", "digits").stdout
    assert printed("query", "runs", "digits", "--status", "running") == []


def test_a_run(command: Command, printed: Command) -> None:
    told = printed("query", "run", "digits", "EXP-1")
    assert told["config"]["model"] == {"width": 8}
    assert {row["logName"] for row in told["statistics"]} == {"acc", "loss", "weird"}
    text = command("query", "run", "digits", "EXP-1").stdout
    assert "externalId   EXP-1" in text
    assert "acc     2" in text


def test_metrics_lose_nothing_and_stay_json(command: Command, printed: Command) -> None:
    rows = printed("query", "metrics", "digits", "DIG-1", "--name", "weird")
    assert [row["value"] for row in rows] == ["NaN", "Infinity", "-Infinity", 5e-324, 0.1, -0.0]
    assert [row["step"] for row in rows] == [-1.5, 0.25, 0.25, 3.0, 7.0, 1e300]
    text = command("query", "metrics", "digits", "DIG-1", "--name", "loss", "--step-min", 3, "--step-max", 4).stdout
    assert text.splitlines()[1:] == ["loss    3     0.25", "loss    4     0.2"]
    assert "no metric 'lost'" in command("query", "metrics", "digits", "DIG-1", "--name", "lost", code=1).stderr


def test_console_lines_are_printed_as_they_were(command: Command, printed: Command) -> None:
    assert command("query", "logs", "digits", "DIG-1", "--stdout").stdout == "hello\nworld\n"
    assert command("query", "logs", "digits", "DIG-1", "--stderr").stdout == "oh no\n"
    assert len(printed("query", "logs", "digits", "DIG-1")) == 3


def test_files(command: Command, printed: Command, tmp_path: Path) -> None:
    assert [row["fileName"] for row in printed("query", "files", "digits", "DIG-1", "--name", "weights")] == [
        "model.bin"
    ]
    saved = printed("query", "files", "digits", "DIG-1", "--download", tmp_path)
    assert [Path(row["saved"]).stat().st_size for row in saved] == [1_280_000, 3, 3]
    assert "weights       0     model.bin  1280000" in command("query", "files", "digits", "DIG-1").stdout


def test_export_to_csv(printed: Command, tmp_path: Path, run: dict[str, Any]) -> None:
    out = tmp_path / "out.csv"
    out.write_text("old")
    assert printed("query", "export", "digits", "--out", out) == {"file": str(out), "runs": 1, "points": 108}
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    weird = [float(row["value"]) for row in rows if row["metric"] == "weird"]
    assert np.array(weird).view("<u8").tolist() == np.array([WEIRD[i] for i in (0, 1, 2, 3, 5, 4)]).view("<u8").tolist()
    assert {row["run"] for row in rows} == {"DIG-1"}
    assert not list(tmp_path.glob(".*"))


def test_export_to_parquet(seeder: Seeder, printed: Command, command: Command, tmp_path: Path) -> None:
    other = seeder.run(name="second")
    seeder.points(other, "acc", [1, 2, 3], [1, 2, 3])
    out = tmp_path / "out.parquet"
    assert printed("query", "export", "digits", "-o", out, "--name", "acc")["points"] == 5
    frame = pd.read_parquet(out)
    assert list(frame.columns) == ["run", "metric", "step", "time", "value"]
    assert frame.groupby("run", observed=True).value.sum().to_dict() == {"DIG-1": 1.25, "DIG-2": 6}
    assert printed("query", "export", "digits", "DIG-2", "-o", out)["points"] == 3
    assert "ends in .csv or .parquet" in command("query", "export", "digits", "-o", tmp_path / "x.xls", code=2).stderr
    assert "has no runs" in command("query", "export", "nothing", "-o", out, code=1).stderr
    assert len(pd.read_parquet(out)) == 3


def test_parquet_without_pyarrow_says_how_to_get_it(scripts: Scripts) -> None:
    done = scripts.run(
        """
        import sys
        sys.modules["pyarrow"] = None
        sys.argv = ["pluto", "query", "export", "digits", "-o", "x.parquet"]
        from pluto.cli import main
        main()
        """,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "pluto: Parquet needs pyarrow: pip install 'pluto-ml[pandas]'; .csv needs nothing\n"
    assert list(scripts.folder.glob("*.parquet")) == []


def test_delete_asks_first(command: Command, printed: Command) -> None:
    command("delete", "digits", "EXP-1", input="n\n", code=1)
    assert "DIG-1" in command("delete", "digits", "EXP-1", "--dry-run").stdout
    assert "--yes or --dry-run" in command("delete", "digits", "EXP-1", "--json", code=2).stderr
    assert len(printed("query", "runs", "digits")) == 1
    assert printed("delete", "digits", "EXP-1", "--yes") == [{"id": 1, "displayId": "DIG-1", "deleted": True}]
    assert printed("query", "runs", "digits") == []
    command("delete", "digits", "EXP-1", "--yes", code=1)


def test_nothing_is_deleted_when_one_of_several_is_not_there(command: Command, printed: Command) -> None:
    assert "there is no run 'DIG-9'" in command("delete", "digits", "DIG-1", "DIG-9", "--yes", code=1).stderr
    assert len(printed("query", "runs", "digits")) == 1

"""What a stock server serves is read there; what it lacks is a clear error."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from pluto.query import Client, QueryError
from tests.fakes.stock import stock_server
from tests.programs import free_port
from tests.query.seed import WEIRD, Seeder, T
from tests.query.stock import Stock, stock


@pytest.fixture
def run(seeder: Seeder) -> dict[str, Any]:
    return seeder.full()


@pytest.fixture
def stocked(root: Path, run: dict[str, Any]) -> Iterator[tuple[str, Stock]]:
    with stock(root / "store") as running:
        yield running


@pytest.fixture
def client(stocked: tuple[str, Stock]) -> Iterator[Client]:
    with Client("mlps_secret", stocked[0]) as found:
        yield found


def test_runs_by_display_id_and_number(client: Client, run: dict[str, Any]) -> None:
    for named in (run["runId"], "DIG-1", str(run["runId"])):
        assert client.get_run("digits", named)["externalId"] == "EXP-1"
    assert client.find_run("digits", number=1)["id"] == run["runId"]
    with pytest.raises(QueryError, match="is a stock server and does not serve look-ups by external id"):
        client.find_run("digits", external_id="EXP-1")
    assert len(client.list_runs("digits", tags=["a", "b,c"])) == 1


def test_metrics(client: Client, run: dict[str, Any]) -> None:
    frame = client.get_metrics("digits", "DIG-1", ["acc"])
    assert frame[["step", "value"]].values.tolist() == [[1, 0.5], [2, 0.75]]
    assert client.get_statistics("digits", "DIG-1", ["acc"])["metrics"][0]["last"]["value"] == 0.75
    assert client.get_names("digits", "DIG-1")["h"] == "HISTOGRAM"
    assert [line["lineNumber"] for line in client.iter_logs("digits", "DIG-1", "info")] == [1, 2]


def test_every_point_in_pieces(
    client: Client, seeder: Seeder, run: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pluto.query.raw._ROWS", 7)
    points = client.points("digits", "DIG-1", "loss")
    assert points.steps.tolist() == list(range(100))
    assert points.values.tolist() == [1 / (i + 1) for i in range(100)]
    assert points.times[0] // 1000 == T // 1000
    assert client.points("digits", "DIG-1", "loss", step_min=3, step_max=5).steps.tolist() == [3, 4, 5]
    seeder.points(run, "odd", range(6), WEIRD)
    values = client.points("digits", "DIG-1", "odd").values
    assert [math.isnan(values[0]), *values[1:].tolist()] == [True, *WEIRD[1:]]
    seeder.points(run, "stuck", [1] * 20, range(20))
    with pytest.raises(QueryError, match="in pieces that do not follow each other"):
        client.points("digits", "DIG-1", "stuck")
    with pytest.raises(QueryError, match="does not keep the order of logging"):
        client.points("digits", "DIG-1", "loss", order="logged")
    assert len(client.points("digits", "DIG-1", "nothing")) == 0


def test_exact_steps_are_put_back(client: Client, seeder: Seeder, run: dict[str, Any]) -> None:
    seeder.points(run, "fine", [0, 0, 1], [10, 20, 30])
    seeder.points(run, "fine/_step", [0, 0, 1], [-0.5, 0.25, 1.75])
    points = client.points("digits", "DIG-1", "fine")
    assert points.steps.tolist() == [-0.5, 0.25, 1.75]
    assert points.values.tolist() == [10, 20, 30]


def test_buckets_are_made_here(client: Client, seeder: Seeder, run: dict[str, Any]) -> None:
    seeder.points(run, "odd", range(6), WEIRD)
    with Client() as own:
        ours = own.buckets("digits", [run["runId"]], ["loss", "odd", "nothing"], 10)
    theirs = client.buckets("digits", ["DIG-1"], ["loss", "odd", "nothing"], 10)
    assert [(one.name, one.counts.tolist()) for one in theirs] == [(one.name, one.counts.tolist()) for one in ours]
    for one, other in zip(theirs, ours, strict=True):
        for column in ("steps", "min", "max", "last", "nonfinite", "last_steps"):
            np.testing.assert_array_equal(getattr(one, column), getattr(other, column), column)
        np.testing.assert_allclose(one.mean, other.mean)


def test_files_go_both_ways(client: Client, tmp_path: Path) -> None:
    assert client.download_file("digits", "DIG-1", "weights", tmp_path).stat().st_size == 1_280_000
    note = tmp_path / "note.txt"
    note.write_text("late")
    client.upload_file("digits", "DIG-1", "note", note)
    (row,) = client.get_files("digits", "DIG-1", "note")
    assert (row["step"], row["fileSize"]) == (0, 4)


@pytest.mark.parametrize(
    ("read", "what"),
    [
        (lambda c: c.get_tables("digits", "DIG-1", "t"), "histograms, tables, graphs and texts"),
        (lambda c: c.get_model_graph("digits", "DIG-1"), "model graphs"),
        (lambda c: c.get_alerts("digits", "DIG-1"), "alerts"),
        (lambda c: c.get_notes("digits", "DIG-1"), "notes"),
        (lambda c: c.summaries("digits", "DIG-1"), "summaries with an API key; use get_statistics"),
        (lambda c: c.delete_run("digits", "DIG-1"), "deletion"),
        (lambda c: c.cancel_run("digits", "DIG-1"), "cancellation"),
    ],
)
def test_what_it_lacks(client: Client, read: Any, what: str) -> None:
    with pytest.raises(QueryError, match=f"is a stock server and does not serve {what}"):
        read(client)


def test_a_server_in_trouble_is_asked_again(
    client: Client, stocked: tuple[str, Stock], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pluto.query.connection._FIRST_WAIT_S", 0.001)
    monkeypatch.setattr("pluto.query.connection._LONGEST_WAIT_S", 0.001)
    stocked[1].broken = 4
    assert client.list_projects()[0]["name"] == "digits"
    stocked[1].broken = 5
    with pytest.raises(QueryError, match="Internal Server Error") as caught:
        client.list_projects()
    assert caught.value.status_code == 500
    asked = len(stocked[1].seen)
    with pytest.raises(QueryError) as caught:
        client.get_run("digits", 999)
    assert caught.value.status_code == 404
    assert len(stocked[1].seen) == asked + 1


def test_a_server_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pluto.query.connection._FIRST_WAIT_S", 0.001)
    monkeypatch.setattr("pluto.query.connection._LONGEST_WAIT_S", 0.001)
    with Client("mlps_secret", f"http://127.0.0.1:{free_port()}") as client:
        with pytest.raises(QueryError, match=r"127\.0\.0\.1") as caught:
            client.list_projects()
    assert caught.value.status_code is None
    assert "secret" not in str(caught.value)


def test_the_key_goes_to_the_server_and_nowhere_else(
    client: Client, stocked: tuple[str, Stock], run: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.list_projects()
    assert stocked[1].seen[-1] == ("/api/runs/projects", "Bearer mlps_secret")
    with stock(tmp_path / "other") as (elsewhere, other):
        row = {"logName": "x", "fileName": "x.png", "step": 0, "url": f"{elsewhere}/bucket/x.png"}
        monkeypatch.setattr(client, "iter_files", lambda *_: iter([row]))
        with pytest.raises(QueryError, match=r"'x\.png': 404"):
            client.download_file("digits", "DIG-1", "x", tmp_path)
        assert other.seen == [("/bucket/x.png", None)]


def test_names_of_files_from_a_server_stay_inside(
    client: Client, stocked: tuple[str, Stock], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (real,) = client.get_files("digits", "DIG-1", "weights")
    rows = [
        {**real, "logName": "../../up", "fileName": "../../../evil.sh"},
        {**real, "logName": "/abs", "fileName": "..\\..\\evil.bat"},
        {**real, "logName": "..", "fileName": ".."},
    ]
    monkeypatch.setattr(client, "iter_files", lambda *_: iter(rows))
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    saved = client.download_files("digits", "DIG-1", inside)
    assert [str(path.relative_to(inside)) for path in saved] == [
        "file/file/up/evil.sh", "abs/evil.bat", "file/0-file",
    ]  # fmt: skip
    monkeypatch.setattr(client, "iter_files", lambda *_: iter(rows))
    assert client.download_file("digits", "DIG-1", "x", inside) == inside / "evil.sh"
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == {*saved, inside / "evil.sh"}


def test_the_strict_stand_in(tmp_path: Path) -> None:
    with stock_server() as server:
        with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {server.key}"}) as http:
            run = http.post("/api/runs/create", json={"runName": "first", "projectName": "digits"}).json()
            place = {"X-Run-Id": str(run["runId"]), "X-Project-Name": "digits"}
            http.post("/api/runs/logName/add", json={"runId": run["runId"], "logName": ["loss"], "logType": "METRIC"})
            lines = b'{"time":1795000000000,"step":1,"data":{"loss":0.5}}\n'
            lines += b'{"time":1795000000001,"step":2,"data":{"loss":NaN}}\n'
            assert http.post("/ingest/metrics", content=lines, headers=place).status_code == 200
            line = b'{"time":1795000000000,"message":"hello","lineNumber":1,"logType":"INFO"}\n'
            assert http.post("/ingest/logs", content=line, headers=place).status_code == 200
        with Client(server.key, server.url) as client:
            assert [project["name"] for project in client.list_projects()] == ["digits"]
            assert [one["id"] for one in client.iter_runs("digits")] == [run["runId"]]
            assert client.get_run("digits", run["displayId"])["name"] == "first"
            assert client.get_names("digits", run["runId"]) == {"loss": "METRIC"}
            frame = client.get_metrics("digits", run["runId"])
            assert frame.step.tolist() == [1, 2]
            assert frame.value[0] == 0.5
            assert math.isnan(frame.value[1])
            assert [(row["message"], row["lineNumber"]) for row in client.iter_logs("digits", run["runId"])] == [
                ("hello", 1)
            ]
            note = tmp_path / "note.txt"
            note.write_text("hello")
            client.upload_file("digits", run["runId"], "note", note, step=3)
            (row,) = client.get_files("digits", run["runId"])
            assert (row["logName"], row["step"], row["fileSize"]) == ("note", 3, 5)
            assert client.download_file("digits", run["runId"], "note", tmp_path / "back").read_text() == "hello"

"""Every read, against the local store as it is with nothing configured."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import pluto.query as pq
from pluto.query import Client, QueryError
from tests.query.seed import WEIRD, Seeder, T


@pytest.fixture
def run(seeder: Seeder) -> dict[str, Any]:
    return seeder.full()


def bits(values: Any) -> list[int]:
    return np.asarray(values, "<f8").view("<u8").tolist()


def test_projects(seeder: Seeder, client: Client, run: dict[str, Any]) -> None:
    seeder.run("other")
    found = {project["name"]: project["runCount"] for project in client.list_projects()}
    assert found == {"digits": 1, "other": 1}


def test_a_run_is_found_by_each_of_its_names(client: Client, run: dict[str, Any]) -> None:
    display = run["displayId"]
    number = run["runId"]
    for named in (number, display, display.lower(), "EXP-1", str(number)):
        assert client.get_run("digits", named)["id"] == number
    assert client.find_run("digits", number=run["number"])["id"] == number
    assert client.find_run("digits", display_id=display)["id"] == number
    assert client.find_run("digits", external_id="EXP-1")["config"] == {"lr": 0.1, "model": {"width": 8}}


def test_an_external_id_of_digits_is_an_external_id(seeder: Seeder, client: Client, run: dict[str, Any]) -> None:
    dated = seeder.run(externalId="20240101")
    assert client.get_run("digits", "20240101")["id"] == dated["runId"]
    tricky = seeder.run(externalId=str(run["runId"]))
    assert client.get_run("digits", str(run["runId"]))["id"] == tricky["runId"]


def test_what_is_not_there(client: Client, run: dict[str, Any]) -> None:
    for named in (999, "DIG-999", "nobody", "999"):
        with pytest.raises(QueryError) as caught:
            client.get_run("digits", named)
        assert caught.value.status_code == 404
    with pytest.raises(QueryError, match="there is no run number 7 in project 'digits'"):
        client.find_run("digits", number=7)
    with pytest.raises(ValueError, match="give one of"):
        client.find_run("digits")
    assert client.list_runs("nothing") == []


def test_runs_are_listed_over_all_pages(seeder: Seeder, client: Client) -> None:
    made = [seeder.run("many", f"run {i}")["runId"] for i in range(205)]
    assert [one["id"] for one in client.iter_runs("many", sort="+createdAt")] == made
    assert len(client.list_runs("many", limit=203)) == 203
    assert [one["id"] for one in client.list_runs("many", limit=3, offset=2, sort="+createdAt")] == made[2:5]
    assert client.list_runs("many", limit=0) == []
    with pytest.raises(ValueError, match="limit is at least 0"):
        client.list_runs("many", limit=-1)


def test_runs_are_chosen(seeder: Seeder, client: Client, run: dict[str, Any]) -> None:
    other = seeder.run(name="second", tags=["a"], config={"lr": 0.5})
    ids = lambda **how: {one["id"] for one in client.list_runs("digits", **how)}  # noqa: E731
    assert ids(search="SECO") == {other["runId"]}
    assert ids(tags=["a"]) == {run["runId"], other["runId"]}
    assert ids(tags=["a", "b,c"]) == {run["runId"]}
    assert ids(tags=["b,c"]) == {run["runId"]}
    assert ids(filters={"config.lr": {"$gt": 0.2}}) == {other["runId"]}
    assert ids(tags=["a", "b,c"], filters={"config.lr": {"$gt": 0.2}}) == set()
    assert ids(filters={"$not": {"status": "COMPLETED"}}) == {other["runId"]}
    with pytest.raises(ValueError, match="no field to filter by"):
        client.list_runs("digits", filters={"lr": 0.1})
    details = list(client.iter_runs("digits", details=True))
    assert all("config" in one for one in details)


def test_names(client: Client, run: dict[str, Any]) -> None:
    names = client.get_names("digits", "EXP-1")
    assert names["loss"] == "METRIC"
    assert names["h"] == "HISTOGRAM"
    assert {"weird", "acc", "t", "g", "phase", "samples/plot"} <= set(names)
    assert set(client.get_metric_names("digits", [run["runId"]])) >= {"loss", "acc", "weird"}
    assert client.get_metric_names("digits", search="acc", limit=1000) == ["acc"]


def test_metrics_are_a_frame(client: Client, run: dict[str, Any]) -> None:
    frame = client.get_metrics("digits", run["displayId"], ["loss", "acc"])
    assert list(frame.columns[:4]) == ["metric", "step", "value", "time"]
    assert frame[frame.metric == "acc"][["step", "value"]].values.tolist() == [[1, 0.5], [2, 0.75]]
    assert len(frame[frame.metric == "loss"]) == 100
    window = client.get_metrics("digits", run["runId"], ["loss"], step_min=10, step_max=12)
    assert window.step.tolist() == [10, 11, 12]
    assert client.get_metrics("digits", run["runId"], ["loss"], limit=10).step.max() == 99
    empty = client.get_metrics("digits", run["runId"], ["nothing"])
    assert isinstance(empty, pd.DataFrame)
    assert list(empty.columns) == ["metric", "step", "value", "time"]
    assert client.get_metrics("digits", run["runId"], []).empty


def test_what_is_not_finite_comes_back_in_a_frame(seeder: Seeder, client: Client, run: dict[str, Any]) -> None:
    seeder.points(run, "odd", [1, 2, 3, 4], [math.nan, math.inf, -math.inf, 0.5])
    values = client.get_metrics("digits", run["runId"], ["odd"]).value.tolist()
    assert math.isnan(values[0])
    assert values[1:] == [math.inf, -math.inf, 0.5]


@pytest.mark.parametrize(
    ("bounds", "text"),
    [
        ({"step_min": -1}, "step_min can't be negative"),
        ({"step_min": 5, "step_max": 4}, r"step_min \(5\) is greater than step_max \(4\)"),
        ({"limit": 0}, "limit is at least 1"),
    ],
)
def test_senseless_bounds(client: Client, run: dict[str, Any], bounds: dict[str, int], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        client.get_metrics("digits", run["runId"], **bounds)


def test_points_lose_nothing(client: Client, run: dict[str, Any]) -> None:
    points = client.points("digits", "EXP-1", "weird")
    assert points.steps.tolist() == [-1.5, 0.25, 0.25, 3.0, 7.0, 1e300]
    order = [0, 1, 2, 3, 5, 4]
    assert bits(points.values) == bits([WEIRD[i] for i in order])
    assert points.times.tolist() == [T + i for i in order]
    assert points.times.dtype == np.int64
    assert len(points) == 6
    logged = client.points("digits", run["runId"], "weird", order="logged")
    assert bits(logged.values) == bits(WEIRD)
    window = client.points("digits", run["runId"], "weird", step_min=-2, step_max=0.25)
    assert window.steps.tolist() == [-1.5, 0.25, 0.25]
    assert len(client.points("digits", run["runId"], "nothing")) == 0


def test_points_come_over_all_pages(seeder: Seeder, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pluto.query.metrics._PAGE_POINTS", 300)
    run = seeder.run()
    seeder.points(run, "long", range(1000), np.sin(np.arange(1000)))
    points = client.points("digits", run["runId"], "long")
    assert points.steps.tolist() == list(range(1000))
    assert bits(points.values) == bits(np.sin(np.arange(1000)))


def test_all_metrics_and_their_frame(client: Client, run: dict[str, Any]) -> None:
    assert {name: len(points) for name, points in client.iter_metrics("digits", run["runId"])} == {
        "loss": 100, "weird": 6, "acc": 2,
    }  # fmt: skip
    frame = client.get_frame("digits", run["runId"], ["acc", "weird"])
    assert frame.index.name == "step"
    assert frame.index.tolist() == [-1.5, 0.25, 1.0, 2.0, 3.0, 7.0, 1e300]
    assert frame.acc.dropna().tolist() == [0.5, 0.75]
    assert client.get_frame("digits", run["runId"], []).empty


def test_buckets_and_summaries(client: Client, run: dict[str, Any]) -> None:
    (series,) = client.buckets("digits", ["EXP-1"], ["loss", "nothing"], 10)
    assert (series.run_id, series.name) == (run["runId"], "loss")
    assert len(series.steps) == 10
    assert series.counts.sum() == 100
    assert series.max[0] == 1.0
    assert series.last[-1] == series.min[-1] == 1 / 100
    assert series.last_steps[-1] == 99
    with pytest.raises(ValueError, match="count is at least 1"):
        client.buckets("digits", ["EXP-1"], ["loss"], 0)
    found = client.summaries("digits", run["runId"], ["acc", "weird"])
    assert (found["acc"].count, found["acc"].last, found["acc"].mean) == (2, 0.75, 0.625)
    assert found["acc"].std == pytest.approx(0.125)
    assert found["weird"].finite == 3
    assert set(client.summaries("digits", run["runId"])) == {"loss", "acc", "weird"}


def test_statistics_comparison_and_ranking(seeder: Seeder, client: Client, run: dict[str, Any]) -> None:
    other = seeder.run(name="second")
    seeder.points(other, "acc", [1, 2], [0.5, 0.9])
    seeder.end(other)
    named = client.get_statistics("digits", run["runId"], ["acc", "loss"])["metrics"]
    assert [(row["logName"], row["count"]) for row in named] == [("acc", 2), ("loss", 100)]
    assert {row["logName"] for row in client.get_statistics("digits", run["runId"])["metrics"]} >= {"acc", "loss"}
    compared = client.compare_runs("digits", [run["displayId"], other["runId"]], "acc")["runs"]
    assert [row["stats"]["final"] for row in compared] == [0.75, 0.9]
    many = client.compare_runs("digits", [run["runId"]] * 90 + [other["runId"]] * 20, "acc")["runs"]
    assert {row["runId"] for row in many} == {run["runId"], other["runId"]}
    board = client.leaderboard("digits", "acc", "max", "desc")
    assert [row["runId"] for row in board["runs"]] == [other["runId"], run["runId"]]
    assert board["total"] == 2


def test_logs(seeder: Seeder, client: Client, run: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    lines = client.get_logs("digits", run["runId"], "info")
    assert [(line["message"], line["lineNumber"]) for line in lines] == [("hello", 1), ("world", 2)]
    assert [line["message"] for line in client.get_logs("digits", run["runId"], "ERROR")] == ["oh no"]
    assert len(client.get_logs("digits", run["runId"], limit=1, offset=1)) == 1
    monkeypatch.setattr("pluto.query.contents._LINES", 2)
    assert len(list(client.iter_logs("digits", run["runId"]))) == 3


def test_structured_values(client: Client, run: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    (histogram,) = client.get_histograms("digits", "EXP-1", "h")
    assert (histogram["step"], histogram["time"], histogram["value"]["freq"]) == (3, T, [1, 2])
    (table,) = client.get_tables("digits", "EXP-1", "t")
    pd.testing.assert_frame_equal(table["value"], pd.DataFrame({"n": [1, 2], "s": ["x", "y"]}))
    (graph,) = client.get_graphs("digits", "EXP-1", "g")
    assert graph["value"]["nodes"] == {"a": {}}
    texts = client.get_texts("digits", "EXP-1", "phase")
    assert texts[["step", "value"]].values.tolist() == [[1, "warm"], [2, "hot"]]
    monkeypatch.setattr("pluto.query.contents._PAGE", 2)
    assert [row["name"] for row in client.iter_data("digits", "EXP-1")] == ["g", "h", "phase", "phase", "t"]


def test_remarks(client: Client, run: dict[str, Any]) -> None:
    (alert,) = client.get_alerts("digits", "EXP-1")
    assert (alert["level"], alert["title"], alert["body"], alert["time"]) == ("WARNING", "careful", "it is hot", T)
    assert client.get_notes("digits", "EXP-1") == "first try"
    graph = client.get_model_graph("digits", "EXP-1")
    assert graph is not None
    assert graph["nodes"] == {".": {"type": "Net", "depth": 0}}


def test_files_come_down_whole(
    client: Client, run: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pluto.query.files._PAGE", 2)
    files = client.get_files("digits", "EXP-1")
    assert [(row["logName"], row["fileName"], row["step"], row["fileSize"]) for row in files] == [
        ("weights", "model.bin", 0, 1_280_000), ("samples/plot", "plot.png", 1, 3), ("samples/plot", "plot.png", 2, 3),
    ]  # fmt: skip
    path = client.download_file("digits", "EXP-1", "weights", tmp_path)
    assert path == tmp_path / "model.bin"
    assert path.read_bytes() == bytes(range(256)) * 5000
    other = client.download_file("digits", "EXP-1", "samples/plot", tmp_path / "new" / "mine.png")
    assert other.read_bytes() == b"one"
    told: list[int] = []
    every = client.download_files("digits", "EXP-1", tmp_path / "all", progress=told.append)
    assert [str(path.relative_to(tmp_path / "all")) for path in every] == [
        "weights/model.bin", "samples/plot/plot.png", "samples/plot/2-plot.png",
    ]  # fmt: skip
    assert [path.read_bytes() for path in every[1:]] == [b"one", b"two"]
    assert told == [1, 2, 3]
    assert not list(tmp_path.rglob("*.part"))
    with pytest.raises(QueryError, match="run 'EXP-1' has no file 'nothing'"):
        client.download_file("digits", "EXP-1", "nothing", tmp_path)


def test_a_file_is_added_to_a_run_that_has_ended(client: Client, run: dict[str, Any], tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("late")
    client.upload_file("digits", "EXP-1", "extra/note", note, step=5, caption="late")
    (row,) = client.get_files("digits", "EXP-1", "extra/note")
    assert (row["fileName"], row["step"], row["caption"]) == ("note.txt", 5, "late")
    assert client.download_file("digits", "EXP-1", "extra/note", tmp_path / "back").read_text() == "late"
    assert client.get_run("digits", "EXP-1")["status"] == "COMPLETED"
    client.upload_file("digits", "EXP-1", "stepless", note)
    assert client.get_files("digits", "EXP-1", "stepless")[0]["step"] == 0
    with pytest.raises(QueryError, match="there is no file"):
        client.upload_file("digits", "EXP-1", "x", tmp_path / "nothing")


def test_a_run_is_deleted_and_its_neighbour_is_not(seeder: Seeder, client: Client, run: dict[str, Any]) -> None:
    other = seeder.run(name="second")
    with pytest.raises(QueryError, match="belongs to project 'digits', not to 'wrong'"):
        client.delete_run("wrong", run["runId"])
    client.delete_run("digits", "EXP-1")
    assert [one["id"] for one in client.list_runs("digits")] == [other["runId"]]
    with pytest.raises(QueryError):
        client.get_run("digits", run["runId"])


def test_a_run_is_cancelled(seeder: Seeder, client: Client) -> None:
    run = seeder.run()
    client.cancel_run("digits", run["displayId"])
    beat = seeder.http.post("/api/runs/trigger", json={"runId": run["runId"]}).json()
    assert beat["status"] == "CANCELLED"
    seeder.end(run)
    with pytest.raises(QueryError, match="ended"):
        client.cancel_run("digits", run["runId"])


def test_the_module_reads_what_is_configured(
    seeder: Seeder, run: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert pq.get_run("digits", "EXP-1")["id"] == run["runId"]
    assert [one["id"] for one in pq.iter_runs("digits")] == [run["runId"]]
    monkeypatch.setenv("PLUTO_DIR", str(tmp_path / "empty"))
    assert pq.list_runs("digits") == []
    assert (pq.tag, pq.get_run.__name__, pq.get_run.__module__) == ("Query", "get_run", "pluto.query")


def test_values_of_any_size_are_read_by_every_way(seeder: Seeder, client: Client) -> None:
    seeder.run(externalId="mine", config=f'{{"n":{10**30},"half":"\\ud800"}}')
    found = [client.find_run("digits", external_id="mine"), *client.iter_runs("digits", details=True)]
    found.append(client.get_run("digits", found[0]["id"]))
    assert [run["config"] for run in found] == [{"n": 10**30, "half": "\ud800"}] * 3

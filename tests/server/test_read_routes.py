from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluto.server.routes.metrics import latest
from pluto.server.series.contract import Points
from tests.server.support import PROJECT, Caller


def log(caller: Caller, run: int, **metrics: list[float]) -> None:
    """Each metric's values at steps 0, 1, 2, …"""
    count = max(map(len, metrics.values()))
    rows = [
        {
            "time": 1_000 + step,
            "step": step,
            "data": {name: values[step] for name, values in metrics.items() if step < len(values)},
        }
        for step in range(count)
    ]
    response = caller.lines("metrics", run, "\n".join(json.dumps(row) for row in rows))
    assert response.status_code == 200, response.text


def metrics(caller: Caller, run: int, **params: Any) -> list[dict[str, Any]]:
    found = caller.ok(caller.get("/api/runs/metrics", runId=run, projectName=PROJECT, **params))
    rows: list[dict[str, Any]] = found["metrics"]
    return rows


class TestMetrics:
    def test_rows(self, caller: Caller) -> None:
        run = caller.create()
        log(caller, run, **{"train/loss": [0.5, math.nan], "acc": [math.inf], "b": [-math.inf]})
        assert metrics(caller, run) == [
            {"logName": name, "logGroup": group, "time": f"1970-01-01 00:00:01.00{step}", "step": step, "value": value,
             "valueFlag": flag}
            for name, group, step, value, flag in [
                ("acc", "", 0, 0, "Inf"), ("b", "", 0, 0, "-Inf"), ("train/loss", "train", 0, 0.5, ""),
                ("train/loss", "train", 1, 0, "NaN"),
            ]
        ]  # fmt: skip
        assert {row["logName"] for row in metrics(caller, run, logGroup="train")} == {"train/loss"}
        assert metrics(caller, run, logName="nonesuch") == []
        assert metrics(caller, 99) == []

    def test_the_latest_write_of_a_step(self, caller: Caller) -> None:
        run = caller.create()
        lines = [(5, 1, 1.0), (9, 1, 2.0), (7, 1, 3.0), (9, 0.5, 4.0)]
        text = "\n".join(f'{{"time":{time},"step":{step},"data":{{"m":{value}}}}}' for time, step, value in lines)
        caller.lines("metrics", run, text)
        assert [(row["step"], row["value"]) for row in metrics(caller, run)] == [(0.5, 4.0), (1, 2.0)]

    def test_striding(self, caller: Caller) -> None:
        run = caller.create()
        log(caller, run, m=[float(i) for i in range(10)])
        assert [row["step"] for row in metrics(caller, run, limit=4)] == [0, 3, 6, 9]
        assert [row["step"] for row in metrics(caller, run, limit=3)] == [0, 4, 8, 9]
        assert [row["step"] for row in metrics(caller, run, limit=10)] == list(range(10))
        assert [row["step"] for row in metrics(caller, run, stepMin=2, stepMax=4)] == [2, 3, 4]

    def test_raw(self, caller: Caller) -> None:
        run = caller.create()
        log(caller, run, m=[1.0, math.nan, math.inf, -math.inf])
        log(caller, run, m=[2.0])
        path = "/api/runs/metrics/raw"
        found = caller.ok(caller.get(path, runId=run, projectName=PROJECT, logName="m"))
        assert [(row["step"], row["value"], row["nonFiniteFlags"]) for row in found["rows"]] == [
            (0, 1.0, 0), (0, 2.0, 0), (1, 0, 1), (2, 0, 2), (3, 0, 4),
        ]  # fmt: skip
        assert found["truncated"] is False
        cut = caller.ok(caller.get(path, runId=run, projectName=PROJECT, logName="m", limit=4))
        assert (len(cut["rows"]), cut["truncated"]) == (4, True)
        assert caller.get(path, runId=run, projectName=PROJECT).status_code == 400

    @pytest.mark.parametrize(
        "params", [{"limit": 0}, {"limit": 10_001}, {"limit": "x"}, {"stepMin": "x"}, {"stepMin": "nan"}]
    )
    def test_bad_parameters(self, caller: Caller, params: dict[str, Any]) -> None:
        response = caller.get("/api/runs/metrics", runId=1, projectName=PROJECT, **params)
        assert response.status_code == 400
        assert response.json()["error"]["name"] == "ZodError"

    def test_missing_parameters(self, caller: Caller) -> None:
        for path in ("metrics", "logs", "files", "statistics", "list", "metric-names", "compare", "leaderboard"):
            assert caller.get(f"/api/runs/{path}").status_code == 400, path

    def test_names(self, caller: Caller) -> None:
        one, two = caller.create(), caller.create()
        log(caller, one, **{"train/loss": [1.0], "acc": [1.0]})
        log(caller, two, **{"val/loss": [1.0]})
        caller.create(project="other")

        def names(**params: Any) -> list[str]:
            found: list[str] = caller.ok(caller.get("/api/runs/metric-names", projectName=PROJECT, **params))[
                "metricNames"
            ]
            return found

        assert names() == ["acc", "train/loss", "val/loss"]
        assert names(search="LOSS") == ["train/loss", "val/loss"]
        assert names(search="trian/loss") == ["train/loss"]
        assert names(search="zzz") == []
        assert names(runIds=f"{two}") == ["val/loss"]
        assert names(limit=1) == ["acc"]
        assert caller.get("/api/runs/metric-names", projectName=PROJECT, runIds="x").status_code == 400


@given(st.lists(st.tuples(st.floats(-2, 2).map(lambda x: round(x, 1)), st.integers(0, 5), st.floats(allow_nan=False))))
def test_latest_keeps_one_point_a_step(rows: list[tuple[float, int, float]]) -> None:
    expected: dict[float, tuple[int, float]] = {}
    for step, time, value in rows:
        if step not in expected or time >= expected[step][0]:
            expected[step] = (time, value)
    points = Points(
        np.array([row[0] for row in rows], float), np.array([row[1] for row in rows], np.int64),
        np.array([row[2] for row in rows], float),
    )  # fmt: skip
    found = latest(points)
    assert found.steps.tolist() == sorted(expected)
    assert found.values.tolist() == [expected[step][1] for step in sorted(expected)]


class TestNumbers:
    def test_statistics(self, caller: Caller) -> None:
        run = caller.create("name")
        log(caller, run, **{"a/m": [1.0, 3.0, math.nan, 5.0], "n": [math.nan]})
        found = caller.ok(caller.get("/api/runs/statistics", runId=run, projectName=PROJECT))
        assert (found["runId"], found["runName"], found["projectName"]) == (run, "name", PROJECT)
        first, second = found["metrics"]
        assert first == {
            "logName": "a/m", "logGroup": "a", "count": 3, "min": 1.0, "max": 5.0, "mean": 3.0,
            "stddev": pytest.approx(math.sqrt(8 / 3)), "last": {"step": 3, "value": 5.0},
        }  # fmt: skip
        assert (second["count"], second["min"], second["last"]["value"]) == (0, None, None)

    def test_compare(self, caller: Caller) -> None:
        one, two = caller.create("one", config='{"lr":1}'), caller.create("two")
        log(caller, one, m=[1.0, 2.0])
        other = caller.create(project="other")
        found = caller.ok(
            caller.get("/api/runs/compare", projectName=PROJECT, logName="m", runIds=f"{two},{one},{other},99")
        )
        assert [(row["runName"], row["stats"]) for row in found["runs"]] == [
            ("two", None), ("one", {"count": 2, "min": 1.0, "max": 2.0, "mean": 1.5, "final": 2.0}),
        ]  # fmt: skip
        assert found["runs"][1]["config"] == {"lr": 1}
        assert caller.get("/api/runs/compare", projectName=PROJECT, logName="m").status_code == 400
        many = ",".join(map(str, range(101)))
        assert caller.get("/api/runs/compare", projectName=PROJECT, logName="m", runIds=many).status_code == 400

    def test_leaderboard(self, caller: Caller) -> None:
        runs = {}
        for name, values in {"x": [3.0, 1.0], "y": [0.0, 2.0], "z": [9.0, math.nan], "none": None}.items():
            runs[name] = caller.create(name, tags=[name])
            if values:
                log(caller, runs[name], m=values)
        caller.status(runs["x"], "COMPLETED")

        def board(**params: Any) -> list[tuple[int, str, float]]:
            found = caller.ok(caller.get("/api/runs/leaderboard", projectName=PROJECT, logName="m", **params))
            return [(row["rank"], row["runName"], row["value"]) for row in found["runs"]]

        assert board() == [(1, "x", 1.0), (2, "y", 2.0)]
        assert board(direction="DESC", limit=1, offset=1) == [(2, "x", 1.0)]
        assert board(aggregation="MAX", direction="DESC") == [(1, "z", 9.0), (2, "x", 3.0), (3, "y", 2.0)]
        assert board(aggregation="AVG")[0] == (1, "y", 1.0)
        assert board(aggregation="VARIANCE")[0] == (1, "z", 0.0)
        assert (
            caller.get("/api/runs/leaderboard", projectName=PROJECT, logName="m", aggregation="SUM").status_code == 400
        )
        assert caller.get("/api/runs/leaderboard", projectName=PROJECT, logName="m", direction="UP").status_code == 400


class TestList:
    def found(self, caller: Caller, **params: Any) -> list[str]:
        answer = caller.ok(caller.get("/api/runs/list", **{"projectName": PROJECT, **params}))
        assert answer["total"] >= len(answer["runs"])
        return [run["name"] for run in answer["runs"]]

    def test_items(self, caller: Caller) -> None:
        run = caller.create("n", tags=["b", "a"], createdAt=1_000, config='{"a":{"b":1},"t":"x"}')
        answer = caller.ok(caller.get("/api/runs/list", projectName=PROJECT))
        item = {
            "id": run, "name": "n", "number": 1, "displayId": "MMP-1", "projectName": PROJECT, "status": "RUNNING",
            "tags": ["b", "a"], "createdAt": "1970-01-01T00:00:01.000Z",
        }  # fmt: skip
        assert answer == {"runs": [item], "total": 1}
        full = caller.ok(caller.get("/api/runs/list", projectName=PROJECT, includeFieldValues="true"))["runs"][0]
        assert full == {**item, "_flatConfig": {"a.b": 1.0, "t": "x"}, "_flatSystemMetadata": {}}
        some = caller.ok(caller.get("/api/runs/list", projectName=PROJECT, visibleColumns="t"))["runs"][0]
        assert some["_flatConfig"] == {"t": "x"}
        assert caller.ok(caller.get("/api/runs/list", projectName="nonesuch")) == {"runs": [], "total": 0}

    def test_search_tags_status(self, caller: Caller) -> None:
        for name, tags in (("Alpha", ["x"]), ("beta", ["y"]), ("gamma", [])):
            run = caller.create(name, tags=tags)
        caller.status(run, "FAILED")
        assert self.found(caller, search="ALP") == ["Alpha"]
        assert self.found(caller, search="mmp-2") == ["beta"]
        assert self.found(caller, tags="x,y", sort="name") == ["Alpha", "beta"]
        assert self.found(caller, status="crashed") == ["gamma"]
        assert self.found(caller, status="RUNNING,FAILED", limit=2, offset=1, sort="+name") == ["beta", "gamma"]

    def test_live_metrics_order_and_filter(self, caller: Caller) -> None:
        for name, values in (("low", [5.0, 1.0]), ("high", [0.0, 7.0]), ("none", [])):
            run = caller.create(name)
            if values:
                log(caller, run, **{"val/m": values})
        assert self.found(caller, sort="-summary_metrics.val/m") == ["high", "low"]
        assert self.found(caller, filter='{"summary_metrics.val/m":{"$gt":2}}') == ["high"]
        low = caller.ok(caller.get("/api/runs/list", projectName=PROJECT, search="low"))["runs"][0]["id"]
        caller.lines("metrics", low, '{"time":9999,"step":9,"data":{"val/m":70}}')
        assert self.found(caller, sort="-summaryMetrics.val/m") == ["low", "high"]
        caller.status(low, "COMPLETED")
        caller.lines("metrics", low, '{"time":9999,"step":10,"data":{"val/m":-1}}')
        assert self.found(caller, sort="-summary_metrics.val/m") == ["high", "low"]

    def test_field_filters_and_jobs(self, caller: Caller) -> None:
        metadata = '{"konduktor":{"job_name":"job-17"}}'
        caller.create("a", config='{"lr":0.1,"opt":"adam"}', systemMetadata=metadata)
        caller.create("b", config='{"lr":"0.3"}', project="other", systemMetadata=metadata)
        rows = [{"source": "config", "key": "lr", "dataType": "number", "operator": "is less than", "values": [0.2]}]
        assert self.found(caller, fieldFilters=json.dumps(rows)) == ["a"]
        rows[0].update(operator="contains", key="opt", values=["DAM"])
        assert self.found(caller, fieldFilters=json.dumps(rows)) == ["a"]
        rows[0].update(operator="not exists")
        assert self.found(caller, fieldFilters=json.dumps(rows)) == []
        jobs = caller.ok(caller.get("/api/runs/list", konduktorJobPrefix="JOB-1"))
        assert {run["name"] for run in jobs["runs"]} == {"a", "b"}

    def test_heartbeats(self, caller: Caller) -> None:
        run = caller.create("beats")
        caller.create("never")
        caller.post("/api/runs/trigger", {"runId": run})
        assert self.found(caller, heartbeatAfter="2020-01-01T00:00:00Z") == ["beats"]
        assert self.found(caller, heartbeatBefore="2020-01-01T00:00:00Z") == []
        assert self.found(caller, sort="heartbeat_at") == ["beats"]

    @pytest.mark.parametrize(
        "params",
        [
            {"limit": 0}, {"limit": 201}, {"offset": -1}, {"offset": 100_001}, {"sort": "colour"}, {"sort": "config."},
            {"filter": "{"}, {"filter": '{"x":1}'}, {"fieldFilters": "[1]"}, {"status": "asleep"},
            {"heartbeatAfter": "then"},
        ],
    )  # fmt: skip
    def test_bad_parameters(self, caller: Caller, params: dict[str, Any]) -> None:
        assert caller.get("/api/runs/list", projectName=PROJECT, **params).status_code == 400

    def test_projects(self, caller: Caller) -> None:
        for project in ("a", "b", "b"):
            caller.create(project=project)
        projects = caller.ok(caller.get("/api/runs/projects"))["projects"]
        assert [(project["name"], project["runCount"]) for project in projects] == [("b", 2), ("a", 1)]
        assert set(projects[0]) == {"id", "name", "createdAt", "updatedAt", "runCount"}


class TestCharts:
    def ask(self, caller: Caller, **fields: Any) -> Any:
        asked = {"organizationId": "local", "projectName": PROJECT, "runIds": ["MMP-1"], "logNames": ["m"], **fields}
        return caller.get("/api/chart-data/multi-metric-batch-bucketed", input=json.dumps(asked))

    def test_columns(self, caller: Caller) -> None:
        run = caller.create()
        log(caller, run, m=[1.0, math.nan, 3.0])
        found = caller.ok(self.ask(caller, runIds=["mmp-1", "MMP-9", "nonesuch"], logNames=["m", "n"], buckets=10))
        columns = found["m"]["mmp-1"]
        assert list(found) == ["m"]
        assert columns["steps"] == [0, 1, 2]
        assert columns["values"] == [1.0, None, 3.0]
        assert columns["nfFlags"] == [0, 1, 0]
        assert columns["times"][0] == "1970-01-01 00:00:01.000"
        assert set(columns) == {"steps", "times", "values", "minYs", "maxYs", "counts", "nfFlags"}

    def test_refusals(self, caller: Caller) -> None:
        caller.create()
        assert self.ask(caller, organizationId="other").status_code == 403
        bad: list[dict[str, Any]] = [{"runIds": []}, {"buckets": 9}, {"logNames": "m"}, {"logNames": ["m"] * 201}]
        for fields in bad:
            assert self.ask(caller, **fields).status_code == 400
        assert caller.get("/api/chart-data/multi-metric-batch-bucketed").status_code == 400

from __future__ import annotations

import json
import math
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.server.support import PROJECT, Caller


def points(caller: Caller, run: int, name: str) -> list[tuple[Any, Any]]:
    found = caller.ok(caller.get(f"/api/ext/v1/runs/{run}/points", name=name, order="logged"))
    return list(zip(found["steps"], found["values"], strict=True))


def test_metrics(caller: Caller) -> None:
    run = caller.create()
    sent = caller.lines(
        "metrics", run,
        '{"time":1000,"step":1,"data":{"train/loss":0.5,"nan":NaN,"inf":-Infinity,"none":null,"s":"Infinity"}}\r\n'
        "\n  \t\n"
        '{"time":1001.5,"step":-2.5,"data":{"train/loss":3}}',
    )  # fmt: skip
    assert (sent.status_code, sent.text) == (200, "Stream processed successfully: 5 records")
    assert sent.headers["content-type"].startswith("text/plain")
    assert points(caller, run, "train/loss") == [(1, 0.5), (-2.5, 3)]
    assert points(caller, run, "nan") == [(1, "NaN")]
    assert points(caller, run, "inf") == [(1, "-Infinity")]
    assert points(caller, run, "s") == [(1, "Infinity")]
    names = [name["logName"] for name in caller.details(run)["logNames"]]
    assert names == ["train/loss", "nan", "inf", "s"]


@pytest.mark.parametrize(
    ("kind", "line", "error"),
    [
        ("metrics", '{"time":1,"step":1}', "missing field `data`"),
        ("metrics", '{"time":1,"step":1,"data":{"a":1},"x":1}', "unknown field `x`"),
        ("metrics", '{"time":1,"step":null,"data":{"a":1}}', "`step` has to be a number"),
        ("metrics", '{"time":-1,"step":1,"data":{"a":1}}', "`time` has to be milliseconds"),
        ("metrics", '{"time":NaN,"step":1,"data":{"a":1}}', "`time` has to be milliseconds"),
        ("metrics", '{"time":1,"step":1,"data":{}}', "`data` must not be empty"),
        ("metrics", '{"time":1,"step":1,"data":{"a":null}}', "`data` must not be empty"),
        ("metrics", '{"time":1,"step":1,"data":{" ":1}}', "must not be blank"),
        ("metrics", '{"time":1,"step":1,"data":{"a":true}}', "has to be a number"),
        ("metrics", '{"time":1,"step":1,"data":{"a":"high"}}', "has to be a number"),
        ("metrics", "[1]", "expected an object"),
        ("metrics", "{", "invalid JSON"),
        ("metrics", "[" * 100_000, "invalid JSON"),
        ("metrics", "\udcff".encode("utf-8", "surrogateescape").decode("latin-1"), "invalid JSON"),
        ("data", '{"time":1,"step":1,"data":{},"dataType":"TABLE","logName":"t"}', "`data` has to be a string"),
        ("data", '{"time":1,"step":1,"data":"{}","dataType":" ","logName":"t"}', "must not be blank"),
        ("data", '{"time":1,"step":1,"data":"{}","logName":"t"}', "missing field `dataType`"),
        ("logs", '{"time":1,"message":"m","lineNumber":-1,"logType":"INFO"}', "whole number"),
        ("logs", '{"time":1,"message":"m","lineNumber":1}', "missing field `logType`"),
    ],
)
def test_a_bad_line_keeps_those_before_it(caller: Caller, kind: str, line: str, error: str) -> None:
    run = caller.create()
    good = {
        "metrics": '{"time":1,"step":1,"data":{"a":1}}',
        "data": '{"time":1,"step":1,"data":"{}","dataType":"TABLE","logName":"t"}',
        "logs": '{"time":1,"message":"m","lineNumber":1,"logType":"INFO"}',
    }[kind]
    sent = caller.lines(kind, run, f"{good}\n{line}\n{good}\n")
    assert sent.status_code == 422
    assert sent.json()["code"] == "PROCESSING_FAILED"
    assert sent.json()["message"].startswith(f"Failed to process {kind} stream: line 2: ")
    assert error in sent.json()["message"]
    if kind == "metrics":
        kept: list[Any] = points(caller, run, "a")
    elif kind == "data":
        kept = caller.ok(caller.get(f"/api/ext/v1/runs/{run}/data"))["rows"]
    else:
        kept = caller.ok(caller.get("/api/runs/logs", runId=run, projectName=PROJECT))["logs"]
    assert len(kept) == 1


@pytest.mark.parametrize("run", ["None", "99", "-1", "1.5", "9" * 30])
def test_runs_that_are_none(caller: Caller, run: str) -> None:
    sent = caller.lines("metrics", run, '{"time":1,"step":1,"data":{"a":1}}')
    assert (sent.status_code, sent.json()["code"]) == (422, "PROCESSING_FAILED")
    assert caller.request("POST", "/ingest/metrics", content=b"").status_code == 422
    assert ask_step(caller, run).status_code == 400


def test_a_wrong_project_header_does_not_hide_data(caller: Caller) -> None:
    run = caller.create()
    caller.lines("metrics", run, '{"time":1,"step":1,"data":{"a":1}}', project="pluto")
    assert points(caller, run, "a") == [(1, 1)]


def ask_step(caller: Caller, run: int | str) -> httpx.Response:
    return caller.request("POST", "/step", headers={"X-Run-Id": str(run), "X-Project-Name": PROJECT})


def test_last_step(caller: Caller) -> None:
    run = caller.create()
    assert caller.ok(ask_step(caller, run)) == {"step": 0}
    caller.lines("metrics", run, '{"time":1,"step":7,"data":{"a":1}}\n{"time":1,"step":900,"data":{"sys/cpu":1}}')
    assert caller.ok(ask_step(caller, run)) == {"step": 7}
    caller.lines("metrics", run, '{"time":1,"step":7.5,"data":{"a":1}}')
    assert caller.ok(ask_step(caller, run)) == {"step": 7.5}


def test_data_and_texts(caller: Caller) -> None:
    run = caller.create()
    table = json.dumps({"table": [[1]], "type": "Table", "v": 1})
    lines = [
        {"time": 1, "step": 2, "data": table, "dataType": "TABLE", "logName": "t"},
        {"time": 1, "step": 1, "data": "warm ü\ud800", "dataType": "string-series", "logName": "phase"},
    ]
    assert caller.lines("data", run, "\n".join(map(json.dumps, lines))).status_code == 200
    rows = caller.ok(caller.get(f"/api/ext/v1/runs/{run}/data"))["rows"]
    assert [(row["name"], row["type"], row["step"], row["body"]) for row in rows] == [
        ("phase", "string-series", 1, "warm ü?"), ("t", "TABLE", 2, table),
    ]  # fmt: skip
    only = caller.ok(caller.get(f"/api/ext/v1/runs/{run}/data", type="table"))["rows"]
    assert [row["name"] for row in only] == ["t"]


def test_console(caller: Caller) -> None:
    run = caller.create()
    lines = [
        {"time": 5, "message": text, "lineNumber": number, "logType": stream}
        for stream, number, text in (("INFO", 1, "one"), ("ERROR", 1, "bad"), ("INFO", 2, ""))
    ]
    assert caller.lines("logs", run, "\n".join(map(json.dumps, lines))).status_code == 200
    found = caller.ok(caller.get("/api/runs/logs", runId=run, projectName=PROJECT, logType="INFO"))
    assert found["total"] == 2
    assert found["logs"][0] == {
        "time": "1970-01-01 00:00:00.005", "logType": "INFO", "lineNumber": 1, "message": "one", "step": 0,
    }  # fmt: skip
    page = caller.ok(caller.get("/api/runs/logs", runId=run, projectName=PROJECT, limit=1, offset=2))
    assert ([line["message"] for line in page["logs"]], page["total"]) == ([""], 3)
    assert caller.get("/api/runs/logs", runId=run, projectName=PROJECT, logType="info").status_code == 400


def test_many_lines_in_one_request(caller: Caller) -> None:
    run = caller.create()
    text = "\n".join(f'{{"time":1,"step":{step},"data":{{"a":{step}}}}}' for step in range(2_500))
    assert caller.lines("metrics", run, text).text.endswith("2500 records")
    assert len(points(caller, run, "a")) == 2_500


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.one_of(st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False)),
            st.dictionaries(
                st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9).filter(str.strip),
                st.one_of(st.floats(), st.integers()),
                min_size=1,
                max_size=4,
            ),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_what_is_sent_is_read_back(caller: Caller, rows: list[tuple[float, dict[str, float]]]) -> None:
    run = caller.create()
    sent = caller.lines("metrics", run, "\n".join(json.dumps({"time": 1, "step": s, "data": d}) for s, d in rows))
    assert sent.status_code == 200, sent.text
    series = caller.context.series
    for name in {name for _, data in rows for name in data}:
        found = series.points(run, name, order="logged")
        expected = [(float(step), float(data[name])) for step, data in rows if name in data]
        assert [step for step, _ in expected] == found.steps.tolist()
        for (_, value), kept in zip(expected, found.values.tolist(), strict=True):
            assert value == kept or (math.isnan(value) and math.isnan(kept))

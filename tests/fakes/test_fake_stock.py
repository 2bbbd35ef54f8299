"""The stand-in for a stock server is as strict as its contract says, and goes wrong when it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.fakes.stock import Stock, stock_server
from tests.waiting import until

KEY = "mlps_test"


@pytest.fixture(scope="module")
def running() -> Iterator[Stock]:
    with stock_server(KEY) as found:
        yield found


@pytest.fixture
def stock(running: Stock) -> Stock:
    running.reset(KEY)
    return running


@pytest.fixture
def http(stock: Stock) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stock.url, headers={"authorization": f"Bearer {KEY}"}, timeout=10) as client:
        yield client


@pytest.fixture
def run(http: httpx.Client) -> int:
    return int(create(http)["runId"])


def create(http: httpx.Client, **more: Any) -> dict[str, Any]:
    answer = http.post("/api/runs/create", json={"runName": "n", "projectName": "my-ml-project"} | more)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def ingest(http: httpx.Client, run: int, route: str, *lines: str | dict[str, Any], **headers: str) -> httpx.Response:
    content = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    mine = {"X-Run-Id": str(run), "X-Project-Name": "my-ml-project"} | headers
    return http.post(f"/ingest/{route}", content=content, headers=mine)


def point(**more: Any) -> dict[str, Any]:
    return {"time": 1000, "step": 1, "data": {"loss": 0.5}} | more


def presign(http: httpx.Client, run: int, **more: Any) -> httpx.Response:
    file = {"fileName": "a.png", "fileSize": 3, "fileType": "png", "time": 1, "step": 0, "logName": "img/a b"} | more
    return http.post(
        "/files", json={"files": [file]}, headers={"X-Run-Id": str(run), "X-Project-Name": "my-ml-project"}
    )


def get(http: httpx.Client, path: str, **query: Any) -> Any:
    answer = http.get(f"/api/runs/{path}", params={"projectName": "my-ml-project"} | query)
    assert answer.status_code == 200, answer.text
    return answer.json()


# --- runs ---------------------------------------------------------------------------------------------------------


def test_an_external_id_attaches_and_reopens(http: httpx.Client, stock: Stock) -> None:
    first = create(http, externalId="x", config='{"a": {"b": 1}}', tags=["t"])
    assert (first["displayId"], first["resumed"]) == ("MMP-1", False)
    http.post("/api/runs/status/update", json={"runId": 1, "status": "FAILED"})
    again = create(http, externalId="x", config='{"a": {"c": 2}}', tags=["other"])
    assert again["resumed"] and again["runId"] == first["runId"]
    run = stock.run("x")
    assert (run.status, run.tags, run.config) == ("RUNNING", ["t"], {"a": {"b": 1, "c": 2}})
    moves = [
        (one["fromStatus"], one["toStatus"], one["source"]) for one in get(http, "status/history", runId=1)["events"]
    ]
    assert moves == [(None, "RUNNING", "api"), ("RUNNING", "FAILED", "api"), ("FAILED", "RUNNING", "resume")]
    assert create(http)["runId"] != create(http)["runId"]


def test_a_terminal_status_only_rises(http: httpx.Client, stock: Stock, run: int) -> None:
    def told(status: str, **more: Any) -> tuple[str, int]:
        answer = http.post("/api/runs/status/update", json={"runId": run, "status": status, **more})
        assert answer.json() == {"success": True}
        return stock.run(run).status, stock.run(run).status_ms

    assert told("TERMINATED", statusUpdated=7) == ("TERMINATED", 7)
    assert told("COMPLETED", statusUpdated=8) == ("TERMINATED", 7)
    assert told("TERMINATED") == ("TERMINATED", 7)
    assert told("FAILED", statusUpdated=9) == ("FAILED", 9)
    assert len(stock.run(run).events) == 3


def test_forks(http: httpx.Client, stock: Stock) -> None:
    parent = create(http, config='{"a": 1, "b": 1}', tags=["group:one", "t"])["runId"]
    ingest(http, parent, "metrics", point(step=10))
    child = create(http, forkRunId=parent, forkStep=5, config='{"b": 2}', tags=["group:two"], inheritTags=True)
    assert (child["forkedFromRunId"], child["forkStep"]) == (parent, 5)
    assert stock.run(child["runId"]).config == {"a": 1, "b": 2}
    assert stock.run(child["runId"]).tags == ["t", "group:two"]
    assert create(http, forkRunId=child["runId"], forkStep=5)["forkedFromRunId"] == parent
    beyond = {"runName": "n", "projectName": "my-ml-project", "forkRunId": parent, "forkStep": 11}
    assert http.post("/api/runs/create", json=beyond).status_code == 400


def test_what_an_attached_writer_changes(http: httpx.Client, stock: Stock, run: int) -> None:
    def post(path: str, **body: Any) -> int:
        return http.post(f"/api/runs/{path}", json={"runId": run, **body}).status_code

    assert post("tags/update", tags=["a"]) == post("tags/update", tags=["b"]) == 200
    assert post("config/update", config='{"k": {"a": 1}}') == post("config/update", config='{"k": {"b": [2]}}') == 200
    assert post("config/update", config="null") == 200
    assert post("notes/update", notes="words") == 200
    assert (
        post("logName/add", logName=["l"], logType="METRIC")
        == post("logName/add", logName=["l"], logType="DATA")
        == 200
    )
    assert post("alert", alert={"level": "INFO", "title": "t", "body": "b", "email": True, "url": None}) == 200
    assert post("modelGraph/create", graph={"nodes": {".": {"type": "Net", "depth": 0}}}) == 200
    found = stock.run(run)
    assert (found.tags, found.config, found.notes) == (["b"], {"k": {"a": 1, "b": [2]}}, "words")
    assert found.names == {"l": "METRIC"} and len(found.alerts) == len(found.graphs) == 1


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("config/update", {"config": None}, 400),
        ("config/update", {"config": {"a": 1}}, 400),
        ("config/update", {"config": "[1]"}, 400),
        ("config/update", {"config": '{"a": NaN}'}, 400),
        ("config/update", {"config": "{}", "runId": 99}, 404),
        ("tags/update", {"tags": ["t"] * 51}, 400),
        ("tags/update", {"tags": ["group:a", "group:b"]}, 400),
        ("notes/update", {"notes": "x" * 1001}, 400),
        ("logName/add", {"logName": ["g"], "logType": "GRAPH"}, 400),
        ("logName/add", {"logName": "g", "logType": "METRIC"}, 400),
        ("status/update", {"status": "DONE"}, 400),
        ("resume", {"displayId": "MMP-1"}, 400),
        ("modelGraph/create", {"graph": {"nodes": {".": {"type": "Net"}}}}, 400),
        ("alert", {"alert": {"level": "CRITICAL"}}, 422),
        ("alert", {"alert": {"level": "INFO", "url": "http://x"}}, 500),
        ("trigger", {"runId": "1"}, 422),
        ("trigger", {"runId": 99}, 404),
    ],
)
def test_what_is_refused(http: httpx.Client, run: int, path: str, body: dict[str, Any], status: int) -> None:
    answer = http.post(f"/api/runs/{path}", json={"runId": run} | body)
    assert answer.status_code == status, answer.text
    assert ("detail" if path in ("alert", "trigger") else "error") in answer.json()


def test_a_cancelled_run_hears_of_it(http: httpx.Client, stock: Stock, run: int) -> None:
    assert http.post("/api/runs/trigger", json={"runId": run}).json() == {"status": "RUNNING", "triggers": None}
    stock.run(run).cancel = True
    assert http.post("/api/runs/trigger", json={"runId": run}).json()["status"] == "CANCELLED"
    assert stock.run(run).beats == 2


# --- keys ---------------------------------------------------------------------------------------------------------


def test_each_service_refuses_a_key_in_its_own_way(stock: Stock, run: int) -> None:
    bad = {"authorization": "Bearer mlps_other", "X-Run-Id": str(run), "X-Project-Name": "my-ml-project"}
    with httpx.Client(base_url=stock.url) as http:
        assert http.post("/api/slug").json() == {"error": "Unauthorized"}
        named = http.post("/api/slug", headers={"authorization": "Bearer None"})
        assert (named.status_code, named.json()["message"]) == (401, "Invalid API key")
        assert http.post("/api/slug", headers=bad).json() == {"error": "Unauthorized", "message": "Key not found"}
        beat = http.post("/api/runs/trigger", headers=bad, json={"runId": run})
        assert (beat.status_code, list(beat.json())) == (401, ["detail"])
        assert http.post("/files", headers=bad, json={"files": []}).status_code == 401
        hidden = http.post("/ingest/metrics", headers=bad, content=json.dumps(point()))
    assert (hidden.status_code, hidden.json()["code"]) == (422, "PROCESSING_FAILED")
    assert "InvalidToken (1002 - Authentication Error)" in hidden.json()["message"]
    assert not stock.run(run).metrics


def test_there_are_no_extensions(http: httpx.Client) -> None:
    assert http.get("/api/ext/v1/info").status_code == http.post("/api/ext/v1/batch").status_code == 404


# --- lines --------------------------------------------------------------------------------------------------------


def test_numbers_that_json_does_not_have(http: httpx.Client, stock: Stock, run: int) -> None:
    line = '{"time":1,"step":0,"data":{"nan":NaN,"inf":Infinity,"low":-Infinity,"text":"NaN","none":null}}'
    assert ingest(http, run, "metrics", "", line + "\r").text == "Stream processed successfully: 4 records"
    assert [name for name, *_ in stock.run(run).metrics] == ["nan", "inf", "low", "text"]
    rows = {row["logName"]: (row["value"], row["valueFlag"]) for row in get(http, "metrics", runId=run)["metrics"]}
    assert rows == {"nan": (0, "NaN"), "inf": (0, "Inf"), "low": (0, "-Inf"), "text": (0, "NaN")}


@pytest.mark.parametrize(
    "line",
    [
        point(step=-1),
        point(step=0.5),
        point(step=1.0),
        point(step=None),
        point(step=True),
        point(step=2**64),
        point(time=-1),
        point(time="1"),
        point(data={}),
        point(data={"a": None}),
        point(data={" ": 1}),
        point(data={"a": True}),
        point(data={"a": "1"}),
        point(data=[1]),
        point(more=1),
        {"time": 1, "step": 1},
        "[1]",
        "{",
    ],
    ids=repr,
)
def test_a_bad_line_ends_its_request(http: httpx.Client, stock: Stock, run: int, line: str | dict[str, Any]) -> None:
    answer = ingest(http, run, "metrics", point(step=0), line, point(step=9))
    assert answer.status_code == 422 and "(2003 - Input Error)" in answer.json()["message"]
    assert [step for _, _, step, _ in stock.run(run).metrics] == [0]


def test_lines_of_text_and_data(http: httpx.Client, stock: Stock, run: int) -> None:
    log = {"time": 1, "message": "", "lineNumber": 1, "logType": "INFO"}
    row = {"time": 1, "data": "{}", "dataType": "TABLE", "logName": "t", "step": 0}
    for _ in range(2):
        assert ingest(http, run, "logs", log).status_code == ingest(http, run, "data", row).status_code == 200
    assert stock.run(run).logs == [log, log] and stock.run(run).data == [row, row]
    assert get(http, "logs", runId=run)["total"] == 2
    for bad in (log | {"lineNumber": -1}, log | {"logType": " "}, log | {"message": None}):
        assert ingest(http, run, "logs", bad).status_code == 422
    for bad in (row | {"data": {}}, row | {"dataType": ""}, row | {"step": 1.5}):
        assert ingest(http, run, "data", bad).status_code == 422


def test_compressed_bodies_are_not_read(http: httpx.Client, stock: Stock, run: int) -> None:
    assert ingest(http, run, "metrics", point(), **{"Content-Encoding": "gzip"}).status_code == 422
    assert not stock.run(run).metrics


def test_what_reaches_no_run_is_accepted_and_not_seen(http: httpx.Client, stock: Stock, run: int) -> None:
    assert ingest(http, run, "metrics", point(), **{"X-Project-Name": "other"}).status_code == 200
    assert ingest(http, run, "metrics", point(), **{"X-Run-Id": "None"}).status_code == 200
    assert set(stock.strays) == {(str(run), "other"), ("None", "my-ml-project")} and not stock.run(run).metrics
    bare = http.post("/ingest/metrics", content=json.dumps(point()))
    assert bare.status_code == 422 and "X-Project-Name" in bare.text


# --- files --------------------------------------------------------------------------------------------------------


def test_a_file_there_and_back(http: httpx.Client, stock: Stock, run: int) -> None:
    for _ in range(2):
        answer = presign(http, run, logName="a%2Fb/c", fileType={"custom": "odd"})
    url = answer.json()["a%2Fb/c"][0]["a.png"]
    assert httpx.put(url, content=b"abc").status_code == 200
    assert stock.objects == {f"my-ml-project/{run}/a%2Fb/c/a.png": b"abc"}
    rows = get(http, "files", runId=run)["files"]
    assert [(row["fileSize"], row["step"], row["fileType"]) for row in rows] == [("3", "0", "odd")] * 2
    assert httpx.get(rows[0]["url"]).content == b"abc"
    assert httpx.get(rows[0]["url"].replace("a.png", "b.png")).status_code == 404


def test_how_an_upload_is_refused(http: httpx.Client, stock: Stock, run: int) -> None:
    url = presign(http, run).json()["img/a b"][0]["a.png"]
    assert http.put(url, content=b"abc").status_code == 400
    assert httpx.put(url, content=iter([b"abc"])).status_code == 411
    assert httpx.put(url.partition("?")[0], content=b"abc").status_code == 403
    assert not stock.objects


@pytest.mark.parametrize(
    "bad",
    [{"step": None}, {"step": -1}, {"step": 1.0}, {"fileSize": None}, {"sampleIndex": 2**32}, {"caption": 1},
     {"fileType": None}, {"logName": None}],
    ids=repr,
)  # fmt: skip
def test_files_that_get_no_address(http: httpx.Client, stock: Stock, run: int, bad: dict[str, Any]) -> None:
    answer = presign(http, run, **bad)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "text/plain; charset=utf-8")
    assert not stock.run(run).files


def test_limits_of_a_request_for_addresses(http: httpx.Client, run: int) -> None:
    assert presign(http, run, annotations="x" * 2**21).status_code == 413
    headers = {"X-Run-Id": str(run), "X-Project-Name": "my-ml-project"}
    assert http.post("/files", content="{}", headers=headers).status_code == 415
    json_headers = headers | {"content-type": "application/json"}
    assert http.post("/files", content="{", headers=json_headers).status_code == 400
    assert http.post("/files", json={"files": []}, headers=headers | {"X-Run-Id": "None"}).status_code == 500
    assert http.post("/files", json={"files": []}).status_code == 400


# --- reads --------------------------------------------------------------------------------------------------------


def test_metrics_are_served_once_per_step(http: httpx.Client, stock: Stock, run: int) -> None:
    for time_ms, value in ((2000, 2.0), (3000, 3.0), (1000, 1.0)):
        ingest(http, run, "metrics", point(time=time_ms, step=2**60, data={"a/loss": value}))
    (row,) = get(http, "metrics", runId=run, logGroup="a")["metrics"]
    assert (row["step"], row["value"], row["time"]) == (str(2**60), 3.0, "1970-01-01 00:00:03.000")
    raw = get(http, "metrics/raw", runId=run, logName="a/loss")
    assert [row["value"] for row in raw["rows"]] == [1.0, 2.0, 3.0] and not raw["truncated"]
    assert len(stock.run(run).metrics) == 3
    assert get(http, "metrics", runId=run, projectName="other") == {"metrics": []}
    step = http.post("/step", headers={"X-Run-Id": str(run), "X-Project-Name": "my-ml-project"})
    assert step.json() == {"step": 2**60}


def test_long_metrics_are_thinned(http: httpx.Client, run: int) -> None:
    ingest(http, run, "metrics", *(point(step=step, data={"loss": step}) for step in range(10)))
    assert [row["value"] for row in get(http, "metrics", runId=run, limit=4)["metrics"]] == [0, 3, 6, 9]
    assert [row["value"] for row in get(http, "metrics", runId=run, stepMin=8, stepMax=9)["metrics"]] == [8, 9]
    assert http.get("/api/runs/metrics", params={"runId": run, "limit": 10_001}).status_code == 400


def test_summaries(http: httpx.Client, run: int) -> None:
    other = create(http)["runId"]
    for number, values in ((run, (1.0, 3.0, float("nan"))), (other, (0.5,))):
        ingest(http, number, "metrics", *(point(step=s, data={"loss": v}) for s, v in enumerate(values)))
    (row,) = get(http, "statistics", runId=run)["metrics"]
    assert (row["count"], row["min"], row["mean"], row["last"]) == (2, 1.0, 2.0, {"step": 1, "value": 3.0})
    compared = get(http, "compare", runIds=f"{run},{other}", logName="loss")["runs"]
    assert [one["stats"]["final"] for one in compared] == [3.0, 0.5]
    board = get(http, "leaderboard", logName="loss", aggregation="MAX", direction="DESC")
    assert [(one["rank"], one["runId"]) for one in board["runs"]] == [(1, run), (2, other)] and board["total"] == 2
    assert get(http, "metric-names", search="lo")["metricNames"] == ["loss"]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({"state": "finished"}, ["one"]),
        ({"config.lr": {"$gt": 0.15}}, ["two"]),
        ({"$or": [{"tags": "t"}, {"name": {"$regex": "TWO"}}]}, ["two", "one"]),
        ({"$not": {"tags": {"$in": ["t", "x"]}}}, ["two"]),
        ({"summary_metrics.loss": {"$lte": 1}}, ["one"]),
    ],
)
def test_filters(http: httpx.Client, wanted: dict[str, Any], names: list[str]) -> None:
    one = create(http, runName="one", tags=["t"], config='{"lr": 0.1}')["runId"]
    create(http, runName="two", config='{"lr": 0.2}')
    ingest(http, one, "metrics", point(data={"loss": 1}))
    http.post("/api/runs/status/update", json={"runId": one, "status": "COMPLETED"})
    assert [row["name"] for row in get(http, "list", filter=json.dumps(wanted))["runs"]] == names
    assert [row["name"] for row in get(http, "list", sort="+name")["runs"]] == ["one", "two"]
    for bad in ({"colour": 1}, {"name": {"$near": 1}}, [1]):
        params = {"projectName": "my-ml-project", "filter": json.dumps(bad)}
        assert http.get("/api/runs/list", params=params).status_code == 400


def test_a_run_by_its_ids(http: httpx.Client, run: int) -> None:
    details = get(http, f"details/{run}")
    assert details["displayId"] == "MMP-1" and "forkStep" in details
    assert "forkStep" not in get(http, "details/by-display-id/mmp-1")
    create(http, projectName="more-model-parts")
    unclear = http.get("/api/runs/details/by-display-id/MMP-1")
    assert (unclear.status_code, http.get("/api/runs/details/99").status_code) == (409, 404)
    assert http.get("/api/runs/details/by-display-id/7").status_code == 400
    assert {row["name"]: row["runCount"] for row in get(http, "projects")["projects"]} == {
        "my-ml-project": 1,
        "more-model-parts": 1,
    }


# --- faults -------------------------------------------------------------------------------------------------------


def test_faults_end_and_may_be_several(http: httpx.Client, stock: Stock, run: int) -> None:
    stock.fail("garbage", path="/api")
    stock.fail(503, path="/ingest", times=2)
    stock.fail(429, path="/api/slug", times=1)
    assert [ingest(http, run, "metrics", point()).status_code for _ in range(3)] == [503, 503, 200]
    assert http.post("/api/slug").status_code == 429
    assert http.post("/api/slug").text.startswith("<html>")
    stock.heal()
    assert http.post("/api/slug").json() == {"organization": {"slug": "org"}}
    with pytest.raises(ValueError, match="no such fault"):
        stock.fail("hnag")


@pytest.mark.parametrize(("fault", "kept"), [("die", 1), ("drop", 0)])
def test_an_answer_that_gets_lost(http: httpx.Client, stock: Stock, run: int, fault: str, kept: int) -> None:
    stock.fail(fault, path="/ingest", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        ingest(http, run, "metrics", point())
    assert len(stock.run(run).metrics) == kept


def test_a_hanging_request_is_let_go(http: httpx.Client, stock: Stock) -> None:
    stock.fail("hang", path="/api/slug")
    ended: list[type[Exception]] = []

    def ask(call: Callable[[], Any]) -> None:
        try:
            call()
        except httpx.HTTPError as error:
            ended.append(type(error))

    asking = threading.Thread(target=ask, args=(lambda: http.post("/api/slug"),))
    asking.start()
    until(lambda: stock.requests, 60)
    with pytest.raises(httpx.ReadTimeout):
        http.post("/api/slug", timeout=0.2)
    assert not ended
    stock.heal()
    asking.join(10)
    assert ended == [httpx.RemoteProtocolError]


def test_gone_and_back_on_the_same_port(http: httpx.Client, stock: Stock, run: int) -> None:
    stock.stop()
    try:
        with pytest.raises(httpx.TransportError):
            http.post("/api/slug")
        with pytest.raises(httpx.ConnectError):
            http.post("/api/slug")
    finally:
        stock.start()
    assert http.post("/api/slug").status_code == 200
    assert get(http, f"details/{run}")["id"] == run


def test_what_it_was_sent(http: httpx.Client, stock: Stock, run: int) -> None:
    ingest(http, run, "metrics", point())
    last = stock.received[-1]
    assert (last.method, last.path, last.headers["x-run-id"]) == ("POST", "/ingest/metrics", str(run))
    assert last.size == len(json.dumps(point()))
    assert stock.requests == [("POST", "/api/runs/create"), ("POST", "/ingest/metrics")]

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.server.support import PROJECT, Caller


def test_login(caller: Caller) -> None:
    assert caller.ok(caller.post("/api/slug")) == {"organization": {"slug": "local"}}
    assert caller.ok(caller.get("/api/runs/auth/validate"))["valid"] is True


def test_create(caller: Caller) -> None:
    body = {
        "runName": "n", "projectName": PROJECT, "externalId": None, "tags": None, "config": None,
        "loggerSettings": None, "systemMetadata": None, "createdAt": None, "updatedAt": None,
    }  # fmt: skip
    made = caller.ok(caller.post("/api/runs/create", body))
    sqid = made["url"].rsplit("/", 1)[1]
    assert made == {
        "runId": 1, "number": 1, "displayId": "MMP-1", "projectName": PROJECT, "organizationSlug": "local",
        "url": f"http://localhost/o/local/projects/{PROJECT}/{sqid}", "resumed": False, "forkedFromRunId": None,
        "forkStep": None,
    }  # fmt: skip
    assert caller.ok(caller.get(f"/api/runs/{sqid}")) == {"runId": 1}
    assert caller.ok(caller.get("/api/runs/nonesuch")) == {}
    assert caller.ok(caller.post("/api/runs/create", body))["runId"] == 2


def test_details(caller: Caller) -> None:
    run = caller.create(
        "näme/../x", "a/b ü", externalId="20240101", tags=["z", "a"], createdAt=1_000, updatedAt=2_000,
        config='{"lr":0.1,"bad":NaN,"inf":-Infinity,"big":' + str(10**30) + ',"u":"\\ud800"}',
        systemMetadata='{"host":"h"}', loggerSettings="null",
    )  # fmt: skip
    caller.ok(caller.post("/api/runs/logName/add", {"runId": run, "logName": ["train/loss"], "logType": "METRIC"}))
    details = caller.details(run)
    assert details["config"] == {"lr": 0.1, "bad": "NaN", "inf": "-Infinity", "big": 10**30, "u": "\ud800"}
    assert "NaN" not in caller.get(f"/api/runs/details/{run}").text.replace('"NaN"', "")
    assert details["createdAt"] == "1970-01-01T00:00:01.000Z"
    assert details["tags"] == ["z", "a"]
    assert details["externalId"] == "20240101"
    assert details["logNames"] == [{"logName": "train/loss", "logType": "METRIC", "logGroup": "train"}]
    assert details["loggerSettings"] == {}
    display = caller.ok(caller.get(f"/api/runs/details/by-display-id/{details['displayId'].lower()}"))
    assert display["id"] == run
    found = caller.ok(caller.get("/api/ext/v1/runs/lookup", projectName="a/b ü", externalId="20240101"))
    assert found == caller.details(run)


def test_details_of_several(caller: Caller) -> None:
    runs = [caller.create("one", config=f'{{"big":{10**30}}}'), caller.create("two")]
    answer = caller.ok(caller.post("/api/ext/v1/details", {"runIds": [runs[1], 999, runs[0]]}))
    assert answer["runs"] == [caller.details(runs[1]), caller.details(runs[0])]
    assert caller.post("/api/ext/v1/details", {"runIds": list(range(1_001))}).status_code == 400
    assert caller.post("/api/ext/v1/details", {"runIds": "all"}).status_code == 400


def test_attaching_merges_config_and_reopens(caller: Caller) -> None:
    run = caller.create(externalId="e", config='{"a":{"x":1}}', tags=["one"])
    caller.status(run, "COMPLETED")
    assert (
        caller.ok(caller.get("/api/ext/v1/runs/lookup", projectName=PROJECT, externalId="e"))["status"] == "COMPLETED"
    )
    body = {"runName": "other", "projectName": PROJECT, "externalId": "e", "config": '{"a":{"y":2}}', "tags": ["two"]}
    again = caller.ok(caller.post("/api/runs/create", body))
    assert (again["runId"], again["resumed"]) == (run, True)
    details = caller.details(run)
    assert (details["config"], details["tags"], details["status"]) == ({"a": {"x": 1, "y": 2}}, ["one"], "RUNNING")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"tags": ["group:a", "group:b"]}, "A run can have at most one group:* tag."),
        ({"config": "{"}, "Invalid JSON format in request body"),
        ({"config": "[1]"}, "Invalid JSON format in request body"),
        ({"systemMetadata": "nope"}, "Invalid JSON format in request body"),
        ({"forkRunId": 1}, "forkStep is required when forkRunId is provided"),
        ({"forkRunId": 99, "forkStep": 1}, "Fork parent run not found in this project"),
        ({"runName": None}, None),
        ({"runName": " "}, None),
        ({"projectName": "x" * 1001}, None),
        ({"projectName": "\ud800"}, None),
        ({"externalId": ""}, None),
        ({"createdAt": -1}, None),
        ({"tags": "one"}, None),
    ],
)
def test_create_refuses(caller: Caller, change: dict[str, Any], error: str | None) -> None:
    body = {"runName": "n", "projectName": PROJECT, **change}
    response = caller.request("POST", "/api/runs/create", content=json.dumps(body).encode())
    assert response.status_code == 400
    if error is None:
        assert response.json()["success"] is False
        assert response.json()["error"]["name"] == "ZodError"
    else:
        assert response.json() == {"error": error}


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"null"])
def test_bodies_that_are_none(caller: Caller, body: bytes) -> None:
    assert caller.request("POST", "/api/runs/create", content=body).status_code == 400
    assert caller.request("POST", "/api/runs/trigger", content=body).status_code == 422


def test_forking(caller: Caller) -> None:
    root = caller.create(config='{"a":1,"b":{"x":1}}', tags=["one", "group:g"])
    caller.lines("metrics", root, '{"time":1,"step":10,"data":{"m":1}}')
    body = {"runName": "c", "projectName": PROJECT, "forkRunId": root, "config": '{"b":{"y":2}}', "tags": ["group:h"]}
    child = caller.ok(caller.post("/api/runs/create", {**body, "forkStep": 4.5, "inheritTags": True}))
    assert (child["forkedFromRunId"], child["forkStep"]) == (root, 4.5)
    details = caller.details(child["runId"])
    assert details["config"] == {"a": 1, "b": {"y": 2}}
    assert details["tags"] == ["one", "group:h"]
    grandchild = caller.ok(caller.post("/api/runs/create", {**body, "forkRunId": child["runId"], "forkStep": 3}))
    assert grandchild["forkedFromRunId"] == root
    plain = caller.ok(caller.post("/api/runs/create", {**body, "forkStep": 1, "inheritConfig": False}))
    assert caller.details(plain["runId"])["config"] == {"b": {"y": 2}}
    beyond = caller.post("/api/runs/create", {**body, "forkStep": 11})
    assert (beyond.status_code, beyond.json()["error"]) == (400, "forkStep 11 is beyond the parent's last step 10")
    other = caller.post("/api/runs/create", {**body, "projectName": "other", "forkStep": 1})
    assert other.status_code == 400


def test_resuming(caller: Caller) -> None:
    run = caller.create(externalId="e")
    for body in ({"runId": run}, {"displayId": "mmp-1"}, {"externalId": "e", "projectName": PROJECT}):
        caller.status(run, "FAILED")
        answer = caller.ok(caller.post("/api/runs/resume", body))
        assert (answer["runId"], answer["resumed"], answer["projectName"]) == (run, True, PROJECT)
        assert caller.details(run)["status"] == "RUNNING"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400), ({"runId": 1, "displayId": "MMP-1"}, 400), ({"displayId": "nonsense"}, 400),
        ({"externalId": "e"}, 400), ({"runId": 99}, 404), ({"runId": -1}, 404), ({"runId": 1 << 63}, 404),
        ({"runId": "1"}, 400), ({"displayId": "ABC-9"}, 404), ({"externalId": "x", "projectName": PROJECT}, 404),
    ],
)  # fmt: skip
def test_resume_refuses(caller: Caller, body: dict[str, Any], status: int) -> None:
    assert caller.post("/api/runs/resume", body).status_code == status


def test_ambiguous_display_ids(caller: Caller) -> None:
    caller.create(project="training")
    tramway = caller.create(project="tramway")
    assert caller.post("/api/runs/resume", {"displayId": "TRA-1"}).status_code == 409
    assert caller.get("/api/runs/details/by-display-id/TRA-1").status_code == 409
    found = caller.ok(caller.get("/api/runs/details/by-display-id/TRA-1", projectName="tramway"))
    assert found["id"] == tramway
    assert caller.get("/api/runs/details/by-display-id/x").status_code == 400


@pytest.mark.parametrize("number", ["99", "0", str(1 << 62)])
def test_unknown_runs(caller: Caller, number: str) -> None:
    assert caller.get(f"/api/runs/details/{number}").status_code == 404
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("tags/update", {"tags": []}), ("notes/update", {"notes": None}), ("config/update", {"config": "{}"}),
        ("logName/add", {"logName": ["a"], "logType": "METRIC"}), ("status/update", {"status": "FAILED"}),
        ("modelGraph/create", {"graph": {"nodes": {}}}), ("alert", {"alert": {"title": "t"}}), ("trigger", {}),
    ]  # fmt: skip
    for path, body in bodies:
        assert caller.post(f"/api/runs/{path}", {"runId": int(number), **body}).status_code == 404, path
    assert caller.get("/api/runs/status/history", runId=number).status_code == 404
    assert caller.get("/api/runs/statistics", runId=number, projectName="p").status_code == 404
    for path in ("names", "points?name=a", "summaries", "data", "files", "graph", "alerts", "notes"):
        assert caller.get(f"/api/ext/v1/runs/{number}/{path}").status_code == 404, path
    assert caller.post(f"/api/ext/v1/runs/{number}/cancel").status_code == 404
    assert caller.post(f"/api/ext/v1/runs/{number}/set-aside").status_code == 404
    assert caller.request("DELETE", f"/api/ext/v1/runs/{number}").status_code == 404


@pytest.mark.parametrize("number", ["-1", "abc", "1.5", "9" * 30, "%00", "٣"])
def test_ids_that_are_none(caller: Caller, number: str) -> None:
    for path in (f"/api/runs/details/{number}", f"/api/ext/v1/runs/{number}/names"):
        assert caller.get(path).status_code == 400


def test_tags_notes_config(caller: Caller) -> None:
    run = caller.create(tags=["old"], config='{"a":{"x":1},"l":[1]}')
    assert caller.ok(caller.post("/api/runs/tags/update", {"runId": run, "tags": ["b", "a", "b"]})) == {"success": True}
    caller.ok(caller.post("/api/runs/notes/update", {"runId": run, "notes": "text"}))
    caller.ok(caller.post("/api/runs/config/update", {"runId": run, "config": '{"a":{"y":2},"l":[2]}'}))
    caller.ok(caller.post("/api/runs/config/update", {"runId": run, "config": "null"}))
    details = caller.details(run)
    assert (details["tags"], details["config"]) == (["b", "a"], {"a": {"x": 1, "y": 2}, "l": [2]})
    assert caller.ok(caller.get(f"/api/ext/v1/runs/{run}/notes")) == {"notes": "text"}
    caller.ok(caller.post("/api/runs/notes/update", {"runId": run, "notes": None}))
    assert caller.ok(caller.get(f"/api/ext/v1/runs/{run}/notes")) == {"notes": None}
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("tags", {"tags": ["group:a", "group:b"]}), ("notes", {"notes": "x" * 1001}), ("config", {"config": None}),
        ("config", {"config": "[1]"}), ("config", {"config": "{"}),
    ]  # fmt: skip
    for path, body in bodies:
        assert caller.post(f"/api/runs/{path}/update", {"runId": run, **body}).status_code == 400, path


def test_log_names(caller: Caller) -> None:
    run = caller.create()
    for kind in ("METRIC", "DATA"):
        caller.ok(caller.post("/api/runs/logName/add", {"runId": run, "logName": ["a", "b/c"], "logType": kind}))
    names = [(name["logName"], name["logType"], name["logGroup"]) for name in caller.details(run)["logNames"]]
    assert names == [("a", "METRIC", ""), ("b/c", "METRIC", "b")]
    assert caller.post("/api/runs/logName/add", {"runId": run, "logName": [" "], "logType": "DATA"}).status_code == 400
    assert caller.post("/api/runs/logName/add", {"runId": run, "logName": ["a"], "logType": ""}).status_code == 400


def test_model_graph_and_alerts(caller: Caller) -> None:
    run = caller.create()
    graph = {"format": "torch", "nodes": {".": {"type": "Net", "depth": 0, "extra": [1.5]}}}
    for _ in range(2):
        caller.ok(caller.post("/api/runs/modelGraph/create", {"runId": run, "graph": graph}))
    assert caller.ok(caller.get(f"/api/ext/v1/runs/{run}/graph")) == {"graph": graph}
    bad = {"format": "torch", "nodes": {".": {"type": "Net"}}}
    assert caller.post("/api/runs/modelGraph/create", {"runId": run, "graph": bad}).status_code == 400
    alert = {"timestamp": 5, "level": "CRITICAL", "title": "T", "body": "b", "email": True, "url": "http://x"}
    assert caller.ok(caller.post("/api/runs/alert", {"runId": run, "alert": alert})) == {"status": "success"}
    assert caller.ok(caller.get(f"/api/ext/v1/runs/{run}/alerts"))["alerts"] == [
        {"time": 5_000, "level": "ERROR", "title": "T", "body": "b", "url": "http://x", "email": True}
    ]
    assert caller.post("/api/runs/alert", {"runId": run, "alert": {}}).status_code == 422
    assert (
        caller.post("/api/runs/alert", {"runId": run, "alert": {"title": "t", "timestamp": 1 << 62}}).status_code == 422
    )

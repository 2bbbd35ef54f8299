"""Much at once: overviews of runs, points of many series, lines with their sources; and projects with key and text."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pluto.protocol.batch import FILES, MSGPACK
from pluto.protocol.records import Config, Console, Data, File, Forget, Metrics, Tags, Texts
from tests.server.support import PROJECT, Caller


@pytest.fixture
def caller(tmp_path: Path) -> Iterator[Caller]:
    caller = Caller(tmp_path / "store")
    yield caller
    caller.close()


def blob(caller: Caller, content: bytes) -> str:
    sha = hashlib.sha256(content).hexdigest()
    assert caller.request("PUT", f"/api/ext/v1/blobs/{sha}", content=content).status_code == 201
    return sha


def ask(caller: Caller, path: str, **body: Any) -> Any:
    answer = caller.request("POST", f"/api/ext/v1{path}", json=body, headers={"Accept": MSGPACK})
    assert answer.status_code == 200, answer.text
    return msgspec.msgpack.decode(answer.content)


def overviews(caller: Caller, **body: Any) -> list[dict[str, Any]]:
    return list(ask(caller, "/overviews", projectName=PROJECT, **body)["runs"])


def test_runs_come_newest_first_and_in_pages(caller: Caller) -> None:
    runs = [caller.create(f"r{n}", createdAt=1_000 + n // 2) for n in range(7)]
    caller.create("elsewhere", project="other")
    seen: list[int] = []
    cursor = None
    while True:
        page = ask(caller, "/overviews", projectName=PROJECT, limit=3, cursor=cursor)
        seen += [run["id"] for run in page["runs"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == runs[::-1]


def test_what_an_overview_has(caller: Caller) -> None:
    run = caller.create(
        "n", externalId="e", config='{"lr": 0.5}', tags=["a"], loggerSettings='{"x": 1}',
        systemMetadata='{"os_info": {"hostname": "h"}, "long": "text"}',
    )  # fmt: skip
    lines = [
        Metrics(5, 1, {"m": 1.0, "k": 2.0}), Metrics(6, 3, {"m": 4.0}), Texts(7, 2, {"t": "x"}),
        Data(8, 1, "h", "HISTOGRAM", "{}"), Data(8, 1, "table", "TABLE", "{}"), Console(9, "INFO", 1, ["a", "b"], "s"),
    ]  # fmt: skip
    caller.batch(run, lines)
    expected = {
        "t": {"type": "string-series", "step": 2.0, "time": 7, "body": "x"},
        "h": {"type": "HISTOGRAM", "step": 1.0, "time": 8, "body": "{}"},
    }
    line = {"source": "s", "stream": "INFO", "line": 2, "time": 9, "message": "b"}
    for _ in range(2):  # while it goes on, and once it has ended
        (found,) = overviews(caller, metrics=None, data=None, console=True, facts=["os_info.hostname", "nothing"])
        assert (found["id"], found["externalId"], found["displayId"], found["tags"]) == (run, "e", "MMP-1", ["a"])
        assert (found["config"], found["facts"]) == ('{"lr":0.5}', {"os_info.hostname": "h"})
        assert msgspec.json.decode(found["loggerSettings"]) == {"x": 1}
        assert found["names"] == {"m": "METRIC", "k": "METRIC", "t": "DATA", "h": "HISTOGRAM", "table": "TABLE"}
        assert found["summaries"]["m"] == [2, 1.0, 4.0, 2.5, 2.25, 4.0, 3.0]
        assert (found["data"], found["lines"]) == (expected, [line])
        caller.status(run, "COMPLETED")
    assert overviews(caller)[0]["summaries"] == {} and overviews(caller)[0]["data"] == {}
    (some,) = overviews(caller, metrics=["k", "?"], data=["t"])
    assert (list(some["summaries"]), list(some["data"]), some["lines"]) == (["k"], ["t"], [])


def test_the_last_files(caller: Caller) -> None:
    run = caller.create(systemMetadata='{"list": ["a", "é"], "text": "é\\"x", "number": 3}')
    sha = blob(caller, b"x")
    files = [
        File(5, step, "f", 0, "IMAGE", f"{step}.png", "png", 1, sha, "c", metadata='{"a": 1}') for step in (1, 3, 2)
    ]
    mask = File(9, 9, "f", 0, "IMAGE", "m.png", "mask", 1, sha)
    caller.batch(run, [*files, mask, File(6, 0, "g", 0, "FILE", "g", "", 1, sha)], lane=FILES)
    for _ in range(2):
        (found,) = overviews(caller, files=None, sizes=["list", "text", "nothing"])
        assert found["sizes"] == {"list": len("a\n\\u00e9\n"), "text": len('é"x'.encode())}
        assert found["files"].keys() == {"f", "g"} and found["data"] == {}
        last = found["files"]["f"]
        assert (last["fileName"], last["step"], last["at"], last["sha256"]) == ("3.png", 3, 5, sha)
        assert caller.get(last["url"]).content == b"x" and last["metadata"] == '{"a": 1}'
        assert overviews(caller, files=["g"])[0]["files"].keys() == {"g"}
        assert overviews(caller)[0]["files"] == {}
        caller.status(run, "COMPLETED")


def test_what_comes_after_the_end_is_in_the_next_overview(caller: Caller) -> None:
    run = caller.create()
    caller.batch(run, [Texts(1, 1, {"t": "x"}), Metrics(1, 1, {"m": 1})])
    caller.status(run, "COMPLETED")
    caller.batch(run, [Texts(1, 2, {"t": "y"}), Metrics(1, 2, {"m": 2}), Forget(2, ["gone"])], first=3)
    (found,) = overviews(caller, metrics=["m"], data=["t"])
    assert found["data"]["t"]["body"] == "y" and found["summaries"]["m"][5] == 2


def test_a_last_value_that_is_not_finite(caller: Caller) -> None:
    run = caller.create()
    caller.batch(run, [Metrics(n, n, {"a": value, "b": -value, "c": 1.0}) for n, value in ((1, 1.0), (2, math.inf))])
    caller.batch(run, [Metrics(3, 3, {"c": math.nan})], first=3)
    for _ in range(2):
        (found,) = overviews(caller, metrics=None)
        a, b, c = (found["summaries"][name] for name in "abc")
        assert (a[0], a[1:3], a[5:]) == (1, [1.0, 1.0], [math.inf, 2.0]) and b[5:] == [-math.inf, 2.0]
        assert math.isnan(c[5]) and c[6] == 3.0
        caller.status(run, "COMPLETED")


def test_runs_are_found_by_their_ids(caller: Caller) -> None:
    first, second = caller.create(externalId="one"), caller.create(externalId="two")
    other = caller.create(project="other", externalId="one")
    assert [run["id"] for run in overviews(caller, externalId="one")] == [first]
    assert [run["id"] for run in overviews(caller, displayId="mmp-2")] == [second]
    assert [run["id"] for run in overviews(caller, runIds=[first, second, other, 99])] == [second, first]
    assert overviews(caller, displayId="nothing like it") == overviews(caller, externalId="three") == []
    assert ask(caller, "/overviews", projectName="unknown") == {"runs": [], "next": None}


@pytest.mark.parametrize(
    "body", [{}, {"projectName": PROJECT, "limit": 0}, {"projectName": 3}, {"projectName": PROJECT, "cursor": "x"}]
)
def test_a_question_that_makes_no_sense(caller: Caller, body: dict[str, Any]) -> None:
    assert caller.post("/api/ext/v1/overviews", body).status_code == 400


def test_a_damaged_run_is_listed_without_what_it_logged(caller: Caller) -> None:
    run = caller.create()
    caller.batch(run, [Texts(1, 1, {"t": "x"})])
    caller.context.series.close()
    (caller.store / "series" / f"{run}.db").write_bytes(b"no database" * 1000)
    (found,) = overviews(caller, metrics=None, data=None, console=True)
    assert (found["id"], found["names"], found["data"]) == (run, {"t": "DATA"}, {})


def test_points_of_many_series(caller: Caller) -> None:
    one, two = caller.create(), caller.create()
    caller.batch(one, [Metrics(n, n, {"a": n, "b": math.nan}) for n in range(5)])
    caller.batch(two, [Metrics(n, n / 2, {"a": -n}) for n in range(3)])
    pairs = [[two, "a"], [one, "a"], [one, "x"], [99, "a"], [one, "b"]]

    def asked(**bounds: Any) -> list[list[float]]:
        found = ask(caller, "/points", pairs=pairs, **bounds)["series"]
        return [list(floats(row["values"])) for row in found]

    assert asked()[:4] == [[0, -1, -2], [0, 1, 2, 3, 4], [], []] and len(asked()[4]) == 5
    assert asked(tail=2)[:2] == [[-1, -2], [3, 4]]
    assert asked(stepMin=1, stepMax=2)[:2] == [[-2], [1, 2]]
    for wrong in ({"tail": 0}, {"pairs": [[1]]}, {"pairs": [[1, "a"]] * 5_001}):
        assert caller.post("/api/ext/v1/points", {"pairs": [], **wrong}).status_code == 400


def floats(data: bytes) -> memoryview:
    return memoryview(data).cast("d")


def test_lines_tell_who_printed_them(caller: Caller) -> None:
    run = caller.create()
    caller.batch(
        run, [Console(1, "INFO", 1, ["a", "b"], "s"), Console(2, "ERROR", 1, ["c"]), Console(3, "INFO", 1, ["d"])]
    )

    def lines(**params: Any) -> tuple[list[str], int]:
        answer = caller.ok(caller.get(f"/api/ext/v1/runs/{run}/lines", **params))
        return [row["message"] for row in answer["rows"]], answer["total"]

    assert lines()[1] == 4 and lines(source="s") == (["a", "b"], 2)
    assert lines(source="", stream="INFO") == (["d"], 1)
    assert lines(source="s", limit=1, offset=1) == (["b"], 2)
    assert caller.get("/api/ext/v1/runs/99/lines").status_code == 404
    assert caller.get(f"/api/ext/v1/runs/{run}/lines", limit=0).status_code == 400


def test_projects(caller: Caller) -> None:
    made = caller.post("/api/ext/v1/projects", {"name": "me/digits", "key": "cls", "description": "numbers"})
    assert (made.status_code, made.json()["key"], made.json()["runCount"]) == (201, "CLS", 0)
    assert caller.details(caller.create(project="me/digits"))["displayId"] == "CLS-1"
    for taken in ({"name": "me/digits"}, {"name": "other", "key": "CLS"}):
        assert caller.post("/api/ext/v1/projects", taken).status_code == 409
    for wrong in (
        {"name": " "},
        {"name": "x", "key": "1A"},
        {"name": "x", "key": "A" * 11},
        {"name": "x", "key": ""},
        {},
    ):
        assert caller.post("/api/ext/v1/projects", wrong).status_code == 400
    caller.ok(caller.post("/api/ext/v1/projects", {"name": "you/digits"}))
    rows = caller.ok(caller.get("/api/ext/v1/projects"))["projects"]
    assert [(row["name"], row["key"], row["description"], row["runCount"]) for row in rows] == [
        ("you/digits", "DIG", None, 0), ("me/digits", "CLS", "numbers", 1),
    ]  # fmt: skip


def test_a_project_is_deleted_with_its_runs(caller: Caller) -> None:
    runs = [caller.create(project="gone") for _ in range(2)]
    kept = caller.create(project="kept")
    caller.ok(caller.request("DELETE", "/api/ext/v1/projects", params={"name": "gone"}))
    assert [caller.get(f"/api/runs/details/{run}").status_code for run in [*runs, kept]] == [404, 404, 200]
    assert [row["name"] for row in caller.ok(caller.get("/api/ext/v1/projects"))["projects"]] == ["kept"]
    assert caller.request("DELETE", "/api/ext/v1/projects", params={"name": "gone"}).status_code == 404
    assert caller.request("DELETE", "/api/ext/v1/projects").status_code == 400


# Forgetting, as a client meets it


def test_forgetting_reaches_names_summaries_and_the_index(caller: Caller) -> None:
    run = caller.create()
    caller.batch(run, [Metrics(1, 1, {"a": 1, "b": 2}), Texts(1, 1, {"t": "x"})])
    caller.status(run, "COMPLETED")
    answer = caller.batch(run, [Forget(2, ["a", "t"]), Texts(3, 1, {"a": "now a text"})], first=3)
    assert answer.rejected == []
    names = {row["logName"]: row["logType"] for row in caller.details(run)["logNames"]}
    assert names == {"b": "METRIC", "a": "DATA"} == caller.ok(caller.get(f"/api/ext/v1/runs/{run}/names"))["names"]
    ranked = caller.ok(caller.get("/api/runs/leaderboard", projectName=PROJECT, logName="a"))
    assert ranked["runs"] == []
    (found,) = overviews(caller, metrics=None, data=None)
    assert list(found["summaries"]) == ["b"] and found["data"]["a"]["body"] == "now a text"


def test_the_blobs_of_forgotten_files_go(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pluto.server.context.ARRIVING_MS", -1_000)
    run, other = caller.create(), caller.create()
    mine, shared, kept = (blob(caller, content) for content in (b"mine", b"shared", b"kept"))
    files = [File(1, 0, name, 0, "FILE", "f", "txt", 4, sha) for name, sha in (("a", mine), ("b", shared), ("c", kept))]
    caller.batch(run, files, lane=FILES)
    caller.batch(other, files[1:2], lane=FILES)
    caller.batch(run, [Forget(2, ["a", "b"])], first=4, lane=FILES)
    # Not by asking for them: whoever asks may be about to refer to one, which is a reason to keep it.
    assert [caller.context.blobs.has(sha) for sha in (mine, shared, kept)] == [False, True, True]
    caller.ok(caller.request("DELETE", f"/api/ext/v1/runs/{other}"))
    assert [caller.context.blobs.has(sha) for sha in (mine, shared, kept)] == [False, False, True]


def test_a_blob_that_has_just_come_is_spared(caller: Caller) -> None:
    run = caller.create()
    sha = blob(caller, b"new")
    caller.batch(run, [File(1, 0, "a", 0, "FILE", "f", "txt", 3, sha), Forget(2, ["a"])], lane=FILES)
    assert caller.context.blobs.has(sha)


def test_values_are_taken_out_of_the_config(caller: Caller) -> None:
    run = caller.create(config='{"a": {"b": {"c": 1, "d": 2}}, "a/b": {"c": 3}, "x/y/z": 4, "n": {"m": 5}, "e": {}}')
    caller.batch(run, [Config(1, '{"new": 1}', remove=["a/b/c", "x/y/z", "n/m", "nothing/there", "a/b/d/deeper"])])
    assert caller.details(run)["config"] == {"a": {"b": {"d": 2}}, "e": {}, "new": 1}
    caller.batch(run, [Config(1, '{"a": 3}', remove=["a"])], first=2)
    assert caller.details(run)["config"] == {"a": 3, "e": {}, "new": 1}


def test_tags_are_replaced(caller: Caller) -> None:
    run = caller.create(tags=["a", "b"])
    caller.batch(run, [Tags(1, add=["c", "b"], replace=True)])
    assert caller.details(run)["tags"] == ["c", "b"]

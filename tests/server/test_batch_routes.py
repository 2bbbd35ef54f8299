from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pluto.protocol import records
from pluto.protocol.batch import FILES, LANE, LINES, PREFIX, WRITER, Entry
from pluto.protocol.records import Kind
from tests.server.support import PROJECT, Caller


def marks(caller: Caller, run: int) -> dict[str, int]:
    found: dict[str, int] = caller.ok(caller.get(f"{PREFIX}/marks", runId=run))
    return found


def test_info(caller: Caller) -> None:
    info = caller.ok(caller.get(f"{PREFIX}/info"))
    assert (info["server"], info["extensions"]) == ("pluto", 1)
    packed = caller.request("GET", f"{PREFIX}/info", headers={"Accept": "application/msgpack"})
    assert msgspec.msgpack.decode(packed.content) == info


def test_each_record_once(caller: Caller) -> None:
    run = caller.create(tags=["a"])
    sent: list[records.Record] = [records.Metrics(1, step, {"m": float(step)}) for step in range(3)]
    assert caller.batch(run, sent).mark == 3
    assert caller.batch(run, sent).mark == 3
    assert caller.batch(run, [*sent, records.Metrics(1, 3, {"m": 3.0})]).mark == 4
    assert caller.batch(run, sent[:1], writer="w-2").mark == 1
    assert caller.batch(run, [records.Notes(1, "x")], lane=FILES).mark == 1
    assert marks(caller, run) == {"w-1/lines": 4, "w-2/lines": 1, "w-1/files": 1}
    points = caller.ok(caller.get(f"{PREFIX}/runs/{run}/points", name="m", order="logged"))
    assert points["steps"] == [0, 1, 2, 3, 0]


def test_empty_batches_ask_for_the_mark(caller: Caller) -> None:
    run = caller.create()
    assert caller.batch(run, []).mark == 0
    caller.batch(run, [records.Notes(1, "x")])
    assert caller.batch(run, []).mark == 1


def test_what_belongs_to_the_metadata(caller: Caller) -> None:
    run = caller.create(
        "old", tags=["a", "b"], config='{"x":{"y":1},"z":1}', systemMetadata='{"host":"h","gpu":{"a":1}}'
    )
    answer = caller.batch(
        run,
        [
            records.Config(1, '{"x":{"w":NaN}}'), records.Tags(1, ["c", "a"], ["b"]), records.Tags(1, ["b"], ["a"]),
            records.Notes(1, "n" * 5_000), records.Metadata(1, '{"gpu":{"b":2}}'), records.Name(1, "new"),
        ],
    )  # fmt: skip
    assert (answer.rejected, answer.status) == ([], "RUNNING")
    details = caller.details(run)
    assert details["config"] == {"x": {"y": 1, "w": "NaN"}, "z": 1}
    assert details["tags"] == ["c", "b"]
    assert details["systemMetadata"] == {"host": "h", "gpu": {"b": 2}}
    assert details["name"] == "new"
    assert caller.ok(caller.get(f"{PREFIX}/runs/{run}/notes"))["notes"] == "n" * 5_000
    caller.batch(run, [records.Config(1, '{"only":1}', replace=True)], first=7)
    assert caller.details(run)["config"] == {"only": 1}


def test_an_old_batch_changes_nothing_more(caller: Caller) -> None:
    run = caller.create()
    caller.batch(run, [records.Tags(1, ["a"]), records.Config(1, '{"v":1}')])
    caller.batch(run, [records.Tags(1, [], ["a"]), records.Config(1, '{"v":2}')], first=3)
    assert caller.batch(run, [records.Tags(1, ["a"]), records.Config(1, '{"v":1}')]).mark == 4
    details = caller.details(run)
    assert (details["tags"], details["config"]) == ([], {"v": 2})


def test_a_crash_between_the_stores_is_mended_by_sending_again(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    run = caller.create(tags=["x"])
    sent: list[records.Record] = [
        records.Tags(1, ["a", "b"], ["x"]),
        records.Tags(1, ["c"], ["a"]),
        records.Config(1, '{"v":[1]}'),
        records.Metrics(1, 1, {"m": 1}),
    ]
    series = caller.context.series

    def dies(*args: object) -> Any:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(type(series), "append", dies)
        response = caller.entries(run, [Entry(1, Kind.TAGS, records.encode(sent[0]))])
        assert response.status_code == 503
        entries = [Entry(seq, records.kind_of(record), records.encode(record)) for seq, record in enumerate(sent, 1)]
        assert caller.entries(run, entries).status_code == 503
    assert caller.batch(run, sent).mark == 4
    details = caller.details(run)
    assert (details["tags"], details["config"]) == (["b", "c"], {"v": [1]})
    assert caller.ok(caller.get(f"{PREFIX}/runs/{run}/points", name="m"))["values"] == [1]


def test_a_bad_record_stands_alone(caller: Caller) -> None:
    run = caller.create(tags=["group:a"])
    metrics = records.encode(records.Metrics(1, 1, {"m": 1.0}))
    entries = [
        Entry(1, Kind.METRICS, metrics),
        Entry(2, Kind.METRICS, b"\xc1"),
        Entry(3, Kind.CONFIG, records.encode(records.Config(1, "[1]"))),
        Entry(4, Kind.CONFIG, records.encode(records.Config(1, '{"a":' * 5_000 + "1" + "}" * 5_000))),
        Entry(5, Kind.TAGS, records.encode(records.Tags(1, ["group:b"]))),
        Entry(6, Kind.NAME, records.encode(records.Name(1, " "))),
        Entry(7, 99, b""),
        Entry(8, Kind.END, records.encode(records.End(1, "FAILED"))),
        Entry(9, Kind.MODEL_GRAPH, records.encode(records.ModelGraph(1, "[" * 100_000))),
        Entry(10, Kind.METRICS, records.encode(records.Metrics(1, [1], {"m": 1.0}))),
        Entry(20, Kind.CONFIG, records.encode(records.Config(1, '{"good":1}'))),
    ]
    response = caller.entries(run, entries)
    assert response.status_code == 200
    answer = msgspec.msgpack.decode(response.content)
    assert [rejection["seq"] for rejection in answer["rejected"]] == [2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert all(rejection["error"] for rejection in answer["rejected"])
    assert answer["mark"] == 20
    assert msgspec.msgpack.decode(caller.entries(run, entries).content) == answer
    assert msgspec.msgpack.decode(caller.entries(run, entries[4:]).content)["rejected"] == answer["rejected"][3:]
    details = caller.details(run)
    assert (details["config"], details["tags"], details["status"]) == ({"good": 1}, ["group:a"], "RUNNING")
    assert caller.ok(caller.get(f"{PREFIX}/runs/{run}/points", name="m"))["values"] == [1]


def test_new_names_are_registered(caller: Caller) -> None:
    run = caller.create()
    caller.batch(
        run,
        [
            records.Metrics(1, 1, {"m": 1}), records.Texts(1, 1, {"phase": "warm"}),
            records.Data(1, 1, "h", "HISTOGRAM", "{}"), records.Console(1, "INFO", 1, ["a", "b"]),
        ],
    )  # fmt: skip
    expected = {"m": "METRIC", "phase": "DATA", "h": "HISTOGRAM"}
    assert {name["logName"]: name["logType"] for name in caller.details(run)["logNames"]} == expected
    assert caller.ok(caller.get(f"{PREFIX}/runs/{run}/names"))["names"] == expected
    logs = caller.ok(caller.get("/api/runs/logs", runId=run, projectName=PROJECT))["logs"]
    assert [line["message"] for line in logs] == ["a", "b"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-Run-Id": "99"}, 404), ({"X-Run-Id": "None"}, 400), ({"X-Run-Id": "-1"}, 400), ({WRITER: ""}, 400),
        ({WRITER: "../x"}, 400), ({WRITER: "w" * 65}, 400), ({LANE: "fast"}, 400),
    ],
)  # fmt: skip
def test_bad_headers(caller: Caller, headers: dict[str, str], status: int) -> None:
    run = caller.create()
    good = {"X-Run-Id": str(run), WRITER: "w", LANE: LINES}
    response = caller.request("POST", f"{PREFIX}/batch", content=b"\x90", headers={**good, **headers})
    assert response.status_code == status
    assert response.json()["error"]


@pytest.mark.parametrize("body", [b"", b"\xc0", b"nonsense", b"\x91\x01", b"\x91" * 10_000])
def test_bodies_that_are_no_batch(caller: Caller, body: bytes) -> None:
    run = caller.create()
    headers = {"X-Run-Id": str(run), WRITER: "w", LANE: LINES}
    assert caller.request("POST", f"{PREFIX}/batch", content=body, headers=headers).status_code == 400


def test_entries_have_to_rise(caller: Caller) -> None:
    run = caller.create()
    body = records.encode(records.Metrics(1, 1, {"m": 1.0}))
    assert caller.entries(run, [Entry(2, Kind.METRICS, body), Entry(2, Kind.METRICS, body)]).status_code == 400
    assert marks(caller, run) == {}


def test_points_come_in_pages_of_bytes(caller: Caller) -> None:
    run = caller.create()
    caller.batch(run, [records.Metrics(step, step / 2, {"m": float(step)}) for step in range(10)])
    path, cursor, values = f"{PREFIX}/runs/{run}/points", None, b""
    while True:
        params = {"name": "m", "limit": 4, **({"cursor": cursor} if cursor else {})}
        answer = caller.request("GET", path, params=params, headers={"Accept": "application/msgpack"})
        page = msgspec.msgpack.decode(answer.content)
        values += page["values"]
        cursor = page["next"]
        if cursor is None:
            break
    import numpy as np

    assert np.frombuffer(values, "<f8").tolist() == [float(i) for i in range(10)]
    assert caller.get(path, name="m", cursor="nonsense").status_code == 400
    assert caller.get(path, name="m", order="backwards").status_code == 400
    assert caller.get(path).status_code == 400
    assert caller.ok(caller.get(path, name="m", stepMin=-1, stepMax=0.5))["steps"] == [0, 0.5]


def test_buckets_and_summaries(caller: Caller) -> None:
    runs = [caller.create() for _ in range(2)]
    for run in runs:
        caller.batch(run, [records.Metrics(1, step, {"a,b": float(step), "c": float("nan")}) for step in range(4)])
    asked = {"runIds": f"{runs[0]},{runs[1]},99", "names": ["a,b", "none"], "buckets": 2}
    series = caller.ok(caller.get(f"{PREFIX}/buckets", **asked))["series"]
    assert [(one["runId"], one["name"], one["counts"]) for one in series] == [
        (runs[0], "a,b", [2, 2]), (runs[1], "a,b", [2, 2]),
    ]  # fmt: skip
    packed = caller.request("GET", f"{PREFIX}/buckets", params=asked, headers={"Accept": "application/msgpack"})
    assert len(msgspec.msgpack.decode(packed.content)["series"][0]["mean"]) == 16
    found = caller.ok(caller.get(f"{PREFIX}/runs/{runs[0]}/summaries"))["summaries"]
    assert set(found) == {"a,b", "c"}
    assert (found["a,b"]["last"], found["c"]["last"]) == (3.0, "NaN")
    one = caller.ok(caller.get(f"{PREFIX}/runs/{runs[0]}/summaries", names=["a,b"]))["summaries"]
    assert set(one) == {"a,b"}
    packed = caller.request("GET", f"{PREFIX}/runs/{runs[0]}/summaries", headers={"Accept": "application/msgpack"})
    assert msgspec.msgpack.decode(packed.content)["summaries"]["a,b"]["count"] == 4


def test_lookup_needs_both(caller: Caller) -> None:
    caller.create(externalId="e")
    assert caller.get(f"{PREFIX}/runs/lookup", projectName=PROJECT).status_code == 400
    assert caller.get(f"{PREFIX}/runs/lookup", projectName="other", externalId="e").status_code == 404

"""Our client and a server that knows nothing of ours: everything arrives, in the form it takes, whatever goes wrong."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pluto.core import auth
from pluto.core.uploader import retry
from pluto.protocol.records import (
    Alert,
    Columns,
    Config,
    Data,
    Kind,
    Metadata,
    ModelGraph,
    Name,
    Tags,
)
from tests.fakes.stock import Stock
from tests.uploader.making import T0, Made, Writing
from tests.waiting import until


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_S", 0.01)
    monkeypatch.setattr(retry, "LONGEST_S", 0.1)


@pytest.fixture
def made(root: Path, stock: Stock) -> Made:
    return Made(root / "sync", stock.remote())


def test_every_kind_of_record(made: Made, stock: Stock) -> None:
    writer = made.writer(config='{"lr": NaN, "big": 99999999999999999999999}', tags=["a"], notes="n" * 2000)
    writer.put(Metadata(1, '{"host": "h"}'))
    writer.put(Config(1, '{"depth": 3}'))
    writer.put(Tags(1, add=["b", "group:x"], remove=["a"]))
    writer.metrics(0, loss=0.5, inf=float("inf"), nan=float("nan"))
    writer.text(1, "phase", "warm")
    writer.put(Data(T0, 2, "h", "HISTOGRAM", '{"freq": [1]}'))
    writer.put(Data(T0, 2, "g", "GRAPH", "{}"))
    writer.console(4, "hello", "wörld")
    writer.put(Alert(T0, "CRITICAL", "t", "body", "https://x"))
    writer.put(ModelGraph(T0, '{"format": "torch", "nodes": {".": {"type": "Net", "depth": 0}}}'))
    steps, times = np.arange(3.0), np.arange(3) + T0
    writer.put(Columns("many", steps.tobytes(), times.tobytes(), (steps * 2).tobytes()))
    writer.put(Metadata(2, '{"later": 1}'))
    writer.file(3, "model/weights", b"one", file_name="w.bin")
    writer.file(4, "model/weights", b"two", file_name="w.bin")
    writer.end("FAILED", '{"reason": "exception"}')
    assert made.deliver() == {}

    run = stock.run("r")
    assert run.config == {"lr": "NaN", "big": "99999999999999999999999", "depth": 3}
    assert run.tags == ["b", "group:x"] and run.notes == "n" * 1000
    assert run.system_metadata == {"host": "h"} and run.logger_settings["later"] == 1
    assert stock.points(run, "loss") == {0: 0.5} and stock.points(run, "inf") == {0: float("inf")}
    assert stock.points(run, "many") == {0: 0, 1: 2, 2: 4}
    assert [(line["logName"], line["dataType"], line["data"]) for line in run.data] == [
        ("phase", "string-series", "warm"), ("h", "HISTOGRAM", '{"freq": [1]}'), ("g", "GRAPH", "{}"),
    ]  # fmt: skip
    assert [(log["lineNumber"], log["message"]) for log in run.logs] == [(4, "hello"), (5, "wörld")]
    assert [alert["body"] for alert in run.alerts] == ["body\nhttps://x"] and len(run.graphs) == 1
    assert run.names == {"loss": "METRIC", "inf": "METRIC", "nan": "METRIC", "many": "METRIC", "phase": "DATA",
                         "h": "HISTOGRAM", "g": "DATA", "model/weights": "FILE"}  # fmt: skip
    assert sorted(stock.objects.values()) == [b"one", b"two"]  # one name, two files: neither overwrote the other
    assert run.status == "FAILED" and run.status_metadata == {"reason": "exception"}
    assert made.receipt().writers[writer.name].rejected == 0 and not made.path.exists()
    assert run.created_ms == T0 // 1000


def test_steps_a_stock_server_cannot_take(made: Made, stock: Stock) -> None:
    writer = made.writer()
    logged = [0, 1, 1.5, 1.25, -3, 2, 7, 0.1]
    for value, step in enumerate(logged):
        writer.metrics(step, loss=value)
    writer.text(1.7, "t", "x")
    writer.text(-2, "t", "y")
    writer.end()
    assert made.deliver() == {}
    run = stock.run("r")
    loss, exact = stock.points(run, "loss"), stock.points(run, "loss/_step")
    assert list(loss.values()) == [float(value) for value in range(len(logged))]
    assert [exact.get(wire, wire) for wire in loss] == logged
    assert [line["step"] for line in run.data] == [1, 0]


def test_adapted_steps_survive_the_deliverer(made: Made, stock: Stock) -> None:
    writer = made.writer(alive=True)
    writer.metrics(0.5, loss=0)
    writer.metrics(0.75, loss=1)
    made.deliver()
    writer.metrics(0.9, loss=2)
    writer.end()
    assert made.deliver() == {}
    assert list(stock.points(stock.run("r"), "loss").values()) == [0, 1, 2]


def test_names_never_become_each_other(made: Made, stock: Stock) -> None:
    writer = made.writer()
    writer.put(Metrics_(writer, {"é": 1.0, "ü": 2.0, "-": 3.0, " ": 4.0, "plain @#": 5.0}))
    writer.end()
    assert made.deliver() == {}
    names = {name for name, _, _, _ in stock.run("r").metrics}
    assert len(names) == 5 and {"-", "plain @#"} <= names and all(name.isascii() and name.strip() for name in names)


def Metrics_(writer: Writing, values: dict[str, float]) -> Any:
    from pluto.protocol.records import Metrics

    return Metrics(writer.time, 0, values)


def fill(writer: Writing, count: int = 40) -> None:
    for step in range(count):
        writer.metrics(step, loss=step)
        writer.console(step + 1, f"line {step}")
        writer.text(step, "t", str(step))
    writer.file(0, "f", b"content")


def check(stock: Stock, count: int = 40, *, exactly: bool = True) -> None:
    run = stock.run("r")
    assert stock.points(run, "loss") == {step: step for step in range(count)}
    lines = [log["lineNumber"] for log in run.logs]
    texts = [line["step"] for line in run.data]
    if exactly:
        assert lines == list(range(1, count + 1)) and texts == list(range(count)) and len(run.files) == 1
    assert set(lines) == set(range(1, count + 1)) and set(texts) == set(range(count))
    assert list(stock.objects.values()) == [b"content"]
    assert run.status == "COMPLETED"


@pytest.mark.parametrize("path", ["", "/ingest", "/api/runs/create", "/files", "/objects", "/api/runs/status"])
@pytest.mark.parametrize("fault", [401, 429, 500, "garbage", "drop", "database"])
def test_a_fault_that_passes_costs_nothing(made: Made, stock: Stock, fault: int | str, path: str) -> None:
    writer = made.writer()
    fill(writer)
    writer.end()
    stock.fail(fault, path=path, times=3)
    assert made.deliver() == {}
    receipt = made.receipt()
    assert receipt.writers[writer.name].rejected == 0 and receipt.problem is None and receipt.finished
    check(stock)


@pytest.mark.parametrize("fault", [413, 422])
def test_a_refusal_is_kept_and_reported(made: Made, stock: Stock, fault: int) -> None:
    writer = made.writer()
    fill(writer, 3)
    writer.end()
    stock.fail(fault, path="/ingest/data")
    assert made.deliver() == {}
    assert [line["kind"] for line in made.poison()] == ["TEXTS"] * 3
    run = stock.run("r")
    assert stock.points(run, "loss") == {0: 0, 1: 1, 2: 2} and len(run.logs) == 3 and run.status == "COMPLETED"
    assert made.receipt().writers[writer.name].rejected == 3


def test_one_bad_line_does_not_take_its_batch_along(made: Made, stock: Stock) -> None:
    writer = made.writer()
    fill(writer, 10)
    bad = writer.raw(Kind.METRICS, b"\xc1")
    odd = writer.put(Name(T0, "a new name"))
    worse = writer.put(Alert(T0, "INFO", "t", "b"))
    fill_more = writer.metrics(10, loss=10)
    writer.end()
    stock.fail(500, path="/api/runs/alert")
    assert made.deliver(patience_s=20) == {}
    assert fill_more > 0 and stock.points(stock.run("r"), "loss")[10] == 10
    assert sorted(line["seq"] for line in made.poison()) == [bad, worse]
    assert stock.run("r").name == "a new name" and odd > bad  # it was there in time for the creation


@pytest.mark.parametrize("route", ["metrics", "logs", "data"])
def test_an_answer_that_gets_lost_repeats_what_may_be_repeated(made: Made, stock: Stock, route: str) -> None:
    writer = made.writer()
    fill(writer)
    writer.end()
    stock.fail("die", path=f"/ingest/{route}", times=1)
    assert made.deliver() == {}
    check(stock, exactly=route == "metrics")
    run = stock.run("r")
    repeated = made.receipt().writers[writer.name].repeated
    assert repeated == (0 if route == "metrics" else 40)
    assert len(run.logs) == (80 if route == "logs" else 40) and len(run.data) == (80 if route == "data" else 40)


def test_a_dead_server_and_a_run_that_waits(made: Made, stock: Stock) -> None:
    writer = made.writer()
    fill(writer)
    writer.end()
    stock.stop()
    left = made.deliver(patience_s=0.3)
    assert "ConnectError" in left[made.folder.key] and stock.key not in json.dumps(left)
    assert made.path.exists()
    stock.start()
    assert made.deliver() == {}
    check(stock)


def test_a_server_that_never_answers(made: Made, stock: Stock, root: Path) -> None:
    made.about["settings"] = {"http_timeout": 0.2}
    writer = made.writer()
    fill(writer)
    writer.end()
    stock.fail("hang")
    left = made.deliver(patience_s=0.3)
    assert "Timeout" in left[made.folder.key]
    stock.heal()
    assert made.deliver() == {}
    check(stock)


def test_a_wrong_key_and_the_right_one(made: Made, stock: Stock, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = made.writer()
    fill(writer)
    writer.end()
    stock.key = "mlps_another"
    left = made.deliver(patience_s=0.2)
    assert "key" in left[made.folder.key] and "mlps_" not in json.dumps(left)
    assert made.receipt().refused is None and not made.receipt().finished
    monkeypatch.setattr(auth, "stored_key", lambda root, api: "mlps_another")
    assert made.deliver() == {}
    check(stock)


def test_a_key_that_expires_midway_shows_as_422(made: Made, stock: Stock, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = made.writer(alive=True)
    writer.metrics(0, loss=0)
    made.deliver()
    stock.key = "mlps_another"
    writer.metrics(1, loss=1)
    writer.end()
    left = made.deliver(patience_s=0.2)
    assert "key has expired" in left[made.folder.key] or "Key not found" in left[made.folder.key]
    assert made.receipt().writers[writer.name].rejected == 0
    monkeypatch.setattr(auth, "stored_key", lambda root, api: "mlps_another")
    assert made.deliver() == {}
    assert stock.points(stock.run("r"), "loss") == {0: 0, 1: 1}


def test_never_puts_a_run_back_as_it_was(made: Made, stock: Stock) -> None:
    made.writer().end("FAILED")
    assert made.deliver() == {}
    again = made.writer(policy="never")
    again.end()
    made.deliver()
    refused = made.receipt().writers[again.name].refused
    assert refused is not None and refused.reason == "exists"
    assert stock.run("r").status == "FAILED"


def test_a_forked_child_that_comes_late_does_not_reopen_the_run(made: Made, stock: Stock) -> None:
    made.writer().end("FAILED")
    assert made.deliver() == {}
    before = len(stock.requests)
    late = made.writer(primary=False, child=True)
    late.metrics(3, loss=3)
    late.end()
    assert made.deliver() == {}
    assert stock.run("r").status == "FAILED" and stock.points(stock.run("r"), "loss") == {3: 3}
    asked = [path for _, path in stock.requests[before:]]
    assert not [path for path in asked if path.startswith(("/api/runs/create", "/api/runs/resume", "/api/runs/status"))]


def test_resuming_goes_on_behind_the_last_step(made: Made, stock: Stock) -> None:
    first = made.writer()
    first.metrics(7, loss=7)
    first.end()
    assert made.deliver() == {}
    second = made.writer(policy="must")
    second.metrics([1], loss=8)
    second.end()
    assert made.deliver() == {}
    assert stock.points(stock.run("r"), "loss") == {7: 7, 8: 8}


def test_a_server_in_trouble_is_not_hammered(
    root: Path, stock: Stock, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pluto.core.uploader.loop import Loop

    idle = Made(made.sync, made.target, "idle").writer(alive=True)
    loop = Loop(made.sync)
    try:
        loop.scan()
        until(lambda: len(list((made.sync / "receipts").glob("*.json"))) == 1, 60)
        monkeypatch.setattr(retry, "FIRST_S", 30.0)
        monkeypatch.setattr(retry, "LONGEST_S", 30.0)
        stock.stop()
        made.writer(alive=True).metrics(0, loss=1)
        loop.scan()
        until(lambda: made.receipt().problem, 60)
        outage = next(iter(loop._targets.values()))._outages["lines"]
        began = time.monotonic()
        while time.monotonic() - began < 0.3:  # nothing is to happen, which cannot be waited for
            loop.scan()
            loop.wake()
            time.sleep(0.01)
        assert outage.failures == 1
    finally:
        loop.close()
        idle.close()
        stock.start()


def test_whoever_waits_has_a_server_that_is_back_asked_at_once(
    stock: Stock, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`pluto sync` waits some seconds for an uploader that may be in the middle of a minute's pause."""
    from pluto.core.uploader.loop import Loop

    monkeypatch.setattr(retry, "FIRST_S", 600.0)
    monkeypatch.setattr(retry, "LONGEST_S", 600.0)
    writer = made.writer()
    writer.metrics(1, loss=0.5)
    writer.end()
    stock.stop()
    loop = Loop(made.sync)
    try:
        loop.scan()
        (delivery,) = loop.deliveries.values()
        until(lambda: loop.is_stuck(delivery, 0), 60)
        stock.start()
        loop.wake()
        assert loop.is_stuck(delivery, 0)
        loop.wake(again=True)
        until(lambda: delivery.over, 60)
    finally:
        loop.close()
    assert stock.points(stock.run("r"), "loss") == {1: 0.5}


def test_a_hung_server_holds_up_nobody_else(root: Path, stock: Stock) -> None:
    from pluto.core.settings import Local
    from pluto.core.uploader.loop import Loop

    stuck = Made(root / "sync", stock.remote(), "stuck")
    stuck.about["settings"] = {"http_timeout": 30.0}
    stuck.writer().end()
    stock.fail("hang")
    loop = Loop(root / "sync")
    try:
        loop.scan()
        until(lambda: stock.requests, 60)
        free = Made(root / "sync", Local(root / "store"), "free")
        free.writer().end()
        loop.scan()
        until(lambda: free.receipt().finished, 60)
    finally:
        stock.heal()
        loop.close()


def test_a_big_upload_holds_up_no_metric(made: Made, stock: Stock) -> None:
    from pluto.core.uploader.loop import Loop

    made.about["settings"] = {"http_timeout": 30.0}
    writer = made.writer(alive=True)
    writer.file(0, "big", b"x" * 60_000)
    stock.fail("hang", path="/objects")
    loop = Loop(made.sync)
    try:
        loop.scan()
        until(lambda: any(path.startswith("/objects") for _, path in list(stock.requests)), 60)
        last = writer.metrics(1, loss=1)
        loop.scan()
        until(lambda: made.receipt().writers[writer.name].lines >= last, 60)
        assert made.receipt().writers[writer.name].files < last
        stock.heal()
        until(lambda: made.receipt().writers[writer.name].files >= last, 60)
    finally:
        stock.heal()
        loop.close()
        writer.close()


def test_heartbeats(made: Made, stock: Stock, monkeypatch: pytest.MonkeyPatch) -> None:
    from pluto.core.uploader import lane
    from pluto.core.uploader.loop import Loop

    monkeypatch.setattr(lane, "BEAT_S", 0.02)
    before = threading.active_count()
    writer = made.writer(alive=True)
    loop = Loop(made.sync)
    try:
        loop.scan()
        until(lambda: stock.runs and stock.run("r").beats > 2, 60)
        stock.run("r").cancel = True
        until(lambda: made.receipt().cancelled, 60)
    finally:
        loop.close()
        writer.close()
    until(lambda: threading.active_count() <= before, 60, "no thread is left")


def test_a_project_that_no_header_can_name(root: Path, stock: Stock, tmp_path: Path) -> None:
    """A stock server keys what is logged by the project's name in a header; what is not found under it is lost."""
    from pluto.query import Client, QueryError

    project = "exp/ü x"
    made = Made(root / "sync", stock.remote(), "mine", project=project)
    writer = made.writer(readable=True, config='{"_attributes": {"id": "mine"}, "lr": 0.5}')
    writer.metrics(3, loss=0.5)
    writer.text(1, "phase", "warm")
    writer.file(4, "model/weights", b"one", file_name="w.bin")
    writer.end()
    assert made.deliver() == {}
    remote = stock.remote()
    with Client(remote.key, stock.url) as client:
        (run,) = client.iter_runs(project, details=True)
        assert (run["projectName"], run["config"]["lr"]) == (project, 0.5)
        points = client.points(project, run["id"], "loss")
        assert (points.steps.tolist(), points.values.tolist()) == ([3], [0.5])
        (overview,) = client.iter_overviews(project, data=None, files=None)
        assert (overview.project, overview.data["phase"]["body"]) == (project, "warm")
        assert client.download_file(project, run["id"], "model/weights", tmp_path).read_bytes() == b"one"
        with pytest.raises(QueryError, match="there is no run"):
            client.get_run("exp/ö x", "EX-1")

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from pluto.protocol import records
from pluto.server import watch
from tests.server.support import Caller


def history(caller: Caller, run: int) -> list[tuple[str | None, str, str]]:
    events = caller.ok(caller.get("/api/runs/status/history", runId=run))["events"]
    return [(event["fromStatus"], event["toStatus"], event["source"]) for event in events]


def test_the_way_of_a_run(caller: Caller) -> None:
    run = caller.create()
    for status in ("COMPLETED", "FAILED", "COMPLETED", "FAILED"):
        assert caller.ok(caller.status(run, status)) == {"success": True}
    assert caller.details(run)["status"] == "FAILED"
    assert history(caller, run) == [
        (None, "RUNNING", "api"), ("RUNNING", "COMPLETED", "api"), ("COMPLETED", "FAILED", "api"),
    ]  # fmt: skip


def test_metadata_settings_and_time(caller: Caller) -> None:
    run = caller.create(loggerSettings='{"a":{"x":1}}')
    reason = {"type": "ValueError", "frames": [{"line": 1}]}
    caller.status(run, "FAILED", statusMetadata=json.dumps(reason), statusUpdated=5_000, loggerSettings='{"a":{"y":2}}')
    details = caller.details(run)
    assert details["statusMetadata"] == reason
    assert details["statusUpdated"] == "1970-01-01T00:00:05.000Z"
    assert details["loggerSettings"] == {"a": {"x": 1, "y": 2}}
    caller.status(run, "FAILED")
    assert caller.details(run)["statusMetadata"] == reason
    caller.status(run, "FAILED", statusMetadata=None)
    assert caller.details(run)["statusMetadata"] is None


@pytest.mark.parametrize(
    "fields",
    [{"status": "ASLEEP"}, {"status": "FAILED", "statusMetadata": "{"}, {"status": "FAILED", "statusUpdated": -1}, {}],
)
def test_bad_updates(caller: Caller, fields: dict[str, Any]) -> None:
    run = caller.create()
    assert caller.post("/api/runs/status/update", {"runId": run, **fields}).status_code == 400
    assert caller.details(run)["status"] == "RUNNING"


def test_cancelling(caller: Caller) -> None:
    run = caller.create()
    beat = {"runId": run}
    assert caller.ok(caller.post("/api/runs/trigger", beat)) == {"status": "RUNNING", "triggers": None}
    caller.ok(caller.post(f"/api/ext/v1/runs/{run}/cancel"))
    assert caller.ok(caller.post("/api/runs/trigger", beat))["status"] == "CANCELLED"
    assert caller.batch(run, [records.Notes(1, "late")]).status == "CANCELLED"
    assert caller.post(f"/api/ext/v1/runs/{run}/cancel").status_code == 409
    caller.ok(caller.post("/api/runs/resume", beat))
    assert caller.ok(caller.post("/api/runs/trigger", beat))["status"] == "RUNNING"


class TestWatch:
    """Runs gone quiet. Time passes by moving what the database remembers back."""

    def back(self, caller: Caller, run: int, seconds: int) -> None:
        with caller.context.metadata._database.write() as connection:
            for table, column in (("run_heartbeats", "last_seen"), ("runs", "status_updated"), ("runs", "updated_at")):
                key = "id" if table == "runs" else "run_id"
                statement = f"UPDATE {table} SET {column} = {column} - {seconds * 1000} WHERE {key} = {run}"
                connection.execute(text(statement))

    def look(self, caller: Caller) -> list[int]:
        marked: list[int] = caller.ok(caller.post("/api/stale-runs/trigger"))["marked_failed"]
        return marked

    def test_a_run_whose_heart_stopped(self, caller: Caller) -> None:
        run, other = caller.create(), caller.create()
        for beating in (run, other):
            caller.post("/api/runs/trigger", {"runId": beating})
        self.back(caller, run, 140)
        assert self.look(caller) == []
        self.back(caller, run, 20)
        caller.app.state.watch._next = 0
        assert caller.details(run)["status"] == "FAILED"
        assert caller.details(other)["status"] == "RUNNING"
        event = caller.ok(caller.get("/api/runs/status/history", runId=run))["events"][-1]
        assert event["source"] == "stale-monitor"
        assert event["metadata"]["reason"] == "heartbeat-timeout"

    def test_it_goes_on_when_heard_of_again(self, caller: Caller) -> None:
        run = caller.create()
        caller.post("/api/runs/trigger", {"runId": run})
        self.back(caller, run, 200)
        assert self.look(caller) == [run]
        assert caller.ok(caller.post("/api/runs/trigger", {"runId": run}))["status"] == "RUNNING"
        self.back(caller, run, 200)
        assert self.look(caller) == [run]
        caller.status(run, "COMPLETED")
        assert caller.details(run)["status"] == "COMPLETED"

    def test_fresh_metrics_are_a_sign_of_life(self, caller: Caller) -> None:
        run = caller.create()
        caller.post("/api/runs/trigger", {"runId": run})
        caller.lines("metrics", run, f'{{"time":{self.now()},"step":1,"data":{{"m":1}}}}')
        self.back(caller, run, 200)
        assert self.look(caller) == []

    def test_a_clock_far_ahead_is_none(self, caller: Caller) -> None:
        run = caller.create()
        caller.post("/api/runs/trigger", {"runId": run})
        caller.lines("metrics", run, f'{{"time":{self.now() + 10**9},"step":1,"data":{{"m":1}}}}')
        self.back(caller, run, 200)
        assert self.look(caller) == [run]

    def test_without_heartbeats(self, caller: Caller) -> None:
        silent, delivered = caller.create(), caller.create()
        caller.batch(delivered, [records.Notes(1, "from the uploader")])
        for run in (silent, delivered):
            self.back(caller, run, 1_700)
        assert self.look(caller) == []
        for run in (silent, delivered):
            self.back(caller, run, 200)
        assert self.look(caller) == [silent]

    @pytest.mark.parametrize(
        ("operator", "values", "hit"),
        [
            (">", [5, 6], True), (">", [6, 5], False), (">=", [5], True), ("<", [5], False), ("<", [4], True),
            ("<=", [5], True), (">", ["inf"], True), (">", ["nan"], False), ("!=", [9], False),
        ],
    )  # fmt: skip
    def test_a_threshold_stops_a_run(self, caller: Caller, operator: str, values: list[Any], hit: bool) -> None:
        trigger = {"loss": {"operator": operator, "threshold": 5}, "other": {"operator": ">"}, "third": 3}
        run = caller.create(loggerSettings=json.dumps({"trigger": trigger}))
        calm = caller.create(loggerSettings=json.dumps({"x": {"trigger": trigger}}))
        now = time.time_ns() // 1_000 + 1_000_000
        for one in (run, calm):
            caller.batch(one, [records.Metrics(now, n, {"loss": float(value)}) for n, value in enumerate(values)])
        assert self.look(caller) == []
        expected = "CANCELLED" if hit else "RUNNING"
        assert caller.ok(caller.post("/api/runs/trigger", {"runId": run}))["status"] == expected
        assert caller.details(calm)["status"] == "RUNNING"
        if hit:
            event = caller.ok(caller.get("/api/runs/status/history", runId=run))["events"][-1]
            assert event["source"] == "threshold-trigger"
            assert (event["metadata"]["metric"], event["metadata"]["threshold"]) == ("loss", 5)

    def test_a_run_stopped_at_a_threshold_can_be_resumed(self, caller: Caller) -> None:
        settings = json.dumps({"trigger": {"loss": {"operator": ">", "threshold": 5}}})
        run = caller.create(loggerSettings=settings)
        caller.batch(run, [records.Metrics(time.time_ns() // 1_000, 1, {"loss": 6.0})])
        self.look(caller)
        assert caller.details(run)["status"] == "CANCELLED"
        time.sleep(0.002)  # the clock of statuses counts in milliseconds
        caller.ok(caller.post("/api/runs/resume", {"runId": run}))
        self.look(caller)
        assert caller.details(run)["status"] == "RUNNING"
        caller.batch(run, [records.Metrics(time.time_ns() // 1_000 + 1_000, 2, {"loss": 7.0})], first=2)
        self.look(caller)
        assert caller.details(run)["status"] == "CANCELLED"

    def test_thresholds_need_no_reader_and_no_grace(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(watch, "LOOK_BY_ITSELF_EVERY_S", 0.02)
        caller = Caller(tmp_path / "store", watch=True)
        try:
            settings = json.dumps({"trigger": {"loss": {"operator": ">", "threshold": 5}}})
            run = caller.create(loggerSettings=settings)
            caller.batch(run, [records.Metrics(time.time_ns() // 1_000 + 1_000_000, 1, {"loss": 6.0})])

            async def live() -> None:
                async with caller.app.router.lifespan_context(caller.app):
                    while caller.context.metadata.statuses.status(run) == "RUNNING":
                        await asyncio.sleep(0.01)

            asyncio.run(asyncio.wait_for(live(), 10))
        finally:
            caller.close()

    def now(self) -> int:
        return time.time_ns() // 1_000_000

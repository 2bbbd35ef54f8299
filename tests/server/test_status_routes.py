from __future__ import annotations

import json
import time
from typing import Any

import pytest
from sqlalchemy import text

from pluto.protocol import records
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

    def now(self) -> int:
        return time.time_ns() // 1_000_000

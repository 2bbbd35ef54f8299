"""Calling back when data is late."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from pluto.compat.neptune.internal.lag import LagWatch, lag_callback, no_progress_callback
from pluto.compat.neptune.utils import stop_synchronization_callback
from tests.compat.neptune.conftest import Open
from tests.waiting import until


class Watched:
    """A watch whose time and progress a test sets, and what it has called."""

    def __init__(self, lag: float | None = None, no_progress: float | None = None) -> None:
        self.stored = self.written = 0
        self.called: list[str] = []
        self.watch = LagWatch(
            self,  # type: ignore[arg-type]
            lambda: (self.stored, self.written),
            (None if lag is None else lambda _: self.called.append("lag"), lag or 0),
            (None if no_progress is None else lambda _: self.called.append("no progress"), no_progress or 0),
        )
        self.watch.stop()

    def at(self, now: float, stored: int, written: int) -> list[str]:
        self.stored, self.written = stored, written
        self.called.clear()
        self.watch.look(now)
        until(lambda: not any(one.name == "pluto-neptune-callback" for one in threading.enumerate()))
        return list(self.called)


def test_lag_is_the_age_of_the_oldest_that_waits() -> None:
    watched = Watched(lag=10)
    assert watched.at(0, 0, 5) == []
    assert watched.at(9, 3, 20) == []
    assert watched.at(11, 5, 30) == []  # what was there at 0 has arrived
    assert watched.at(20, 6, 40) == ["lag"]
    assert watched.at(300, 6, 40) == []  # at most every 300 seconds
    assert watched.at(321, 6, 40) == ["lag"]
    assert watched.at(700, 40, 40) == []


def test_no_progress_is_the_time_nothing_arrived() -> None:
    watched = Watched(no_progress=10)
    assert watched.at(5, 0, 0) == []
    assert watched.at(50, 0, 0) == []  # nothing waits
    assert watched.at(55, 0, 5) == []
    assert watched.at(59, 1, 5) == []
    assert watched.at(68, 1, 50) == []
    assert watched.at(70, 1, 50) == ["no progress"]
    assert watched.at(75, 2, 50) == []


def test_defaults_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    def mine(_: Any) -> None: ...

    assert (lag_callback(None), no_progress_callback(None)) == (None, None)
    monkeypatch.setenv("NEPTUNE_ENABLE_DEFAULT_ASYNC_LAG_CALLBACK", "TRUE")
    monkeypatch.setenv("NEPTUNE_ENABLE_DEFAULT_ASYNC_NO_PROGRESS_CALLBACK", "true")
    assert lag_callback(None) is stop_synchronization_callback
    assert no_progress_callback(None) is None
    assert lag_callback(mine) is mine


def test_a_run_calls_back(open_run: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUTO_HOST", "http://127.0.0.1:9")
    monkeypatch.setenv("PLUTO_API_KEY", "key")
    monkeypatch.setenv("PLUTO_INIT_TIMEOUT", "0.5")
    called: list[Any] = []
    run = open_run(
        async_lag_callback=called.append,
        async_lag_threshold=0.2,
        async_no_progress_callback=called.append,
        async_no_progress_threshold=0.2,
    )
    run["x"] = 1
    until(lambda: len(called) == 2)
    assert called == [run, run]
    run.stop(seconds=0)


def test_the_default_callback_stops(debug: Any, capsys: pytest.CaptureFixture[str]) -> None:
    stop_synchronization_callback(debug)
    assert debug.get_state() == "stopped"
    assert "[neptune] [error  ]" in capsys.readouterr().out

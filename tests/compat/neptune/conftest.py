"""Runs of the Neptune door, in the modes that can be read back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import pluto.compat.neptune as neptune
from pluto.compat.neptune.common.warnings import warned_once

QUIET: dict[str, Any] = {
    "capture_stdout": False, "capture_stderr": False, "capture_hardware_metrics": False, "capture_traceback": False,
    "git_ref": False, "source_files": [],
}  # fmt: skip
"""Parameters of a run that holds nothing but what a test gives it."""

Open = Callable[..., Any]


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Every warning may be said again, no variable of Neptune's is set, and the data directory is the test's own."""
    import os

    for name in list(os.environ):
        if name.startswith("NEPTUNE_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    warned_once.clear()
    yield
    warned_once.clear()


@pytest.fixture
def open_run() -> Iterator[Open]:
    """Makes runs that are stopped with the test; quiet unless told otherwise."""
    made: list[Any] = []

    def make(*args: Any, **kwargs: Any) -> Any:
        made.append(neptune.init_run(*args, **{**QUIET, **kwargs}))
        return made[-1]

    yield make
    for run in made:
        run.stop()


@pytest.fixture(params=["debug", "async"])
def run(request: pytest.FixtureRequest, open_run: Open) -> Any:
    """A run, in memory and in the local store."""
    return open_run(mode=request.param, project="tests/door")


@pytest.fixture
def debug(open_run: Open) -> Any:
    """A run in memory."""
    return open_run(mode="debug")

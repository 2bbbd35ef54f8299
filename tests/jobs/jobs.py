"""What the tests of jobs share: starting ranks, and reading back what was logged."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pluto import query
from tests.programs import PLUTO, Scripts, of_home
from tests.waiting import until

QUIET = "disable_console=True, disable_system_metrics=True"


def ranks(
    scripts: Scripts, source: str, size: int, *, env: Mapping[str, str] | None = None, arguments: Sequence[str] = ()
) -> list[subprocess.Popen[str]]:
    """Starts `size` ranks of one node as a launcher would, with this process for the launcher."""
    started = []
    for rank in range(size):
        place = {
            "RANK": str(rank),
            "LOCAL_RANK": str(rank),
            "WORLD_SIZE": str(size),
            "LOCAL_WORLD_SIZE": str(size),
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": "29500",
        }
        started.append(scripts.start(source, *arguments, env={**place, **(env or {})}))
    return started


def finish(processes: Sequence[subprocess.Popen[str]], seconds: float = 60) -> list[tuple[int, str, str]]:
    """Exit code, stdout and stderr of each, once all have ended."""
    ended = []
    for process in processes:
        out, err = process.communicate(timeout=seconds)
        ended.append((process.returncode, out, err))
    return ended


def settled(home: Path, *besides: int) -> None:
    """Waits until nothing that lives in this home is at work any more: all is delivered, and the uploader has left."""
    until(lambda: not [process for process in of_home(home) if process.pid not in besides], 60, "the uploader leaves")


def points(project: str, run: int | str, name: str) -> list[tuple[float, float]]:
    """(step, value), by step."""
    found = query.points(project, run, name)
    return list(zip(map(float, found.steps), map(float, found.values), strict=True))


def only_run(project: str) -> dict[str, Any]:
    """The one run of a project."""
    runs = query.list_runs(project)
    assert len(runs) == 1, runs
    return query.get_run(project, runs[0]["id"])


def sync(*arguments: str, code: int = 0) -> str:
    """What `pluto sync` prints."""
    done = subprocess.run([*PLUTO, "sync", *arguments], timeout=60, capture_output=True, text=True)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout

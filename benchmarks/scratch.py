"""A folder to measure in: a HOME of its own, so that nothing of the machine's settings or runs takes part."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

SOURCE = Path(__file__).resolve().parent.parent


def environment(folder: Path) -> dict[str, str]:
    """The environment of a measured process: this one's, less every setting of a tracker or job."""
    foreign = ("PLUTO_", "MLOP_", "WANDB_", "NEPTUNE_", "TRACKIO_", "SLURM_", "KUBERNETES_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign) and name != "CI"}
    return kept | {"HOME": str(folder), "PLUTO_DIR": str(folder / ".pluto"), "PYTHONPATH": str(SOURCE)}


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """An empty folder, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="pluto-bench-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def processes(folder: Path) -> list[psutil.Process]:
    """Everything that lives with `folder` as HOME: what is measured, and whatever it started, the uploader included."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("HOME") == str(folder):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def measured(module: str, *arguments: object, folder: Path, timeout: float = 900) -> Any:
    """What `python -m module arguments` printed last, as JSON. Raises RuntimeError with its output if it fails."""
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    if done.returncode:
        raise RuntimeError(
            f"{module} {arguments}: exit code {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        )
    return json.loads(done.stdout.strip().splitlines()[-1])

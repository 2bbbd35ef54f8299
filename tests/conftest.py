"""Every test lives in a home of its own, and what it leaves running is ended with it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pluto.core import live, process, shutdown
from pluto.core.shutdown import End
from tests.programs import Scripts, Server, of_home, serving

# What changes how Pluto behaves: settings of either name, and the marks of an owner that ends all processes of a job.
FOREIGN = ("PLUTO_", "MLOP_", "WANDB_", "SLURM_", "KUBERNETES_", "TORCHELASTIC_")
RANKS = ("CI", "RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "GROUP_RANK", "MASTER_ADDR", "MASTER_PORT")
KEPT = ("PLUTO_ORIGINALS", "PLUTO_LIVE_HOST", "PLUTO_LIVE_KEY")
OPT_IN = ("live", "originals")


def pytest_configure() -> None:
    """What is started in the background has Ctrl-C or a hang-up ignored, and every child would inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Twice the cores: most of a test's time goes by while it waits for processes it has started."""
    return 2 * (os.cpu_count() or 1)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out the tests that run only when their marker is named in `-m`."""
    asked = str(config.getoption("-m"))
    left_out = [item for item in items if any(item.get_closest_marker(name) and name not in asked for name in OPT_IN)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The test's own HOME; PLUTO_DIR is `.pluto` in it. No setting of the machine reaches the test."""
    folder = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if (name.startswith(FOREIGN) or name in RANKS) and name not in KEPT:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("PLUTO_DIR", str(folder / ".pluto"))
    yield folder
    for run in list(live.ops):  # one that a test has left open is not the next one's
        run.end(End("", None))
        shutdown.closed(run, None, arrived=True)
    process.stop_threads()
    if (folder / ".pluto").exists():
        left = of_home(folder)
        for running in left:
            try:
                running.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(left, 10)


@pytest.fixture
def root(home: Path) -> Path:
    """The root of everything Pluto keeps on disk in this test (`PLUTO_DIR`); made by Pluto, not yet there."""
    return home / ".pluto"


@pytest.fixture
def scripts(tmp_path: Path) -> Scripts:
    """Starts Python scripts as processes of their own."""
    return Scripts(tmp_path)


@pytest.fixture
def server(home: Path) -> Iterator[Server]:
    """A running `pluto server` on a loopback port, with a store of its own; no key asked."""
    with serving(home / "server") as running:
        yield running

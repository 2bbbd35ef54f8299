"""Importing Pluto is cheap and starts nothing."""

from __future__ import annotations

import pytest

from tests.programs import Scripts

HEAVY = [
    *("PIL", "anyio", "asyncio", "click", "httpx", "matplotlib", "numpy", "pandas", "psutil", "pynvml", "rich"),
    *("sqlalchemy", "starlette", "torch", "uvicorn", "pluto.server"),
]
LIGHT_RUN = [name for name in HEAVY if name not in ("asyncio", "psutil", "pynvml")]


@pytest.mark.parametrize("module", ["pluto", "mlop"])
def test_an_import_loads_nothing_heavy_and_starts_nothing(scripts: Scripts, module: str) -> None:
    done = scripts.run(
        f"""
        import os, sys, threading, warnings
        warnings.simplefilter("ignore")
        before = set(os.listdir("/proc/self/fd")) if os.path.isdir("/proc") else set()
        import {module}
        heavy = [name for name in {HEAVY!r} if name in sys.modules]
        assert not heavy, heavy
        assert threading.active_count() == 1, threading.enumerate()
        assert not before or set(os.listdir("/proc/self/fd")) == before
        children = "/proc/self/task/%d/children" % os.getpid()
        assert not os.path.exists(children) or not open(children).read()
        assert not os.path.exists(os.environ["PLUTO_DIR"])
        """
    )
    assert done.stdout == ""
    assert done.stderr == ""


def test_a_run_that_logs_numbers_loads_nothing_heavy(scripts: Scripts) -> None:
    scripts.run(
        f"""
        import sys, pluto
        run = pluto.init(project="light", settings={{"disable_system_metrics": True}})
        run.log({{"loss": 1.0}})
        heavy = [name for name in {LIGHT_RUN!r} if name in sys.modules]
        assert not heavy, heavy
        run.finish()
        """
    )


def test_every_public_name_can_be_had(scripts: Scripts) -> None:
    scripts.run(
        """
        import pluto
        for name in pluto.__all__:
            getattr(pluto, name)
        """
    )

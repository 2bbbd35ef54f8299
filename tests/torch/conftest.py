from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

import pluto
from pluto.core.op import Op

if importlib.util.find_spec("torch") is None:
    collect_ignore_glob = ["test_*.py"]


def pytest_report_header() -> str | None:
    found = importlib.util.find_spec("torch") is not None
    return None if found else "tests/torch: not run, torch is missing (pip install torch)"


@pytest.fixture
def op(root: Path) -> Iterator[Op]:
    run = pluto.init(
        project="watch", mode="offline", settings={"disable_console": True, "disable_system_metrics": True}
    )
    yield run
    run.finish()

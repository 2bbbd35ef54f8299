"""What tests of the migration share."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from click.testing import CliRunner, Result

from pluto.cli import pluto
from tests.fakes.stock import Stock, stock_server
from tests.programs import of_home

Run = Callable[..., Result]


@pytest.fixture
def command() -> Run:
    """Runs a `pluto` command in this process; its exit code has to be the one given (0)."""

    def run(*words: object, code: int = 0) -> Result:
        result = CliRunner().invoke(pluto, [str(word) for word in words], prog_name="pluto")
        assert result.exit_code == code, f"{result.stdout}\n{result.stderr}\n{result.exception!r}"
        return result

    return run


@pytest.fixture
def printed(command: Run) -> Callable[..., Any]:
    """The JSON that a `pluto` command prints."""
    return lambda *words, code=0: json.loads(command(*words, "--json", code=code).stdout)


@pytest.fixture(scope="module")
def running_stock() -> Iterator[Stock]:
    with stock_server() as running:
        yield running


@pytest.fixture
def stock(running_stock: Stock, monkeypatch: pytest.MonkeyPatch) -> Stock:
    """A stock server as on its first day, and the key for it."""
    running_stock.reset()
    monkeypatch.setenv("PLUTO_API_KEY", running_stock.key)
    return running_stock


@pytest.fixture(autouse=True)
def no_uploader_left(home: Path) -> Iterator[None]:
    """Ends the uploaders of the test; nobody has to wait until the system has cleared them away."""
    yield
    for process in of_home(home):
        with contextlib.suppress(psutil.Error):
            process.kill()

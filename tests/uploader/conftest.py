"""What tests of the uploader share."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.fakes.stock import Stock, stock_server
from tests.programs import of_home


@pytest.fixture(scope="module")
def running_stock() -> Iterator[Stock]:
    with stock_server() as running:
        yield running


@pytest.fixture
def stock(running_stock: Stock) -> Stock:
    """A stock server as on its first day."""
    running_stock.reset()
    return running_stock


@pytest.fixture(autouse=True)
def no_uploader_left(home: Path) -> Iterator[None]:
    """Ends the uploaders of the test; nobody has to wait until the system has cleared them away."""
    yield
    for process in of_home(home):
        with contextlib.suppress(psutil.Error):
            process.kill()

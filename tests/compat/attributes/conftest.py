"""The places a run can go to: the local store, Pluto's own server, a stock one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from pluto.compat.attributes import AttributeReader, AttributeWriter, RunAttributes, open_run
from pluto.core import shutdown
from tests.fakes.stock import Stock, stock_server
from tests.programs import of_home, serving

PROJECT = "team/digits"


@dataclass
class Place:
    """Where runs go in this test."""

    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    stock: Stock | None = None

    def open(self, project: str = PROJECT, **options: Any) -> AttributeWriter:
        """A writer of a new run, or of the one that `options` name."""
        flat = bool(options.get("flat"))
        options.setdefault("policy", shutdown.ShutdownPolicy(30, 30))
        return AttributeWriter(open_run(project, settings=self.settings, **options), flat=flat)

    def reader(self) -> AttributeReader:
        return AttributeReader(settings=self.settings)

    def read(self, writer: AttributeWriter, **options: Any) -> RunAttributes:
        """The run of a writer as it is in the store now."""
        with self.reader() as reader:
            found = reader.find(PROJECT, id=writer.op.id, **options)
        assert found is not None
        return found


@pytest.fixture(scope="module")
def running_stock() -> Iterator[Stock]:
    with stock_server() as running:
        yield running


@pytest.fixture(params=["local", "server", "stock"])
def place(request: pytest.FixtureRequest, home: Path) -> Iterator[Place]:
    """Each of the places."""
    yield from _place(request.param, request, home)


@pytest.fixture
def local(request: pytest.FixtureRequest, home: Path) -> Iterator[Place]:
    """The local store."""
    yield from _place("local", request, home)


@pytest.fixture
def stock(request: pytest.FixtureRequest, home: Path) -> Iterator[Place]:
    """A stock server."""
    yield from _place("stock", request, home)


def _place(name: str, request: pytest.FixtureRequest, home: Path) -> Iterator[Place]:
    if name == "local":
        yield Place("local")
    elif name == "server":
        with serving(home / "server") as server:
            yield Place("server", {"host": server.url})
    else:
        running: Stock = request.getfixturevalue("running_stock")
        running.reset()
        yield Place("stock", {"host": running.url, "api_key": running.key}, running)
    for process in of_home(home):
        with contextlib.suppress(psutil.Error):
            process.kill()

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pluto.core.transport import local_transport
from pluto.query import Client
from tests.query.seed import Seeder


@pytest.fixture
def seeder(root: Path) -> Iterator[Seeder]:
    """Writes into the local store of this test."""
    with httpx.Client(transport=local_transport(root / "store"), base_url="http://pluto.local") as http:
        yield Seeder(http)


@pytest.fixture
def client(seeder: Seeder) -> Iterator[Client]:
    """Reads the local store, nothing configured."""
    with Client() as found:
        yield found

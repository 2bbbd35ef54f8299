from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.compat.neptune_query import seed
from tests.programs import Scripts, of_home


@pytest.fixture(scope="session")
def native(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The root of a local store with the runs of `seed.NATIVE`, made by `pluto.init`. Not to be written to."""
    home = tmp_path_factory.mktemp("native")
    environment = {"HOME": str(home), "PLUTO_DIR": str(home / ".pluto")}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PLUTO_", "NEPTUNE_"))}
    Scripts(tmp_path_factory.mktemp("seed")).run(seed.NATIVE, env={**kept, **environment}, timeout=100)
    left = of_home(home)
    psutil.wait_procs(left, 30)
    yield home / ".pluto"


@pytest.fixture
def store(native: Path, root: Path) -> Path:
    """The local store of this test: a copy of the `native` one."""
    shutil.copytree(native / "store", root / "store")
    return root / "store"

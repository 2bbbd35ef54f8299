from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pluto.core.journal import Journal
from tests.media.captured import Pipeline


@pytest.fixture
def pipeline(tmp_path: Path) -> Iterator[Pipeline]:
    folder, out = tmp_path / "journal", tmp_path / "out"
    folder.mkdir()
    out.mkdir()
    journal = Journal(folder)
    yield Pipeline(journal, folder, out)
    journal.close()

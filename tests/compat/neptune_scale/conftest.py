"""What the client says, and a folder of its own for each test."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from pluto.compat.neptune_scale.util.logger import get_logger

NEPTUNE = (
    "NEPTUNE_PROJECT",
    "NEPTUNE_API_TOKEN",
    "NEPTUNE_MODE",
    "NEPTUNE_LOG_DIRECTORY",
    "NEPTUNE_LOG_FAILURE_ACTION",
)


class Said(logging.Handler):
    """The records of the logger `neptune`."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def warnings(self) -> list[str]:
        """What was said on level WARNING since the last time, and nothing above it."""
        assert not [record for record in self.records if record.levelno > logging.WARNING]
        found = [record.getMessage() for record in self.records if record.levelno == logging.WARNING]
        self.records.clear()
        return found

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(record.getMessage() for record in self.records)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, and no setting of the machine."""
    for name in NEPTUNE:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def said() -> Iterator[Said]:
    """What the client says in this test."""
    logger = get_logger()
    level = logger.level
    handler = Said()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler
    logger.setLevel(level)
    logger.removeHandler(handler)

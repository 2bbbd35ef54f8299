"""Plays a script of the logging client, and notes what each statement gives, raises and says.

Runs under the original client and under ours alike: nothing but the standard library and numpy is needed here.
"""

from __future__ import annotations

import dataclasses
import datetime
import importlib
import logging
import math
import os
import pathlib
import types
from typing import Any

import numpy as np

from tests.compat.playing import brief, played, read, shown, write

__all__ = ["SCRIPTS", "brief", "named", "play", "read", "shown", "write"]

SCRIPTS = pathlib.Path(__file__).parent / "scripts"


class _Said(logging.Handler):
    """Levels of what the logger `neptune` says."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.levels: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.levels.append(record.levelname)

    def taken(self) -> dict[str, list[str]]:
        said, self.levels = self.levels, []
        return {"says": said}


def play(name: str, module: str, mode: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """What the statements of a script did, and the names it has left. `mode` is what the script calls MODE."""
    client = importlib.import_module(module)
    names: dict[str, Any] = {
        **vars(importlib.import_module(f"{module}.types")),
        **vars(importlib.import_module(f"{module}.exceptions")),
        "Run": client.Run,
        "NeptuneLoggingHandler": client.NeptuneLoggingHandler,
        "MODE": mode,
        "QUIET": {"mode": mode, "enable_console_log_capture": False, "source_tracking_config": None},
        "dataclass": dataclasses.dataclass, "field": dataclasses.field, "datetime": datetime.datetime,
        "timezone": datetime.timezone, "timedelta": datetime.timedelta, "MappingProxyType": types.MappingProxyType,
        "Path": pathlib.Path, "np": np, "math": math, "os": os, "logging": logging,
    }  # fmt: skip
    logger = logging.getLogger("neptune")
    said = _Said()
    logger.addHandler(said)
    try:
        script = SCRIPTS / f"{name}.py"
        outcomes = played(script, names, gives=shown, raises=lambda error: type(error).__name__, besides=said.taken)
    finally:
        logger.removeHandler(said)
    return outcomes, names


def named(values: Any) -> Any:
    """Values by path, where that is what they are, with brief paths."""
    return {brief(path): value for path, value in values.items()} if isinstance(values, dict) else values

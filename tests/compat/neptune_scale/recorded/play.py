"""Plays a script statement by statement, and notes what each of them gives, raises and says.

Runs under the original client and under ours alike: nothing but the standard library and numpy is needed here.
"""

from __future__ import annotations

import ast
import dataclasses
import datetime
import hashlib
import importlib
import json
import logging
import math
import os
import pathlib
import types
from typing import Any

import numpy as np

LONGEST = 80
SCRIPTS = pathlib.Path(__file__).parent / "scripts"


class _Said(logging.Handler):
    """Levels of what the logger `neptune` says."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.levels: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.levels.append(record.levelname)


def play(name: str, module: str, mode: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """What the statements of a script did, and the names it has left. `mode` is what the script calls MODE."""
    text = (SCRIPTS / f"{name}.py").read_text()
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
    outcomes = []
    try:
        for node in ast.parse(text).body:
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                continue  # what the script is about
            outcome: dict[str, Any] = {"call": ast.unparse(node)}
            try:
                if isinstance(node, ast.Expr):
                    outcome["gives"] = shown(eval(compile(ast.Expression(node.value), name, "eval"), names))
                else:
                    exec(compile(ast.Module([node], []), name, "exec"), names)
            except Exception as error:
                outcome["raises"] = type(error).__name__
            outcome["says"] = said.levels
            said.levels = []
            outcomes.append(outcome)
    finally:
        logger.removeHandler(said)
    return outcomes, names


def shown(value: Any) -> Any:
    """A value as JSON can hold it."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [shown(item) for item in value]
    return type(value).__name__


def brief(text: str) -> str:
    """A text, or of a long one its length and hash."""
    if len(text) <= LONGEST:
        return text
    return f"{len(text)} characters, {hashlib.sha256(text.encode()).hexdigest()[:16]}"


def named(values: Any) -> Any:
    """Values by path, where that is what they are, with brief paths."""
    return {brief(path): value for path, value in values.items()} if isinstance(values, dict) else values


def read(path: pathlib.Path) -> Any:
    """A file of recorded answers."""
    return json.loads(path.read_text())

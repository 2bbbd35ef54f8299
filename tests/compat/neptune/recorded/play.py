"""Plays a script of the 1.x client, and notes what each statement gives, raises, warns of and prints.

Runs under the original client and under ours alike.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import datetime
import decimal
import importlib
import io
import logging
import math
import os
import pathlib
import re
import sys
import types
import warnings
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from tests.compat.playing import brief, played, read, write

__all__ = ["SCRIPTS", "described", "play", "read", "write"]

SCRIPTS = pathlib.Path(__file__).parent / "scripts"
_QUIET = {
    "project": "team/tests", "capture_stdout": False, "capture_stderr": False, "capture_hardware_metrics": False,
    "capture_traceback": False, "git_ref": False, "source_files": [],
}  # fmt: skip
_SAID = re.compile(r"\[neptune\] \[(\w+) *\] (.*)")
_STYLE = re.compile("\033\\[[0-9;]*m")
_UNIQUE = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b0x[0-9a-f]+\b|\bOFFLINE-\d+\b")


class _Heard:
    """What a statement warns of and prints, until it is taken."""

    def __init__(self) -> None:
        self.printed = io.StringIO()
        self.warned: list[warnings.WarningMessage] = []

    def taken(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        warned = [one for one in self.warned if one.category is not DeprecationWarning]  # of Python's, of the original
        if warned:
            found["warns"] = [[one.category.__name__, str(one.message)] for one in warned]
        says, prints = [], []
        for line in self.printed.getvalue().splitlines():
            said = _SAID.fullmatch(line)
            if said is None:
                prints.append(_STYLE.sub("", line))
            elif said[1] != "info":
                says.append([said[1], said[2]])
        if says:
            found["says"] = says
        if prints:
            found["prints"] = prints
        self.warned.clear()
        self.printed.seek(0)
        self.printed.truncate()
        return found


def play(name: str, module: str, mode: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """What the statements of a script did, and the names it has left. `mode` is what the script calls MODE.

    It is the program `program.py` of the current folder.
    """
    client = importlib.import_module(module)
    again = importlib.import_module(f"{module}.common.warnings").warned_once
    names: dict[str, Any] = {
        **vars(importlib.import_module(f"{module}.exceptions")),
        **vars(importlib.import_module(f"{module}.types")),
        "neptune": client, "types": importlib.import_module(f"{module}.types"),
        "stringify_unsupported": importlib.import_module(f"{module}.utils").stringify_unsupported,
        "MODE": mode, "QUIET": {**_QUIET, "mode": mode}, "load": lambda path: _load(module + path),
        "Namespace": argparse.Namespace, "datetime": datetime.datetime, "timezone": datetime.timezone,
        "timedelta": datetime.timedelta, "date": datetime.date, "Decimal": decimal.Decimal, "Path": pathlib.Path,
        "Image": Image, "np": np, "pd": pd, "math": math, "os": os, "io": io, "logging": logging,
    }  # fmt: skip
    heard = _Heard()
    again.clear()
    arguments, sys.argv = sys.argv, [str(pathlib.Path("program.py").resolve())]
    pathlib.Path("program.py").write_text("")
    try:
        with warnings.catch_warnings(record=True) as heard.warned, contextlib.redirect_stdout(heard.printed):
            warnings.simplefilter("always")
            outcomes = played(SCRIPTS / f"{name}.py", names, gives=described, raises=_error, besides=heard.taken)
            for value in names.values():
                if isinstance(value, client.Run):
                    value.stop()
    finally:
        sys.argv = arguments
        again.clear()
    return outcomes, names


def _load(module: str) -> types.ModuleType:
    """A module without what it warns of, which is said once a process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(module)


def words(text: str, call: str) -> list[str]:
    """What a message has to say: the parameters of the call that it is about, and what to use instead."""
    named = {node.arg for node in ast.walk(ast.parse(call)) if isinstance(node, ast.keyword) and node.arg}
    return sorted(word for word in {*named, "stringify_unsupported"} if re.search(rf"\b{word}\b", text))


def _error(error: Exception) -> dict[str, Any]:
    """The classes of an error, and its text."""
    return {"classes": [one.__name__ for one in type(error).__mro__[:-2]], "text": str(error)}


def described(value: Any) -> Any:
    """A value as JSON can hold it, with what tells its type."""
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value)
    if isinstance(value, str):
        return brief(repr(_UNIQUE.sub("…", value)))
    if isinstance(value, dict):
        return {str(key): described(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [described(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return {"set": sorted(described(item) for item in value)}
    if isinstance(value, pd.DataFrame):
        return {"columns": list(value.columns), "rows": value.to_numpy().tolist()}
    if isinstance(value, type):
        return value.__name__
    if type(value).__repr__ is object.__repr__:
        return type(value).__name__
    return brief(_UNIQUE.sub("…", repr(value)))

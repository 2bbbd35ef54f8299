"""Patterns of files, fitted as `glob` does it, in folders whose links may lead in circles."""

from __future__ import annotations

import fnmatch
import glob
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

_TIMES: Final = 16
"""So often a folder is entered by different links, for one part of a pattern."""

Note = Callable[[str, str], object]
"""Gets a place, and what was wrong there."""


def fitting(pattern: str, note: Note) -> list[str]:
    """The files and folders that an absolute pattern fits; `**` stands for any number of folders.

    Links are followed, but not in circles: `glob` would list some folders more often than a machine can count.
    """
    anchor = Path(pattern).anchor
    parts = [part for part in pattern[len(anchor) :].split("/") if part not in ("", ".")]
    found = [anchor]
    for part in parts:
        entered: Counter[str] = Counter()
        if part == "**":
            found = list(dict.fromkeys(path for folder in found for path in _below(folder, entered, note)))
        elif glob.has_magic(part):
            found = [path for folder in found for path in _in(folder, part, entered, note)]
        else:
            found = [path for folder in found if os.path.lexists(path := os.path.join(folder, part))]
    return found


def _in(folder: str, part: str, entered: Counter[str], note: Note) -> Iterator[str]:
    if not _enter(folder, entered, note):
        return
    for name in fnmatch.filter(_names(folder), part):
        if part.startswith(".") or not name.startswith("."):
            yield os.path.join(folder, name)


def _below(top: str, entered: Counter[str], note: Note) -> Iterator[str]:
    """The folder, if it is one, and all below it but for what is hidden."""
    waiting: list[tuple[str, frozenset[str]]] = [(top, frozenset())]
    while waiting:
        path, above = waiting.pop()
        if not os.path.isdir(path):
            if path != top:
                yield path
            continue
        real = os.path.realpath(path)
        if real in above or not _enter(path, entered, note):
            continue
        yield path
        inner = above | {real}
        waiting += [(os.path.join(path, name), inner) for name in reversed(_names(path)) if not name.startswith(".")]


def _enter(folder: str, entered: Counter[str], note: Note) -> bool:
    if not os.path.isdir(folder):
        return False
    real = os.path.realpath(folder)
    entered[real] += 1
    if entered[real] == _TIMES + 1:
        note(real, f"more than {_TIMES} links lead here: it is not looked through for each")
    return entered[real] <= _TIMES


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []

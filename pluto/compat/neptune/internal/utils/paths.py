"""Paths of fields: parts joined by `/`, empty parts dropped."""

from __future__ import annotations

import functools
from collections.abc import Iterable

__all__ = ["join_paths", "parse_path", "path_to_str"]


@functools.lru_cache(maxsize=16_384)
def parts(path: str) -> tuple[str, ...]:
    """The parts of a path. Remembered: a training loop names the same few paths all the time."""
    return tuple(filter(None, path.split("/")))


def parse_path(path: str) -> list[str]:
    """The parts of a path, which may be anything that has a text."""
    return list(parts(str(path)))


def path_to_str(path: Iterable[str]) -> str:
    """The path of some parts."""
    return "/".join(filter(None, path))


def join_paths(*paths: str) -> str:
    """One path of several, each of which may be anything that has a text; empty ones are left out."""
    return "/".join(filter(None, map(str, paths)))

"""Which files a file set takes in, and under which names."""

from __future__ import annotations

import os
from collections.abc import Iterable

from pluto.compat.neptune.internal.utils import get_absolute_paths, get_common_root

__all__ = ["matched"]


def matched(patterns: Iterable[str]) -> dict[str, str]:
    """The paths of the files that absolute patterns match, folders taken with all below, by their names in the set.

    A name is the path within the folder that all matches have in common.
    """
    paths = get_absolute_paths(patterns)
    root = get_common_root(paths) if paths else None
    found: dict[str, str] = {}
    for path in sorted(paths):
        files = (os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names)
        for file in files if os.path.isdir(path) else (path,):
            if os.path.isfile(file):
                name = os.path.relpath(file, root) if root is not None else file
                found[name.replace(os.sep, "/").lstrip("/")] = file
    return found

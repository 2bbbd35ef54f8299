"""Paths that a source names: none of them leads out of the folder it is meant for."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from pathlib import Path

from pluto_migration.source import SourceError

_WINDOWS_DRIVE = re.compile(r"[A-Za-z]:")


def inside(folder: Path, name: str) -> Path:
    """The path of a file named in an archive, below `folder`, links followed.

    Raises `SourceError` where it would lie elsewhere. Backslashes count as separators where they can be nothing else:
    where no file of the literal name is there.
    """
    literal = folder / name
    if "\\" in name and not os.path.lexists(literal):
        name = name.replace("\\", "/")
    if name.startswith("/") or _WINDOWS_DRIVE.match(name) or "\0" in name or ".." in name.split("/"):
        raise SourceError(f"the path {name!r} leads out of {folder}")
    found = folder / name
    real, root = os.path.realpath(found), os.path.realpath(folder)
    if real != root and not real.startswith(root.rstrip(os.sep) + os.sep):
        raise SourceError(f"the path {name!r} leads out of {folder} by a link")
    return found


def walk(
    top: str | os.PathLike[str], links: Container[str] = (), onerror: Callable[[OSError], object] | None = None
) -> Iterator[tuple[Path, list[str], list[str]]]:
    """As `os.walk`, from the top down and by name; links to folders are followed where they have one of these names."""
    waiting, seen = [os.fspath(top)], set[str]()
    while waiting:
        one = waiting.pop(0)
        if os.path.realpath(one) in seen:
            continue
        seen.add(os.path.realpath(one))
        for folder, folders, files in os.walk(one, onerror=onerror):
            folders.sort()
            below = [os.path.join(folder, name) for name in folders if name in links]
            waiting += [path for path in below if os.path.islink(path)]
            yield Path(folder), folders, sorted(files)


def located(recorded: str, path_map: Mapping[str, str], beside: Sequence[Path] = ()) -> Path | None:
    """The regular file that a recorded path means on this machine, None where there is none.

    Tried in this order: prefixes of `path_map`, the longest first; the path as it is; its last parts below each folder
    of `beside`, as many of them as fit.
    """
    plain = recorded.removeprefix("file://")
    for prefix in sorted(path_map, key=len, reverse=True):
        start = prefix.rstrip("/\\")
        if plain == prefix or plain.startswith((start + "/", start + "\\")):
            rest = plain[len(start) :].replace("\\", "/").lstrip("/")
            candidate = inside(Path(path_map[prefix]), rest) if rest else Path(path_map[prefix])
            if candidate.is_file():
                return candidate
    if os.path.isabs(plain) and os.path.isfile(plain):
        return Path(plain)
    parts = [part for part in re.split(r"[/\\]", plain) if part not in ("", ".", "..")]
    for folder in beside:
        for first in range(len(parts)):
            candidate = folder.joinpath(*parts[first:])
            if candidate.is_file():
                try:
                    return inside(folder, "/".join(parts[first:]))
                except SourceError:
                    continue
    return None

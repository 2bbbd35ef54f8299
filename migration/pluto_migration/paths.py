"""Paths that a source names: none of them leads out of the folder it is meant for."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

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


def mapped(recorded: str, path_map: Mapping[str, str]) -> Iterator[Path]:
    """What prefixes of `path_map` make of a recorded path or address, the longest first, be something there or not."""
    for prefix in sorted(path_map, key=len, reverse=True):
        start = prefix.rstrip("/\\")
        for spelled in dict.fromkeys((recorded, local_path(recorded), recorded.removeprefix("file://"))):
            if spelled == prefix:
                yield Path(path_map[prefix])
            elif spelled is not None and spelled.startswith((start + "/", start + "\\")):
                rest = spelled[len(start) :].replace("\\", "/").lstrip("/")
                with contextlib.suppress(SourceError):
                    yield inside(Path(path_map[prefix]), rest) if rest else Path(path_map[prefix])


def of_run(recorded: str, id: str, beside: Sequence[Path]) -> Iterator[Path]:
    """Where a recorded path of a run's files may lead: as it is, then below the folders of `beside`.

    Only from the run's id in it on: an archive must not name other people's files, and a name alone is no proof.
    """
    plain = local_path(recorded)
    parts = [part for part in re.split(r"[/\\]", plain or "") if part not in ("", ".")]
    if plain is None or id not in parts or ".." in parts:
        return
    if os.path.isabs(plain):
        yield Path(plain)
    for folder in beside:
        for first in range(parts.index(id) + 1):
            with contextlib.suppress(SourceError):
                yield inside(folder, "/".join(parts[first:]))


def local_path(address: str) -> str | None:
    """The path in the address of a file, or a path as it is; None for what lies elsewhere, as in a bucket."""
    if address.startswith("file:"):
        try:
            return unquote(urlsplit(address).path)
        except ValueError:
            return None
    scheme, colon, _ = address.partition(":")
    return None if colon and len(scheme) > 1 and "/" not in scheme else address


def located(recorded: str, path_map: Mapping[str, str], beside: Sequence[Path] = ()) -> Path | None:
    """The regular file that a recorded path means on this machine, None where there is none.

    Tried in this order: prefixes of `path_map`, the longest first; the path as it is; its last parts below each folder
    of `beside`, as many of them as fit.
    """
    plain = recorded.removeprefix("file://")
    for candidate in mapped(recorded, path_map):
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

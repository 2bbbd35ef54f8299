"""Unpacking the zip that a set of files was downloaded as."""

from __future__ import annotations

import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from pluto_migration.source import Problems, SourceError
from pluto_migration.sources.neptune_exporter.part import raise_if_full

_RATIO: Final = 200
_SMALL: Final = 1 << 30
"""A zip that says it unpacks to more than this, and to more than so many times its size, is not unpacked."""
_ENTRIES: Final = 1_000_000
_CHUNK: Final = 1 << 20
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError, ValueError)


def unpack(archive: Path, folder: Path, problems: Problems) -> Iterator[tuple[str, Path]]:
    """The files in a zip: their names in it, and where they are unpacked, one after the other, under made-up names.

    What can't be unpacked is noted. Raises `SourceError` for a zip that can't be opened, and for one that says that it
    unpacks to more than is plausible, or than the disk takes.
    """
    try:
        opened = zipfile.ZipFile(archive)
    except (*_BROKEN, KeyError, IndexError) as error:
        raise SourceError(f"the zip can't be read: {error}") from None
    with opened:
        entries = [entry for entry in opened.infolist() if not entry.is_dir()]
        _check(archive, entries, folder)
        folder.mkdir(parents=True, exist_ok=True)
        last = {entry.filename: at for at, entry in enumerate(entries)}
        for at, entry in enumerate(entries):
            where = f"{archive}, {entry.filename!r}"
            if last[entry.filename] != at:
                problems.note(where, "a later file of the zip has the same name: left out")
                continue
            try:
                name = _name(entry)
                target = folder / str(at)
                _extract(opened, entry, target)
            except SourceError as error:
                problems.note(where, str(error))
            except _BROKEN as error:
                raise_if_full(error)
                (folder / str(at)).unlink(missing_ok=True)
                problems.note(where, f"can't be unpacked: {error}")
            else:
                yield name, target


def _check(archive: Path, entries: list[zipfile.ZipInfo], folder: Path) -> None:
    packed = archive.stat().st_size
    whole = sum(entry.file_size for entry in entries)
    if len(entries) > _ENTRIES:
        raise SourceError(f"the zip has {len(entries):,} files")
    if sum(entry.compress_size for entry in entries) > packed:
        raise SourceError("the files in the zip overlap")
    if whole > max(_SMALL, _RATIO * packed):
        raise SourceError(f"the zip of {packed:,} bytes would unpack to {whole:,}")
    free = shutil.disk_usage(folder.parent).free
    if whole > free * 0.9:
        raise SourceError(f"the zip unpacks to {whole:,} bytes, and the disk of {folder} has {free:,}")


def _name(entry: zipfile.ZipInfo) -> str:
    name = entry.filename.replace("\\", "/")
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or (path.parts and ":" in path.parts[0][:2]):
        raise SourceError("its name leads out of the set: left out")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise SourceError("is a link, not a file: left out")
    return str(path)


def _extract(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    left = entry.file_size
    with opened.open(entry) as source, open(target, "xb") as out:
        while chunk := source.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                raise ValueError("it is longer than the zip says")
            out.write(chunk)
    if left:
        raise ValueError("it is shorter than the zip says")

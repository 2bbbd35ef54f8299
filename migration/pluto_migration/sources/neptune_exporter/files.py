"""Rows that name downloaded files: files, series and sets of them, and lists of what artifacts refer to."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from pluto.compat.attributes.kinds import TrackedFile
from pluto.core.media.content import AUDIO, IMAGE, VIDEO, extension_by_content
from pluto_migration.config import clean
from pluto_migration.model import File, MediaType
from pluto_migration.paths import inside
from pluto_migration.source import Problems, SourceError
from pluto_migration.sources.neptune_exporter.columns import field, steps, texts, times
from pluto_migration.sources.neptune_exporter.facts import Attributes
from pluto_migration.sources.neptune_exporter.rows import Rows
from pluto_migration.sources.neptune_exporter.series import stepped
from pluto_migration.sources.neptune_exporter.zips import unpack

KINDS: Final = ("file", "file_series", "file_set", "artifact")
_LIST_BYTES: Final = 256 << 20
"""A longer list of an artifact's files is not read."""
_MORE: Final = {".jpeg": "IMAGE", ".tif": "IMAGE", ".mpeg": "VIDEO"}
_HEAD: Final = 4096


class Files:
    """The files of one run. `attributes` are told what kinds their attributes are."""

    def __init__(self, root: Path, scratch: Path, attributes: Attributes, problems: Problems) -> None:
        self._root = root
        self._scratch = scratch
        self._attributes = attributes
        self._problems = problems
        self._zips = 0

    def take(self, kind: str, rows: Rows) -> Iterator[File]:
        """The files that the rows name."""
        recorded = texts(field(rows.column("file_value"), "path"))
        if kind == "file_series":
            known = np.asarray([name is not None for name in recorded], np.bool_)
            at = stepped(steps(rows.column("step")), known, rows.where, self._problems)
            moments, _ = times(rows.column("timestamp"))
            for path, name, step, moment in zip(rows.paths, recorded, at.tolist(), moments.tolist(), strict=True):
                if name is not None:
                    yield from self._one(path, name, "file_series", rows.where, step, moment)
            return
        for path, name in zip(rows.paths, recorded, strict=True):
            if name is None:
                continue  # an attribute that only other runs have
            if kind == "file":
                yield from self._one(path, name, "file", rows.where)
            elif kind == "file_set":
                yield from self._set(path, name, rows.where)
            else:
                yield from self._artifact(path, name, rows.where)

    def _one(self, path: str, recorded: str, kind: str, where: str, step: float = 0.0, time: int = 0) -> Iterator[File]:
        found = self._found(path, recorded, where)
        if found is not None:
            self._attributes.kinds[path] = kind
            type, name = _media(found)
            yield File(path, type, found, name, step, time)

    def _set(self, path: str, recorded: str, where: str) -> Iterator[File]:
        entries = self._entries(path, recorded, where)
        if entries is None:
            return
        self._attributes.kinds[path] = "file_set"
        if len(entries) == 1:
            name, archive = entries[0]
            self._zips += 1
            try:
                for entry, content in unpack(archive, self._scratch / f"set-{self._zips}", self._problems):
                    yield _of_set(path, entry, content)
                return
            except SourceError as error:
                self._problems.note(archive, f"{error}; it is kept as it is, as {name!r} of {path}")
        for entry, content in entries:
            yield _of_set(path, entry, content)

    def _entries(self, path: str, recorded: str, where: str) -> list[tuple[str, Path]] | None:
        """What was downloaded of a set: a folder with one zip in it, as a rule. None where there is nothing."""
        try:
            found = inside(self._root, recorded)
            if found.is_file():
                return [(found.name, found)]
            if not found.is_dir():
                self._problems.note(where, f"{path}: {recorded!r} is not below {self._root}")
                return None
        except (SourceError, OSError) as error:
            self._problems.note(where, f"{path}: {error}")
            return None
        there: list[tuple[str, Path]] = []
        for folder, folders, names in os.walk(found, onerror=self._problems.unreadable):
            folders.sort()
            links = [name for name in folders if Path(folder, name).is_symlink()]
            for name in sorted([*names, *links]):
                relative = Path(folder, name).relative_to(found).as_posix()
                entry = self._found(path, f"{recorded.rstrip('/')}/{relative}", where)
                if entry is not None:
                    there.append((relative, entry))
        return there

    def _artifact(self, path: str, recorded: str, where: str) -> Iterator[File]:
        found = self._found(path, recorded, where)
        if found is None:
            return
        try:
            files = list(_tracked(found))
        except (SourceError, OSError) as error:
            self._problems.note(found, f"{path}: {error}; the list is kept as a file")
            yield from self._one(path, recorded, "file", where)
            return
        from pluto.compat.neptune.internal.artifacts.tracking import artifact_hash

        sizes = [file.size for file in files]
        size = None if None in sizes else sum(size for size in sizes if size is not None)
        self._attributes.values[path] = {"hash": artifact_hash(files), "size": size}
        self._attributes.kinds[path] = "artifact"
        rows = [[file.path, file.hash, file.kind, dict(file.metadata), file.size] for file in files]
        yield File(path, "ARTIFACT", json.dumps(rows).encode(), "files.json")

    def _found(self, path: str, recorded: str, where: str) -> Path | None:
        try:
            found = inside(self._root, recorded)
            if found.is_file():
                return found
            what = "is no regular file" if os.path.lexists(found) else f"is not below {self._root}"
            self._problems.note(where, f"{path}: {recorded!r} {what}")
        except (SourceError, OSError) as error:
            self._problems.note(where, f"{path}: {error}")
        return None


def _media(path: Path) -> tuple[MediaType, str]:
    """What a file is, and the name it shall have: by its extension, else by how it begins."""
    extension, name = path.suffix.lower(), path.name
    if not extension:
        try:
            with open(path, "rb") as file:
                extension = extension_by_content(file.read(_HEAD))
        except OSError:
            extension = ""  # whoever reads all of it says what is wrong
        name += extension
    if extension in IMAGE or _MORE.get(extension) == "IMAGE":
        return "IMAGE", name
    if extension in AUDIO:
        return "AUDIO", name
    return ("VIDEO" if extension in VIDEO or _MORE.get(extension) == "VIDEO" else "FILE"), name


def _of_set(path: str, entry: str, content: Path) -> File:
    shown = clean(entry)
    return File(path, "ARTIFACT", content, shown.rpartition("/")[2], metadata={"artifact_path": shown})


def _tracked(path: Path) -> Iterator[TrackedFile]:
    if path.stat().st_size > _LIST_BYTES:
        raise SourceError(f"a list of files of {path.stat().st_size:,} bytes")
    try:
        rows = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise SourceError(f"the list of files can't be read: {error}") from None
    if not isinstance(rows, list):
        raise SourceError("the list of files is none")
    for row in rows:
        if not isinstance(row, dict) or not isinstance(row.get("filePath"), str):
            raise SourceError("the list of files has entries without a path")
        size = row.get("size")
        yield TrackedFile(
            row["filePath"], str(row.get("fileHash") or ""), str(row.get("type") or ""), _metadata(row.get("metadata")),
            size if isinstance(size, int) and 0 <= size < 1 << 63 else None,
        )  # fmt: skip


def _metadata(found: Any) -> tuple[tuple[str, str], ...]:
    """As the original writes them, a list of `key` and `value`; or a plain object."""
    if isinstance(found, dict):
        return tuple((str(key), str(value)) for key, value in sorted(found.items()))
    if isinstance(found, list):
        return tuple((str(one.get("key")), str(one.get("value"))) for one in found if isinstance(one, dict))
    return ()

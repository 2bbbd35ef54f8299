"""Files of an object: uploads, file sets by the patterns that were given, artifacts by what was tracked."""

from __future__ import annotations

import base64
import binascii
import glob
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pluto_migration.model import File
from pluto_migration.paths import inside, located
from pluto_migration.source import Problems, SourceError
from pluto_migration.sources.neptune1.folders import DATA_DIRECTORY, UPLOADS, data_directory
from pluto_migration.sources.neptune1.log import Operation
from pluto_migration.sources.neptune1.outline import Artifact, FileSet
from pluto_migration.sources.neptune1.patterns import fitting

_EXTENSION_CHARS: Final = 32
_S3: Final = "s3://"
_LOCAL: Final = "file://"


class Files:
    """Finds what an object refers to. `project`: the folder the training ran in, as far as that can be told."""

    def __init__(self, folder: Path, path_map: Mapping[str, str], problems: Problems) -> None:
        data = data_directory(folder)
        self.project = data.absolute().parent if data.name == DATA_DIRECTORY else None
        self.moved: dict[str, str] = {}
        """By the path that was recorded, where it was found, if elsewhere."""
        self._path_map = path_map
        self._problems = problems

    # one file

    def content(self, operation: Operation, note: Problems | None = None) -> Path | bytes | None:
        """What an `UploadFile` or `UploadFileContent` uploads; None, and a note, for what is not there."""
        problems = self._problems if note is None else note
        body, where = operation.body, f"{operation.execution.folder}, {operation.path}"
        text = body.get("file_content")
        if operation.type == "UploadFileContent":
            content = decoded(text)
            if content is None:
                problems.note(where, "a file whose content is no base64")
            return content
        temporary, recorded = body.get("tmp_file_name"), body.get("file_path")
        try:
            if isinstance(temporary, str) and temporary:
                found = inside(operation.execution.folder / UPLOADS, temporary)
                if found.is_file():
                    return found
                problems.note(where, f"its content is not in {UPLOADS} any more: {temporary}")
            elif isinstance(recorded, str) and recorded:
                there = located(recorded, self._path_map) or self._moved_file(recorded)
                if there is not None:
                    self._tell(recorded, there)
                    return there
                problems.note(where, f"the file is not there: {recorded} (--path-map tells where it is now)")
            else:
                problems.note(where, "a file without a name")
        except (SourceError, OSError, ValueError) as error:
            problems.note(where, str(error))
        return None

    def upload(self, operation: Operation, time: int) -> Iterator[File]:
        """The file of an operation, as a File has it."""
        content = self.content(operation)
        if content is None:
            return
        given = operation.body.get("ext")
        extension = given.lstrip(".")[:_EXTENSION_CHARS] if isinstance(given, str) else ""
        recorded = operation.body.get("file_path")
        if isinstance(content, Path) and isinstance(recorded, str):
            name = content.name
        else:
            name = operation.path.rsplit("/", 1)[-1] + (f".{extension}" if extension else "")
        metadata = {"extension": extension} if isinstance(given, str) else None
        yield File(operation.path, "FILE", content, name, time=time, metadata=metadata)

    # sets

    def file_set(self, path: str, files: FileSet, where: Path) -> dict[str, Path]:
        """The files of a set by their names in it."""
        found: dict[str, Path] = {}
        for adds, names in files.changes:
            if adds:
                matches = self._matched(names)
                for pattern in names:
                    if not matches.get(pattern):
                        self._problems.note(f"{where}, {path}", f"no file fits {pattern}")
                found.update(self._named([one for some in matches.values() for one in some]))
            else:
                gone = [name.rstrip("/") for name in names]
                for name in [one for one in found if any(one == each or one.startswith(f"{each}/") for each in gone)]:
                    del found[name]
        return found

    def patterns(self, given: object) -> list[Path]:
        """The files that patterns fit now."""
        texts = [one for one in given if isinstance(one, str)] if isinstance(given, list) else []
        return list(self._named([one for some in self._matched(texts).values() for one in some]).values())

    def _matched(self, patterns: Sequence[str]) -> dict[str, list[str]]:
        matches: dict[str, list[str]] = {}
        for pattern in patterns:
            for candidate in self._candidates(pattern):
                try:
                    some = [os.path.abspath(one) for one in fitting(candidate, self._problems.note)]
                except (OSError, ValueError):
                    continue
                if some:
                    matches[pattern] = some
                    break
        return matches

    def _named(self, paths: Sequence[str]) -> dict[str, Path]:
        """Files by their path within the folder that all matches have in common, or the training's own, if above it."""
        if not paths:
            return {}
        root = os.path.commonpath(paths)
        if os.path.isfile(root):
            root = os.path.dirname(root)
        if self.project is not None and root.startswith(str(self.project) + os.sep):
            root = str(self.project)
        found: dict[str, Path] = {}
        for path in sorted(set(paths)):
            below = os.walk(path, onerror=self._problems.unreadable)
            files = (os.path.join(folder, name) for folder, _, names in below for name in names)
            for file in files if os.path.isdir(path) else (path,):
                if os.path.isfile(file):
                    found[os.path.relpath(file, root).replace(os.sep, "/")] = Path(file)
        return found

    # artifacts

    def artifact(self, path: str, artifact: Artifact, where: Path) -> tuple[dict[str, Any], bytes | None] | None:
        """What the config has of an artifact, and the list of its files; None where nothing of it is known."""
        from pluto.compat.neptune.exceptions import NeptuneException
        from pluto.compat.neptune.internal.artifacts.tracking import merged, track

        known = None
        for place, destination in artifact.entries:
            found = self.tracked(place)
            try:
                if found is not None:
                    known = merged(known, track(str(found), destination, path))
                    self._tell(place.removeprefix(_LOCAL), found)
                    continue
                reason = "is not there, so that what it held is not known"
            except (NeptuneException, OSError, ValueError) as error:
                reason = " ".join(str(error).split()) or type(error).__name__
            self._problems.note(f"{where}, {path}", f"the artifact refers to {place}: {reason}")
        if known is None:
            return None if artifact.hash is None else ({"hash": artifact.hash, "size": None}, None)
        rows = [[file.path, file.hash, file.kind, dict(file.metadata), file.size] for file in known.files]
        return {"hash": known.hash, "size": known.size}, json.dumps(rows).encode()

    def tracked(self, place: str) -> Path | None:
        """The file or folder that an artifact refers to; None for what is not there, or no place of this machine."""
        if place.startswith(_S3):
            return None
        candidates = self._candidates(place.removeprefix(_LOCAL), plain=True)
        return next((Path(one) for one in candidates if os.path.exists(one)), None)

    # places

    def _candidates(self, recorded: str, *, plain: bool = False) -> Iterator[str]:
        """Where a recorded path, or pattern, may lie now; `plain`: it is no pattern."""
        escape = str if plain else glob.escape
        parts = recorded.replace("\\", "/").split("/")
        for prefix in sorted(self._path_map, key=len, reverse=True):
            start = prefix.rstrip("/\\")
            if (recorded == prefix or recorded.startswith((start + "/", start + "\\"))) and ".." not in parts:
                rest = recorded[len(start) :].replace("\\", "/")
                yield escape(os.path.abspath(self._path_map[prefix])) + rest
        if os.path.isabs(recorded):
            yield recorded
        if self.project is None or ".." in parts:
            return
        below = [part for part in parts if part not in ("", ".")]
        project = escape(str(self.project))
        if not recorded.startswith(("/", "\\")):
            yield os.path.join(project, *below)
        # The project's folder has been moved: what follows its name, or a folder that is in it.
        for first, part in enumerate(below):
            if part == self.project.name:
                yield os.path.join(project, *below[first + 1 :])
        for first in range(1, len(below) - 1):
            if plain or not glob.has_magic(below[first]):
                yield os.path.join(project, *below[first:])

    def _moved_file(self, recorded: str) -> Path | None:
        """A file of a project whose folder was moved. Its name alone would find another one as well."""
        return next((Path(one) for one in self._candidates(recorded, plain=True) if os.path.isfile(one)), None)

    def _tell(self, recorded: str, found: Path) -> None:
        if os.path.isabs(recorded) and str(found) != recorded:
            self.moved[recorded] = str(found)


def decoded(text: Any) -> bytes | None:
    """The bytes of base64; None for what is none."""
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else None
    except (binascii.Error, ValueError):
        return None

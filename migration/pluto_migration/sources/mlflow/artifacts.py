"""A run's files: images of a series, tables, and all others under their paths."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import stat
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pluto.core.jsonable import plain
from pluto_migration.model import Data, Entry, File, Item, MediaType
from pluto_migration.paths import inside, local_path, mapped, of_run
from pluto_migration.source import Problems, SourceError

_IMAGE: Final = re.compile(
    r"images/(?P<key>.+)(?P<mark>[+%])step(?P=mark)(?P<step>-?\d{1,18})(?P=mark)timestamp(?P=mark)(?P<time>\d{1,15})"
    r"(?P=mark)[0-9a-fA-F-]+(?P<small>(?P=mark)compressed)?\.[A-Za-z0-9]+"
)
_SLASH: Final = {"+": "~", "%": "#"}
"""What stands for a slash in the key of an image, by what stands between the parts of its name."""
_SMALL: Final = "/compressed"
"""Added to the name of the series for what MLflow made of its images to show them faster."""
_TYPES: Final[Mapping[str, MediaType]] = {
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".svg"), "IMAGE"),
    **dict.fromkeys((".wav", ".mp3", ".ogg", ".flac"), "AUDIO"),
    **dict.fromkeys((".mp4", ".webm", ".avi", ".mov", ".mkv"), "VIDEO"),
}
_TABLE_BYTES: Final = 16 << 20
"""A table beyond this comes as the file it is, and is not drawn."""
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Artifacts:
    """The folder with a run's files; None where there is none on this machine."""

    folder: Path | None
    recorded: str = ""
    """Its address; empty where there are no files for certain."""

    @classmethod
    def located(
        cls, recorded: str, id: str, path_map: Mapping[str, str], beside: Sequence[Path], own: Path | None = None
    ) -> Artifacts:
        """The folder that a recorded address means: by `path_map`, the run's own, as it is, or below one of `beside`.

        As it is, only where it has the run's id in it, as MLflow's have: an archive must not name other people's files.
        """
        for found in mapped(recorded, path_map):
            if found.is_dir():
                return cls(found, recorded)
        if own is not None and not own.is_symlink() and own.is_dir() and any(own.iterdir()):
            return cls(own, recorded)
        for found in of_run(recorded, id, beside):
            if found.is_dir():
                return cls(found, recorded)
        return cls(None, "" if _never_made(local_path(recorded), id) else recorded)

    def files(self, problems: Problems | None = None) -> Iterator[tuple[str, Path]]:
        """Each file with its path, slashes between, in a settled order. Links that lead out are noted, not followed."""
        if self.folder is None:
            return
        for here, folders, names in os.walk(self.folder, onerror=None if problems is None else problems.unreadable):
            folders.sort()
            for name in folders:
                if os.path.islink(os.path.join(here, name)) and problems is not None:
                    problems.note(os.path.join(here, name), "a link to a folder is not followed")
            for name in sorted(names):
                path = Path(here, name)
                relative = path.relative_to(self.folder).as_posix()
                try:
                    inside(self.folder, relative)
                    if stat.S_ISREG(path.stat().st_mode):
                        yield relative, path
                        continue
                    what = "is no file"
                except (SourceError, OSError) as error:
                    what = str(error)
                if problems is not None:
                    problems.note(path, what)

    def items(self, taken: Collection[str], tags: Mapping[str, str], problems: Problems) -> Iterator[Item]:
        """All of them; a name that a metric has is not used again. `tags` tell which ones are tables."""
        if self.folder is None:
            if self.recorded:
                problems.note(self.recorded, "files that lie there are not here; --path-map tells where they are")
            return
        tables = _tables(tags)
        counts: dict[tuple[str, int], int] = {}
        for relative, path in self.files(problems):
            image = _IMAGE.fullmatch(relative)
            if image is not None:
                name = "images/" + image["key"].replace(_SLASH[image["mark"]], "/") + (_SMALL if image["small"] else "")
                if name not in taken:
                    place = (name, int(image["step"]))
                    index = counts[place] = counts.get(place, -1) + 1
                    yield File(
                        name=name,
                        type="IMAGE",
                        content=path,
                        file_name=path.name,
                        step=float(place[1]),
                        time=int(image["time"]) * 1000,
                        index=index,
                        metadata={"artifact": relative},
                    )
                    continue
            if relative in tables:
                yield from _table(relative, path, taken, problems)
            name = relative if relative not in taken else f"artifacts/{relative}"
            kind = _TYPES.get(path.suffix.lower(), "FILE")
            yield File(name=name, type=kind, content=path, file_name=path.name)

    def entries(self, problems: Problems) -> list[Entry]:
        """All of them as entries of a version of an artifact."""
        found = []
        if self.folder is None and self.recorded:
            problems.note(self.recorded, "files of a model there are not here; --path-map tells where they are")
        for relative, path in self.files(problems):
            try:
                found.append(Entry(relative, _md5(path), path, path.stat().st_size))
            except OSError as error:
                problems.note(path, f"it can't be read: {error.strerror}")
        return found


def _table(relative: str, path: Path, taken: Collection[str], problems: Problems) -> Iterator[Item]:
    name = relative.removesuffix(".json")
    if name in taken or name == relative:
        return
    try:
        if path.stat().st_size > _TABLE_BYTES:
            problems.note(path, f"a table of more than {_TABLE_BYTES >> 20} MB is a file alone")
            return
        found = json.loads(path.read_bytes())
        columns, rows = found["columns"], found["data"]
        table = plain([list(row) for row in rows])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        problems.note(path, f"it is no table that can be read, and comes as a file alone: {error}")
        return
    yield Data(name, "TABLE", 0.0, 0, {"table": table, "col": [{"name": str(column)} for column in columns]})


def _tables(tags: Mapping[str, str]) -> set[str]:
    try:
        logged = json.loads(tags.get("mlflow.loggedArtifacts") or "[]")
        return {str(one["path"]) for one in logged if one.get("type") == "table"}
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return set()


def _never_made(path: str | None, id: str) -> bool:
    """Whether files that would lie at a path are none for certain.

    MLflow makes the folder with the first file in it, and the experiment's with the first run that has one.
    """
    if path is None or not os.path.isabs(path):
        return False
    place, found, _ = path.rpartition(f"/{id}/")
    above = os.path.dirname(place)
    return bool(found) and (os.path.isdir(place) or (len(above) > 1 and os.path.isdir(above)))


def _md5(path: Path) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return base64.b64encode(digest.digest()).decode()

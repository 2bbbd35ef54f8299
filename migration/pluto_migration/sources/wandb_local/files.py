"""The folder of a run: its files by their path there, and which of them nobody has handed over yet."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pluto_migration import paths
from pluto_migration.model import File
from pluto_migration.source import Problems, SourceError

FOLLOW: Final = "follow"
"""Value of the setting `links` with which links may lead anywhere."""


class Folder:
    """`files/` of a run's directory.

    A file that is a link (as `wandb.save` makes them) is read where it leads to, below the folder in which the folder
    `wandb` lies; not in hidden folders, and elsewhere only if the user says so: an archive from somebody else could
    have links to anything.
    """

    def __init__(self, directory: Path, links: str, problems: Problems) -> None:
        self.path = directory / "files"
        self._directory = directory
        self._anywhere = links == FOLLOW
        above = directory.parent
        self._allowed = os.path.realpath(above.parent if above.name in ("wandb", ".wandb") else above)
        self._problems = problems
        self._given: set[int] = set()
        self._code = directory / "tmp" / "code"
        self._readable = {folder for folder in (self.path, self._code) if self._is_own(folder)}

    def find(self, relative: str) -> Path | None:
        """A file by its path; None where it is not there, or is none that may be read, which is noted.

        It counts as handed over.
        """
        found = self.look(relative)
        if found is not None:
            self._given.add(hash(os.path.normpath(relative)))
        return found

    def look(self, relative: str) -> Path | None:
        """As `find`, of a file that is still to be handed over."""
        return self._found(self.path, relative) if self.path in self._readable else None

    def rest(self, time: int) -> Iterator[File]:
        """The files that were not handed over, under their path; `time` is theirs."""
        for relative in _walk(self.path, self._problems) if self.path in self._readable else ():
            if hash(relative) not in self._given and (found := self._found(self.path, relative)) is not None:
                yield kept(relative, found, time)
        for relative in _walk(self._code, self._problems) if self._code in self._readable else ():
            name = f"code/{relative}"
            if not os.path.lexists(self.path / name) and (found := self._found(self._code, relative)) is not None:
                yield kept(name, found, time)

    def _is_own(self, folder: Path) -> bool:
        """Whether a folder is the run's own, or a link that may be followed."""
        if not folder.is_dir():
            return False
        if own(self._directory, folder) or self._may(os.path.realpath(folder)):
            return True
        self._problems.note(folder, f"leads to {os.path.realpath(folder)}; with --set links={FOLLOW} it is read there")
        return False

    def _may(self, real: str) -> bool:
        """Whether what lies there may be read, although a link leads to it."""
        below = real.startswith(self._allowed.rstrip(os.sep) + os.sep)
        hidden = any(part.startswith(".") for part in os.path.relpath(real, self._allowed).split(os.sep))
        return self._anywhere or (below and not hidden)

    def _found(self, folder: Path, relative: str) -> Path | None:
        try:
            found = paths.inside(folder, relative)
        except SourceError as error:
            return self._linked(folder, relative, str(error))
        except (OSError, ValueError):
            return None
        try:
            return found if found.is_file() else None
        except OSError:
            return None

    def _linked(self, folder: Path, relative: str, otherwise: str) -> Path | None:
        """The file that a link in the folder leads to, where that is allowed; else `otherwise` is noted."""
        above, _, name = relative.rpartition("/")
        try:
            link = (paths.inside(folder, above) if above else folder) / name
        except SourceError:
            link = folder
        if name in ("", ".", "..") or "\0" in name or link == folder or not link.is_symlink():
            self._problems.note(self._directory, otherwise)
            return None
        real = os.path.realpath(link)
        if not os.path.isfile(real):
            return None
        if self._may(real):
            return Path(real)
        self._problems.note(link, f"leads to {real}; with --set links={FOLLOW} it is read there")
        return None


def own(directory: Path, folder: Path) -> bool:
    """Whether a folder lies in the directory itself, and not behind a link."""
    return os.path.realpath(folder).startswith(os.path.realpath(directory).rstrip(os.sep) + os.sep)


def kept(relative: str, content: Path | bytes, time: int) -> File:
    """A file as the door keeps it that belongs to no value."""
    from pluto.core.media.names import safe_name

    shown = os.fsencode(relative).decode("utf-8", "backslashreplace")
    return File(
        name=shown,
        type="FILE",
        content=content,
        file_name=safe_name(shown.rsplit("/", 1)[-1]),
        time=time,
        metadata={"path": shown},
    )


def _walk(folder: Path, problems: Problems) -> Iterator[str]:
    """The paths of all files below a folder, in order; folders that are links are passed by."""

    def failed(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            problems.note(error.filename or folder, f"can't be read: {error.strerror}")

    for place, folders, names in os.walk(folder, onerror=failed):
        for name in sorted(folders):
            if os.path.islink(os.path.join(place, name)):
                problems.note(os.path.join(place, name), "is a link to a folder, which is not followed")
        folders.sort()
        for name in sorted(names):
            yield os.path.relpath(os.path.join(place, name), folder)

"""Files of a run: by the name they were to have, from where they lie."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pluto_migration.model import File, MediaType
from pluto_migration.paths import inside, located
from pluto_migration.source import Problems, SourceError
from pluto_migration.sources.neptune_scale.database import DATA_DIRECTORY, Database, Request
from pluto_migration.sources.neptune_scale.messages import FileRef

_MEDIA: Mapping[str, MediaType] = {"image": "IMAGE", "audio": "AUDIO", "video": "VIDEO"}


class Files:
    """Finds what one database refers to."""

    def __init__(self, database: Database, path_map: Mapping[str, str], problems: Problems) -> None:
        self._requests = database.requests()
        self._path = database.path
        self._path_map = path_map
        self._problems = problems
        folder = database.path.absolute().parent
        self._beside = [folder]
        self._beside += [above.parent for above in (folder, folder.parent) if above.name == DATA_DIRECTORY]

    def found(self, request: Request) -> Path | None:
        """Where the bytes lie now; elsewhere than told, only what has the size that was written down.

        Raises `SourceError` for a path that leads out of where it is mapped to, or of the database's folder by a link.
        """
        if request.temporary:
            here = inside(self._path.parent, request.source.replace("\\", "/").rsplit("/", 1)[-1])
            if here.is_file():
                return here
        there = located(request.source, self._path_map)
        if there is None:
            moved = located(request.source, {}, self._beside)
            there = moved if moved is not None and moved.stat().st_size == request.size else None
        return there

    def all(self) -> list[Path]:
        """All files that are there."""
        found = []
        for request in self._requests.values():
            try:
                path = self.found(request)
            except (SourceError, OSError, ValueError):
                continue
            if path is not None:
                found.append(path)
        return found

    def file(self, path: str, ref: FileRef, time: int, step: float | None) -> File | None:
        """The file of an attribute, without a `step`, or one of a series; None, and a note, where it is not there."""
        where = f"{self._path}, {path}"
        request = self._requests.get(ref.path)
        if request is None:
            self._problems.note(where, f"the content of {ref.path!r} was uploaded to Neptune, and is not here")
            return None
        try:
            content = self.found(request)
            size = None if content is None else content.stat().st_size
        except (SourceError, OSError, ValueError) as error:
            self._problems.note(where, str(error))
            return None
        if content is None:
            self._problems.note(where, f"the file is not there: {request.source} (--path-map tells where it is now)")
            return None
        if ref.size is not None and size != ref.size:
            self._problems.note(where, f"{content} has {size} bytes now, and had {ref.size} when it was logged")
        mime = ref.mime or request.mime
        chosen, own = ref.path.rsplit("/", 1)[-1], request.source.replace("\\", "/").rsplit("/", 1)[-1]
        metadata: dict[str, Any] = {"mime_type": mime} if mime else {}
        if chosen != own:
            metadata["destination"] = ref.path
            name = chosen
        else:
            name = f"content{mimetypes.guess_extension(mime) or content.suffix}" if request.temporary else own
        media: MediaType = "FILE" if step is None else _MEDIA.get(mime.partition("/")[0], "FILE")
        return File(path, media, content, name, step=step or 0.0, time=time, metadata=metadata or None)

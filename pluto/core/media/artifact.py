"""Files worth keeping: models, data sets, whole folders."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pluto.core.media.base import File, no_more
from pluto.core.media.content import content_of, existing_file
from pluto.core.media.draft import Blobs, MediaDraft, place
from pluto.core.media.names import extension_of, unique_name


class Artifact(File):
    """A file, a folder with all that is in it, or several files, with metadata.

    `data` is a path of a file or folder, bytes, or an open binary file; or nothing, with `add_file` to follow.
    `metadata` is a mapping. Files and folders are read when the artifact is logged. Each file of a folder, and each
    that was added, has its relative path in its metadata as `artifact_path`.

    Raises `FileNotFoundError` when there is no such file or folder; when logged, `ValueError` if there is nothing in
    it.
    """

    tag = "Artifact"

    def __init__(
        self, data: Any = None, caption: str | None = None, metadata: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        no_more(kwargs, self.tag)
        self._folder: Path | None = None
        self._added: dict[str, Path] = {}
        if isinstance(data, (str, os.PathLike)) and Path(data).expanduser().is_dir():
            self._folder, data = Path(data).expanduser().absolute(), None
        content = None if data is None else content_of(data, "Artifact data")
        if data is not None and content is None:
            raise TypeError(f"Artifact data: a path, bytes or an open file is needed, not {type(data).__name__}")
        self._hold(b"" if content is None else content, caption=caption, metadata=metadata)
        self._content = content

    def add_file(self, path: str | os.PathLike[str], name: str | None = None) -> None:
        """Adds a file, under the relative path `name` or else its own name, in place of what was added under it."""
        file = existing_file(path, "Artifact add_file path")
        entry = os.path.normpath(name or file.name).replace(os.sep, "/")
        if entry.startswith(("/", "../")) or entry in (".", ".."):
            raise ValueError(f"Artifact add_file name: a path inside the artifact is needed, not {name!r}")
        self._added[entry] = file

    def capture(self, blobs: Blobs) -> list[MediaDraft]:
        """The artifact as one media record a file."""
        drafts = [] if self._content is None else super().capture(blobs)
        for entry, path in sorted(self._entries().items()):
            blob, inline, parameters = place(path, blobs)
            extension = extension_of(entry)
            label = entry[: len(entry) - len(extension)]
            drafts.append(
                MediaDraft(
                    type="ARTIFACT",
                    form="file",
                    file_name=unique_name(label, extension),
                    blob=blob,
                    inline=inline,
                    parameters=parameters,
                    caption=self._caption,
                    metadata={**(self._metadata or {}), "artifact_path": entry},
                )
            )
        if not drafts:
            empty = f"the folder {str(self._folder)!r} has no files" if self._folder else "give data, or call add_file"
            raise ValueError(f"Artifact: there is nothing in it; {empty}")
        return drafts

    def _entries(self) -> dict[str, Path]:
        entries: dict[str, Path] = {}
        if self._folder is not None:
            for folder, _, names in os.walk(self._folder):
                for name in names:
                    path = Path(folder, name)
                    if path.is_file():
                        entries[path.relative_to(self._folder).as_posix()] = path
        return {**entries, **self._added}

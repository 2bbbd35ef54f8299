"""Files as users log them, and what all media have in common."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pluto.core.data.plain import plain
from pluto.core.media.content import content_of
from pluto.core.media.draft import Blobs, MediaDraft, place
from pluto.core.media.names import extension_of, safe_name, unique_name


class File:
    """A file, as it is.

    `path` is a path, bytes, or an open binary file. A file on disk is read when it is logged, bytes are taken now.
    `name` is the name the file gets, to which the extension of `path` is added if it has none; without, the name is
    made of that of the file and a random part, so that no two are alike. `caption=` and `metadata=` (a mapping) go
    with it.

    Raises `FileNotFoundError` when there is no such file, `ValueError` for what is not a regular file, `TypeError` for
    other values and unknown arguments.
    """

    tag = "File"
    _form = "file"

    def __init__(self, path: str | os.PathLike[str] | bytes | Any, name: str | None = None, **kwargs: Any) -> None:
        caption, metadata = kwargs.pop("caption", None), kwargs.pop("metadata", None)
        no_more(kwargs, self.tag)
        content = content_of(path, f"{self.tag} path")
        if content is None:
            raise TypeError(f"File path: a path, bytes or an open file is needed, not {type(path).__name__}")
        self._hold(content, caption=caption, metadata=metadata)
        if name is not None:
            extension = extension_of(content.name) if isinstance(content, Path) else ""
            same = not extension or str(name).lower().endswith(extension)
            self._file_name = safe_name(str(name) if same else f"{name}{extension}")

    def _hold(
        self,
        content: bytes | Path,
        *,
        extension: str = "",
        caption: object = None,
        form: str = "file",
        parameters: Mapping[str, Any] | None = None,
        annotations: dict[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """Takes the content. A path gives its own extension."""
        if metadata is not None and not isinstance(metadata, Mapping):
            raise TypeError(f"{self.tag} metadata: a mapping is needed, not {type(metadata).__name__}")
        self._content: bytes | Path | None = content
        self._form = form
        self._parameters = dict(parameters or {})
        self._caption = None if caption is None else str(caption)
        self._annotations = annotations
        self._metadata: dict[str, Any] | None = plain(metadata, f"{self.tag} metadata") if metadata else None
        label = self._caption
        if isinstance(content, Path):
            label, extension = label or content.stem, extension_of(content.name)
        self._file_name = unique_name(label, extension)

    def capture(self, blobs: Blobs) -> list[MediaDraft]:
        """The value as media records that lack their place in the run; big content is put into `blobs`.

        Nothing is encoded. May be called again: the content is the same, but a file is read anew.
        """
        assert self._content is not None
        blob, inline, more = place(self._content, blobs)
        return [
            MediaDraft(
                type=self.tag.upper(),
                form=self._form,
                file_name=self._file_name,
                blob=blob,
                inline=inline,
                parameters={**self._parameters, **more},
                caption=self._caption,
                annotations=self._annotations,
                metadata=self._metadata,
            )
        ]

    def load(self, dir: str | os.PathLike[str] | None = None) -> Path:
        """The value as a file on this machine: encoded as the uploader would, and written into the folder `dir`.

        Gives the path of the file; masks and further files of an artifact lie beside it. Without `dir`, a value that
        was made from a path gives that path, and any other raises `ValueError`.
        """
        if dir is None:
            if isinstance(self._content, Path):
                return self._content
            raise ValueError(f"{self.tag}.load: this value is not on disk yet; give a folder to write it to")
        from pluto.core.media.render import render

        folder = Path(dir)
        folder.mkdir(parents=True, exist_ok=True)
        paths: list[Path] = []
        with tempfile.TemporaryDirectory(dir=folder, prefix=".pluto-") as scratch:
            blobs = _Scratch(Path(scratch))
            for draft in self.capture(blobs):
                blob = Path(scratch, draft.blob) if draft.blob else None
                files = render(draft.record(0, 0, self.tag, 0), blob, Path(scratch))
                paths += [Path(shutil.move(file.path, folder / file.file_name)) for file in files]
        return paths[0]


@dataclass(frozen=True, slots=True)
class _Copy:
    name: str
    size: int
    mtime_ns: int
    linked: bool = False


@dataclass(frozen=True, slots=True)
class _Scratch:
    """A folder that takes content as a journal's blob folder does."""

    folder: Path

    def put_bytes(self, data: bytes | memoryview, *, suffix: str = "") -> str:
        name = unique_name(None, suffix)
        (self.folder / name).write_bytes(data)
        return name

    def put_path(self, path: Path) -> _Copy:
        name = unique_name(None, "")
        shutil.copyfile(path, self.folder / name)
        status = path.stat()
        return _Copy(name, status.st_size, status.st_mtime_ns)


def no_more(kwargs: Mapping[str, Any], what: str) -> None:
    """Raises `TypeError` if arguments are left that nobody knows."""
    if kwargs:
        raise TypeError(f"{what}: unknown argument {min(kwargs)!r}")

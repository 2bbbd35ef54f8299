"""Values that are files: they lie in the run's folder, and go to the store as what they are."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.sdk.data_types._private import MEDIA_TMP
from pluto.compat.wandb.sdk.data_types.base_types import native
from pluto.compat.wandb.sdk.data_types.base_types.wb_value import WBValue, is_artifact, is_run
from pluto.compat.wandb.sdk.lib.paths import LogicalPath
from pluto.compat.wandb.sdk.lib.runid import generate_id

_PIECE = 1 << 20
_PLAIN = frozenset({int, float, str, bool, type(None)})
_REFERENCE = re.compile(r"(gs|s3|https?)://")


class Media(WBValue):
    """A value whose content is a file.

    It belongs to the run it is first logged to: there its file is moved, or copied where it is the user's own.
    """

    _native: ClassVar[str] = "FILE"
    """What the file is to other readers of the store."""
    _path: str | None
    _run: Any
    _caption: str | None
    _is_tmp: bool
    _extension: str | None
    _sha256: str | None
    _size: int | None

    def __init__(self, caption: str | None = None) -> None:
        super().__init__()
        self._path = self._run = self._extension = self._sha256 = self._size = None
        self._is_tmp = False
        self._caption = caption

    def _set_file(self, path: str | os.PathLike[str], is_tmp: bool = False, extension: str | None = None) -> None:
        """Takes this file for its content; a temporary one is moved where it belongs, and not copied.

        `extension` where it is more than the last part. Raises `OSError` for a file that can't be read.
        """
        path = os.fspath(path)
        assert extension is None or path.endswith(extension), f"{path!r} does not end in {extension!r}"
        digest, size = hashlib.sha256(), 0
        with open(path, "rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
                size += len(piece)
        self._path, self._is_tmp, self._extension = path, is_tmp, extension
        self._sha256, self._size = digest.hexdigest(), size

    def _set_content(self, content: str | bytes, extension: str) -> None:
        """Takes this for its content."""
        path = staged(extension)
        with open(path, "wb") as file:
            file.write(content.encode("utf-8") if isinstance(content, str) else content)
        self._set_file(path, is_tmp=True, extension=extension)

    @classmethod
    def get_media_subdir(cls) -> str:
        """The folder, in a run's folder of files, where its files lie."""
        raise NotImplementedError(f"{cls.__name__}.get_media_subdir")

    @staticmethod
    def captions(media_items: Sequence[Media]) -> bool | Sequence[str | None]:
        """The captions of several, or False where the first has none."""
        return [item._caption for item in media_items] if media_items[0]._caption is not None else False

    def is_bound(self) -> bool:
        """Whether it was logged to a run."""
        return self._run is not None

    def file_is_set(self) -> bool:
        """Whether it has a file."""
        return self._path is not None and self._sha256 is not None

    def bind_to_run(
        self,
        run: Any,
        key: int | str,
        step: int | str,
        id_: int | str | None = None,
        ignore_copy_err: bool | None = None,  # noqa: ARG002
    ) -> None:
        """Puts the file into the run's folder, under a name made of `key`, `step` and `id_`, or its hash; and keeps it.

        A disk that does not take it is told, and never raised.
        """
        assert self._path is not None, "bind_to_run called before _set_file"
        assert self._sha256 is not None
        assert run is not None, 'Argument "run" must not be None.'
        self._run = run
        extension = self._extension if self._extension is not None else os.path.splitext(self._path)[1]
        name = f"{safe_key(key)}_{int(step) if isinstance(step, int) else step}_{id_ or self._sha256[:20]}{extension}"
        target = os.path.join(run.dir, self.get_media_subdir(), name)
        try:
            self._put(target, symlink=run._settings.allow_media_symlink)
        except OSError as error:
            termwarn(f"the file of {str(key)!r} was not kept: {error}")
        self._path, self._is_tmp = target, False
        self._hand_over(key, step)

    def _put(self, target: str, *, symlink: bool) -> None:
        assert self._path is not None
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if self._is_tmp:
            shutil.move(self._path, target)
        elif not (os.path.lexists(target) and os.path.samefile(self._path, target)):
            if symlink:
                os.symlink(os.path.realpath(self._path), target)
            else:
                shutil.copy(self._path, target)

    def _hand_over(self, key: int | str, step: int | str) -> None:
        """Gives the file to the store, as a value of its name and row, for readers of any door."""
        assert self._path is not None
        native.keep(self._run, self._path, key, step, type=self._native, caption=self._caption)

    def _hand_over_again(self, key: int | str, step: int | str) -> None:
        """The same of a value that was logged before, with all that belongs to it."""
        self._hand_over(key, step)

    def to_json(self, run: Any) -> dict[str, Any]:
        """What a row, or an artifact, has of it.

        For a run it has to be bound to that one; into an artifact the file is put. Raises `AssertionError` for a run
        it is not bound to.
        """
        found: dict[str, Any] = {}
        if self._caption is not None:
            found["caption"] = self._caption
        if is_run(run):
            self._of_run(run, found)
        elif is_artifact(run):
            if self.file_is_set():
                found["path"] = self._put_into(run)
                found["sha256"] = self._sha256
            found["_type"] = self._log_type
        return found

    def _of_run(self, run: Any, found: dict[str, Any]) -> None:
        found.update({"_type": "file", "sha256": self._sha256, "size": self._size})
        url = self._get_artifact_entry_ref_url()
        if url is not None:
            found["artifact_path"] = url
        latest = self._get_artifact_entry_latest_ref_url()
        if latest is not None:
            found["_latest_artifact_path"] = latest
        if url is None or self.is_bound():
            kind = type(self).__name__
            assert self.is_bound(), f"a {kind} has to be bound to a run with bind_to_run() before it can be JSON"
            assert self._run is run, f"this {kind} was logged to another run; make a new one for each run"
            assert self._path is not None
            found["path"] = LogicalPath(os.path.relpath(self._path, run.dir))

    def _put_into(self, artifact: Any) -> str:
        """Puts the file into an artifact, unless it is there; gives its path there."""
        assert self._path is not None
        assert self._sha256 is not None
        known: str | None = artifact.get_added_local_path_name(self._path)
        if known is not None:
            return known
        # A user's files may have the same name in different folders.
        apart = () if self._is_tmp else (self._sha256[:20],)
        name = os.path.join(self.get_media_subdir(), *apart, os.path.basename(self._path))
        source = self._artifact_source
        if source is not None:
            root = source.artifact._default_root()
            if self._path.startswith(root):
                name = self._path[len(root) :].lstrip(os.sep)
            artifact.add_reference(source.artifact.get_entry(name).ref_url(), name=name)
            return name
        if self.path_is_reference(self._path):
            artifact.add_reference(self._path, name=name)
            return name
        added: str = artifact.add_file(self._path, name=name, is_tmp=self._is_tmp).path
        return added

    @classmethod
    def from_json(cls, json_obj: dict[str, Any], source_artifact: Any) -> Media:
        """The value that an artifact has as this JSON; its file is downloaded."""
        return cls(source_artifact.get_entry(json_obj["path"]).download())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self._sha256 == other._sha256

    @staticmethod
    def path_is_reference(path: str | Path | None) -> bool:
        """Whether a path is the address of something that lies elsewhere: `gs`, `s3`, `http` or `https`."""
        return isinstance(path, str) and _REFERENCE.match(path) is not None


class BatchableMedia(Media):
    """Media of which several are one value."""

    @classmethod
    def seq_to_json(cls, seq: Sequence[Any], run: Any, key: str, step: int | str) -> dict[str, Any]:
        """What a row has of several, which are bound to the run."""
        raise NotImplementedError(f"{cls.__name__}.seq_to_json")


def staged(extension: str) -> str:
    """The path of a file that is to be made, and lies apart until it belongs somewhere."""
    return os.path.join(MEDIA_TMP.name, generate_id() + extension)


def safe_key(key: int | str) -> str:
    """A key as a path below a folder: not absolute, and never above it.

    Raises `ValueError` on Windows for characters that no file name can have there.
    """
    text = str(key)
    if os.name == "nt":
        if re.search(r'[:*?"<>|\\]', text):
            raise ValueError(
                f"Path {text} is invalid. Please remove invalid filename characters" r' (\, :, *, ?, ", <, >, |)'
            )
        text = text.replace("/", os.sep)
    parts = text.lstrip(os.sep).split(os.sep)
    return os.sep.join(part.replace(".", "_") if part in (os.curdir, os.pardir) else part for part in parts)


def _numpy_arrays_to_lists(payload: Any) -> Any:
    """The same with arrays as lists, and media as the names of their classes."""
    if type(payload) in _PLAIN:
        return payload
    if isinstance(payload, Mapping):
        return {name: _numpy_arrays_to_lists(value) for name, value in payload.items()}
    if isinstance(payload, Sequence) and not isinstance(payload, str):
        return [_numpy_arrays_to_lists(value) for value in payload]
    if type(payload).__name__ == "ndarray" and type(payload).__module__ == "numpy":
        values = payload.tolist()
        return [_numpy_arrays_to_lists(value) for value in (values if payload.ndim else [values])]
    return type(payload).__name__ if isinstance(payload, Media) else payload


__all__ = ["BatchableMedia", "Media"]

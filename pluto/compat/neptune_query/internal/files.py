"""Stored files: what stands for them in frames, and their way to this machine."""

from __future__ import annotations

import hashlib
import mimetypes
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pluto.compat.neptune_query.exceptions import NeptuneFileDownloadError, NeptuneUserError
from pluto.compat.neptune_query.internal import frames
from pluto.compat.neptune_query.internal.context import reading
from pluto.compat.neptune_query.internal.members import ContainerType
from pluto.compat.neptune_query.types import File

if TYPE_CHECKING:
    import pandas as pd

    from pluto.compat.attributes import AttributeReader, RunAttributes, StoredFile

_UNKNOWN: Final = "application/octet-stream"
_PART_MAX: Final = 255
_GONE: Final = 404
_GIVEN_BY: Final = {
    "experiment": "nq.fetch_series and nq.fetch_experiments_table",
    "run": "nq_runs.fetch_series and nq_runs.fetch_runs_table",
}


def as_cell(
    stored: StoredFile, run: RunAttributes, label: str, container: ContainerType, *, step: float | None
) -> File:
    """What stands for a stored file of `run` in a frame. `step` is None for one that is no point of a series."""
    guessed = mimetypes.guess_type(f"x.{stored.extension}")[0] if stored.extension else None
    return File(
        project_identifier=run.project,
        experiment_name=label if container == "experiment" else None,
        run_id=label if container == "run" else None,
        attribute_path=stored.path,
        step=step,
        path=_address(run.id, stored),
        size_bytes=stored.size,
        mime_type=stored.mime or guessed or _UNKNOWN,
    )


def asked(files: Any, container: ContainerType) -> list[File]:
    """The files in what `download_files` was given.

    Raises `ValueError` for what holds none by its type, `NeptuneUserError` for files of the other kind of container.
    """
    if isinstance(files, File):
        found = [files]
    elif _is_frame(files):
        found = [one for _, column in files.items() for one in column if isinstance(one, File)]
    elif isinstance(files, Iterable):
        found = [one for one in files if isinstance(one, File)]
    else:
        raise ValueError(f"`files` is a File, an iterable of them, a Series or a DataFrame, but got {type(files)}")
    if not all(one.experiment_name if container == "experiment" else one.run_id for one in found):
        own, other = sorted(_GIVEN_BY, key=lambda kind: kind != container)
        raise NeptuneUserError(
            "here go files that {own} gave; for those of {other} there is the download_files beside them",
            own=_GIVEN_BY[own],
            other=_GIVEN_BY[other],
        )
    return found


def _is_frame(value: Any) -> bool:
    # Who has a DataFrame has loaded pandas.
    pd = sys.modules.get("pandas")
    return pd is not None and isinstance(value, pd.DataFrame)


def download(files: Sequence[File], folder: Path, container: ContainerType) -> pd.DataFrame:
    """Where each file now lies in the folder. Raises `NeptuneFileDownloadError`."""
    frames.pandas()
    done: list[frames.Downloaded] = []
    taken: set[Path] = set()
    with reading() as reader:
        for file in dict.fromkeys(files):
            target = place(folder, file)
            # Characters a path can't have become the same one: no two files may become one.
            while target in taken:
                target = target.with_stem(target.stem + "_")
            taken.add(target)
            path = str(target) if _fetched(reader, file, target) else None
            done.append(frames.Downloaded(file.container_identifier, file.attribute_path, file.step, path))
    return frames.downloads(done, container)


def _address(run: int, stored: StoredFile) -> str:
    """Where a file is: its run, its attribute, and its hash where the server tells."""
    return "/".join(filter(None, [str(run), stored.path, stored.sha256]))


def _fetched(reader: AttributeReader, file: File, target: Path) -> bool:
    """Whether the store still had the file, and it is at its place now."""
    from pluto.query import QueryError

    number = file.path.partition("/")[0]
    try:
        run = reader.find(file.project_identifier, id=int(number), series=()) if number.isdecimal() else None
        for stored in reader.files(run, file.attribute_path) if run is not None else ():
            if file.path == _address(int(number), stored) and file.step in (None, stored.step):
                reader.download(stored, target)
                return True
    except QueryError as error:
        if error.status_code != _GONE:
            raise NeptuneFileDownloadError(f"{file.attribute_path}: {error}", error.status_code) from error
    except OSError as error:
        raise NeptuneFileDownloadError(f"{file.attribute_path}: {error}") from error
    return False


def place(folder: Path, file: File) -> Path:
    """Where a file goes: `<experiment or run>/<attribute>/step_<step>.<extension of its type>`."""
    path = Path(file.container_identifier) / file.attribute_path
    if file.step is not None:
        path /= f"step_{file.step:f}"
    # `Path` drops empty parts; one that begins at the root would leave the folder.
    parts = [_plain(part) for part in path.parts]
    target = Path(*parts)
    extension = mimetypes.guess_extension(file.mime_type)
    return folder / (target.with_suffix(extension) if extension else target)


def _plain(part: str) -> str:
    part = "".join(letter if letter.isalnum() or letter in "_-" else "_" for letter in part)
    if len(part) > _PART_MAX:
        digest = hashlib.blake2b(part.encode(), digest_size=8).hexdigest()
        part = f"{part[: _PART_MAX - len(digest) - 1]}_{digest}"
    return part

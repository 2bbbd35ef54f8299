"""A field of type FileSeries."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pluto.compat.attributes.kinds import AttributeKind
from pluto.compat.neptune.attributes.series.series import Series, steps_of
from pluto.compat.neptune.exceptions import FileNotFound, OperationNotSupported
from pluto.compat.neptune.internal.backends.utils import construct_progress_bar
from pluto.compat.neptune.internal.types.file_types import FileType
from pluto.compat.neptune.types.series.file_series import FileSeries as FileSeriesVal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pluto.compat.attributes import StoredFile
    from pluto.compat.neptune.internal.backends.backend import Operation
    from pluto.compat.neptune.types.atoms.file import File
    from pluto.compat.neptune.types.series.series import Series as SeriesVal
    from pluto.compat.neptune.typing import ProgressBarType

__all__ = ["FileSeries"]

_MB: Final = 1 << 20
_LIMIT_MB: Final = 32


class FileSeries(Series):
    """Images over steps."""

    kind = AttributeKind.FILE_SERIES
    max_batch_size = 1
    operation_cls = FileSeriesVal

    def download(self, destination: str | None, progress_bar: ProgressBarType | None = None) -> None:
        """Writes all into the folder `destination`, as `0.png`, `1.png`, …; None: `neptune/<last part of the path>`."""
        folder = self._folder(destination)
        files = self._backend.files(self._name)
        with construct_progress_bar(False if len(files) < 2 else progress_bar, f"Fetching {self._name}") as bar:
            for index, file in enumerate(files):
                self._save(file, folder, index)
                bar.update(by=1, total=len(files))

    def download_last(self, destination: str | None) -> None:
        """Writes the last one alone. Raises `ValueError` where there are none."""
        folder = self._folder(destination)
        files: Sequence[StoredFile] = self._backend.files(self._name)
        if not files:
            raise ValueError(f'"{self._name}" has no files')
        self._save(files[-1], folder, len(files) - 1)

    def _save(self, file: StoredFile, folder: Path, index: int) -> None:
        self._backend.save(file, folder / f"{index}.{file.extension or 'png'}")

    def _folder(self, destination: str | None) -> Path:
        folder = Path("neptune", self._path[-1]) if destination is None else Path(destination)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _as_value(self, values: Any, **kwargs: Any) -> FileSeriesVal:
        return FileSeriesVal(values, **kwargs)

    def _is_value(self, value: Any) -> bool:
        return isinstance(value, FileSeriesVal)

    def _append(self, value: SeriesVal) -> Operation:
        assert isinstance(value, FileSeriesVal)
        images = [_image(file) for file in value.values]
        name, description = value.name, value.description
        return lambda fields: fields.append_images(
            self._name, images, steps_of(value), value.timestamps, name, description
        )


def _image(file: File) -> bytes:
    """The content. Raises `FileNotFound`, and `OperationNotSupported` for what is no image."""
    from io import BytesIO

    from PIL import Image, UnidentifiedImageError

    if file.file_type is FileType.LOCAL_FILE:
        if not os.path.exists(file.path):
            raise FileNotFound(file.path)
        content = Path(file.path).read_bytes()
    else:
        content = file.content
    try:
        with Image.open(BytesIO(content)):
            pass
    except UnidentifiedImageError:
        raise OperationNotSupported("a FileSeries holds images alone; upload() keeps other files") from None
    if len(content) > _LIMIT_MB * _MB:
        warnings.warn(
            f"an image of {len(content) / _MB:.2f} MB is kept empty: a series holds images of up to {_LIMIT_MB} MB",
            UserWarning,
            stacklevel=2,
        )
        return b""
    return content

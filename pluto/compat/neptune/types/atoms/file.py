"""A file: on disk, in memory, from a stream, or made of an object."""

from __future__ import annotations

from typing import Any

from pluto.compat.neptune.internal.types.file_types import (
    FileComposite,
    FileType,
    InMemoryComposite,
    LocalFileComposite,
    StreamComposite,
)
from pluto.compat.neptune.internal.utils import images, verify_type
from pluto.compat.neptune.types.atoms.atom import Atom

__all__ = ["File"]


class File(Atom):
    """A file to be uploaded, assigned, or appended to a series of images.

    `File(path)` is the short form of `File.from_path`; `file_composite` is what the other forms make. Raises
    `TypeError` unless `path` is a text, `ValueError` unless exactly one is given.
    """

    def __init__(self, path: str | None = None, file_composite: FileComposite | None = None) -> None:
        verify_type("path", path, (str, type(None)))
        verify_type("file_composite", file_composite, (FileComposite, type(None)))
        if path is not None and file_composite is not None:
            raise ValueError("a File is made of a path or of a file_composite, not of both")
        if path is not None:
            self._file_composite: FileComposite = LocalFileComposite(path)
        elif file_composite is not None:
            self._file_composite = file_composite
        else:
            raise ValueError("a File is made of a path or of a file_composite")

    @property
    def extension(self) -> str:
        """The extension, without a dot; may be empty."""
        return self._file_composite.extension

    @property
    def file_type(self) -> FileType:
        """Where the content is: on disk, in memory, in a stream."""
        return self._file_composite.file_type

    @property
    def path(self) -> str:
        """The path of a file on disk; `NeptuneException` for others."""
        return self._file_composite.path

    @property
    def content(self) -> bytes:
        """What is in memory, or the rest of a stream (once); `NeptuneException` for a file on disk."""
        return self._file_composite.content

    def _save(self, path: str) -> None:
        self._file_composite.save(path)

    def accept(self, visitor: Any) -> Any:
        """Calls `visitor.visit_file`."""
        return visitor.visit_file(self)

    def __str__(self) -> str:
        return str(self._file_composite)

    @staticmethod
    def from_path(path: str, *, extension: str | None = None) -> File:
        """A file on disk; the extension is the path's unless given."""
        verify_type("path", path, str)
        verify_type("extension", extension, (str, type(None)))
        return File(file_composite=LocalFileComposite(path, extension))

    @staticmethod
    def from_content(content: str | bytes, *, extension: str | None = None) -> File:
        """A file with this content; a text becomes UTF-8. The extension is `txt` for texts, else `bin`."""
        verify_type("content", content, (bytes, str))
        verify_type("extension", extension, (str, type(None)))
        return File(file_composite=InMemoryComposite(content, extension))

    @staticmethod
    def from_stream(stream: Any, *, seek: int | None = 0, extension: str | None = None) -> File:
        """A file with the content of a stream from `seek` on (None: from where it stands). Can be logged once.

        The extension is `txt` for text streams, else `bin`.
        """
        verify_type("seek", seek, (int, type(None)))
        return File(file_composite=StreamComposite(stream, seek, extension))

    @staticmethod
    def as_image(image: Any, autoscale: bool = True) -> File:
        """A PNG of an array (height × width, or with 1, 3 or 4 channels), an image of Pillow, a figure, or a tensor.

        With `autoscale` arrays of values from 0 to 1 are taken times 255. Raises `TypeError` for what is no image,
        `ValueError` for arrays of other shapes.
        """
        return File.from_content(images.get_image_content(image, autoscale=autoscale), extension="png")

    @staticmethod
    def as_html(chart: Any, **kwargs: Any) -> File:
        """A page of HTML of a chart (matplotlib, plotly, altair, bokeh, seaborn) or a data frame of pandas.

        `include_plotlyjs` is passed on to Plotly. Raises `ValueError` for anything else.
        """
        return File.from_content(images.get_html_content(chart, **kwargs), extension="html")

    @staticmethod
    def as_pickle(obj: Any) -> File:
        """The object, pickled."""
        return File.from_content(images.get_pickle_content(obj), extension="pkl")

    @staticmethod
    def create_from(value: Any, **kwargs: Any) -> File:
        """A file of a path (text), an image, a chart, or a File. Raises `TypeError` for anything else."""
        if isinstance(value, File):
            return value
        if isinstance(value, str):
            return File(path=value)
        if images.is_picture(value):
            return File.as_image(value)
        if images.is_chart(value):
            return File.as_html(value, **kwargs)
        hint = ""
        if images.is_numpy_array(value):
            hint = "; File.as_image() makes an image of it"
        elif images.is_pandas_dataframe(value):
            hint = "; File.as_html() makes a table of it"
        raise TypeError(f"a {type(value).__module__}.{type(value).__qualname__} is no file{hint}")

    @staticmethod
    def is_convertable(value: Any) -> bool:
        """Whether it is a File, or `as_image` or `as_html` may take it."""
        return (
            isinstance(value, File)
            or images.is_picture(value)
            or images.is_chart(value)
            or images.is_numpy_array(value)
            or images.is_pandas_dataframe(value)
        )

    @staticmethod
    def is_convertable_to_image(value: Any) -> bool:
        """Whether it becomes an image where a value is expected: a figure, or an image of Pillow."""
        return images.is_picture(value)

    @staticmethod
    def is_convertable_to_html(value: Any) -> bool:
        """Whether it becomes a page of HTML where a value is expected: a chart."""
        return images.is_chart(value)

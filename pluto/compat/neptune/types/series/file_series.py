"""Images over steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pluto.compat.neptune.internal.types.stringify_value import extract_if_stringify_value
from pluto.compat.neptune.internal.utils.logger import get_logger
from pluto.compat.neptune.types.atoms.file import File
from pluto.compat.neptune.types.series.series import Series

__all__ = ["FileSeries"]


class FileSeries(Series):
    """Images, of what `File.create_from` takes; `name` and `description` are those of all of them.

    Raises `TypeError` unless the values are a list, set or tuple of files.
    """

    def __init__(
        self,
        values: Any,
        timestamps: Sequence[float] | None = None,
        steps: Sequence[float] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(extract_if_stringify_value(values), steps, timestamps)
        self._values = [File.create_from(value) for value in self._values]
        self.name: str | None = kwargs.pop("name", None)
        self.description: str | None = kwargs.pop("description", None)
        if kwargs:
            get_logger().error("a FileSeries does not know %s", ", ".join(kwargs))

    def accept(self, visitor: Any) -> Any:
        """Calls `visitor.visit_image_series`."""
        return visitor.visit_image_series(self)

"""Types for annotations, and the base class of progress bars."""

from __future__ import annotations

import abc
import contextlib
from typing import Any, TypeAlias, Union

from pluto.compat.neptune.metadata_containers.abstract import (
    NeptuneObject,
    NeptuneObjectCallback,
    SupportsNamespaces,
)

__all__ = ["NeptuneObject", "NeptuneObjectCallback", "ProgressBarCallback", "ProgressBarType", "SupportsNamespaces"]


class ProgressBarCallback(contextlib.AbstractContextManager[Any]):
    """A progress bar of your own: pass the class, not an object of it, as `progress_bar`.

    It is made with `description=`, entered, updated, and left.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Takes `description`, and what else a later version may pass."""

    @abc.abstractmethod
    def update(self, *, by: int, total: int | None = None) -> None:
        """`by` more are done, of `total`."""


ProgressBarType: TypeAlias = Union[bool, type[ProgressBarCallback]]  # noqa: UP007  the original's object, not `|`
"""True or False, or a class."""

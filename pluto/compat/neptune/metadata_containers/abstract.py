"""What an object, and a namespace of one, can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pluto.compat.neptune.handler import Handler

__all__ = ["NeptuneObject", "NeptuneObjectCallback", "SupportsNamespaces"]


class SupportsNamespaces(ABC):
    """Has fields by path: a run, project, model or model version, or a namespace of one."""

    @abstractmethod
    def __getitem__(self, path: str) -> Handler: ...

    @abstractmethod
    def __setitem__(self, key: str, value: Any) -> None: ...

    @abstractmethod
    def __delitem__(self, path: str) -> None: ...

    @abstractmethod
    def get_root_object(self) -> SupportsNamespaces:
        """The object."""


class NeptuneObject(SupportsNamespaces, ABC):
    """A run, project, model or model version."""

    @abstractmethod
    def stop(self, *, seconds: float | None = None) -> None:
        """Ends writing."""


NeptuneObjectCallback = Callable[[NeptuneObject], None]
"""What is called when data is late."""

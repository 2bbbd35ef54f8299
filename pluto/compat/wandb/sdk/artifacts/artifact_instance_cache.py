"""Artifacts of this process by the ids they were given here: others can refer to them before they are logged."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.artifacts.artifact import Artifact

T = TypeVar("T")


class _Newest(OrderedDict[str, T], Generic[T]):
    """Keeps the newest entries."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def __setitem__(self, key: str, value: T) -> None:
        super().__setitem__(key, value)
        while len(self) > self._limit:
            self.popitem(last=False)


artifact_instance_cache: _Newest[Artifact] = _Newest(100)
artifact_instance_cache_by_client_id: _Newest[Artifact] = _Newest(100)

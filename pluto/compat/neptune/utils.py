"""Helpers for scripts."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from types import TracebackType
from typing import Any

from pluto.compat.neptune.internal.init.parameters import DEFAULT_STOP_TIMEOUT
from pluto.compat.neptune.internal.types.stringify_value import StringifyValue
from pluto.compat.neptune.internal.utils.logger import get_logger
from pluto.compat.neptune.internal.utils.runningmode import in_interactive, in_notebook
from pluto.compat.neptune.typing import NeptuneObject, ProgressBarCallback

__all__ = ["NullProgressBar", "TqdmProgressBar", "stop_synchronization_callback", "stringify_unsupported"]


def stringify_unsupported(value: Any, expand: bool = False) -> StringifyValue | Mapping[str, Any]:
    """The value such that it can be assigned and logged: where its type is not supported, as its text.

    Of a mapping, each value by itself, and keys as texts; with `expand`, each element of lists, sets and tuples, by its
    place. Numbers, bools and texts stay what they are, but a float that is not finite becomes a text.
    """
    if isinstance(value, MutableMapping):
        return {str(key): stringify_unsupported(one, expand) for key, one in value.items()}
    if expand and isinstance(value, (list, tuple, set)):
        return {str(place): stringify_unsupported(one, expand) for place, one in enumerate(value)}
    return StringifyValue(value)


def stop_synchronization_callback(neptune_object: NeptuneObject) -> None:
    """Stops the object: for `async_lag_callback` and `async_no_progress_callback`."""
    get_logger().error("what was logged does not reach the server in time: the object is stopped")
    neptune_object.stop(seconds=DEFAULT_STOP_TIMEOUT)


class NullProgressBar(ProgressBarCallback):
    """Shows nothing."""

    def update(self, *, by: int, total: int | None = None) -> None:
        """Nothing."""

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        """Nothing."""


class TqdmProgressBar(ProgressBarCallback):
    """A bar of tqdm, which has to be installed; in notebooks, one for notebooks."""

    def __init__(
        self,
        *args: Any,
        description: str | None = None,
        unit: str | None = None,
        unit_scale: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if in_interactive() or in_notebook():
            from tqdm.notebook import tqdm
        else:
            from tqdm import tqdm
        self._progress_bar = tqdm(desc=description, unit=unit or "", unit_scale=unit_scale, **kwargs)

    def __enter__(self) -> TqdmProgressBar:
        self._progress_bar.__enter__()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        self._progress_bar.__exit__(exc_type, exc_val, exc_tb)

    def update(self, *, by: int, total: int | None = None) -> None:
        """Moves the bar."""
        if total:
            self._progress_bar.total = total
        self._progress_bar.update(by)

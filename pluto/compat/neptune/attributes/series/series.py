"""A field that holds values over steps."""

from __future__ import annotations

import abc
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from pluto.compat.attributes.kinds import AttributeKind
from pluto.compat.neptune.attributes.attribute import Attribute
from pluto.compat.neptune.internal.types.stringify_value import StringifyValue
from pluto.compat.neptune.internal.utils import is_collection, verify_collection_type, verify_type

if TYPE_CHECKING:
    from pluto.compat.neptune.internal.backends.backend import FieldWriter, Operation
    from pluto.compat.neptune.types.series.series import Series as SeriesVal

__all__ = ["Series"]


class Series(Attribute, abc.ABC):
    """A field that holds values over steps. Values that are not of its type raise, before anything is kept."""

    kind: ClassVar[AttributeKind]
    max_batch_size: ClassVar[int]
    """How many points Neptune sends at once; everything goes into one record here."""
    operation_cls: ClassVar[type[Any]]
    """The type of `neptune.types` in which its points come."""

    @abc.abstractmethod
    def _as_value(self, values: Any, **kwargs: Any) -> SeriesVal:
        """A whole series of these values."""

    @abc.abstractmethod
    def _is_value(self, value: Any) -> bool:
        """Whether it is a whole series of this type."""

    @abc.abstractmethod
    def _append(self, value: SeriesVal) -> Operation:
        """What adds the points of a series, of which there is at least one."""

    def _unwrapped(self, value: StringifyValue) -> Any:
        return value.value

    def assign(self, value: Any, wait: bool = False) -> None:
        """Puts a list, set, tuple, or a series of `neptune.types`, in the place of all points."""
        if not self._is_value(value):
            value = self._as_value(value)

        def operation(fields: FieldWriter) -> None:
            self._begin(fields, value)
            if len(value):
                self._append(value)(fields)

        self._perform(operation, wait=wait)

    def _begin(self, fields: FieldWriter, value: SeriesVal) -> None:  # noqa: ARG002
        """Empties it for the points of `value`."""
        fields.clear(self._name, self.kind)

    def log(
        self,
        value: Any,
        step: float | None = None,
        timestamp: float | None = None,
        wait: bool = False,
        **kwargs: Any,
    ) -> None:
        """Adds a value or a list, set or tuple of them; the old form of `append` and `extend`."""
        verify_type("step", step, (float, int, type(None)))
        verify_type("timestamp", timestamp, (float, int, type(None)))
        if isinstance(value, StringifyValue):
            value = self._unwrapped(value)
        values = value if is_collection(value) else [value]
        if step is not None and len(values) > 1:
            raise ValueError("several values can't be logged at one step: extend() takes a step for each")
        steps = None if step is None else [step] * len(values)
        timestamps = None if timestamp is None else [timestamp] * len(values)
        self._add(self._as_value(values, steps=steps, timestamps=timestamps, **kwargs), wait)

    def extend(
        self,
        values: Any,
        steps: Collection[float] | None = None,
        timestamps: Collection[float] | None = None,
        wait: bool = False,
        **kwargs: Any,
    ) -> None:
        """Adds values, with as many steps and timestamps if any are given."""
        if isinstance(values, StringifyValue):
            values = self._unwrapped(values)
        for name, given in (("steps", steps), ("timestamps", timestamps)):
            if given is not None:
                verify_collection_type(name, given, (float, int))
                if len(given) != len(values):
                    raise ValueError(f"{len(values)} values have as many {name}, not {len(given)}")
        self._add(self._as_value(values, steps=steps, timestamps=timestamps, **kwargs), wait)

    def clear(self, *, wait: bool = False) -> None:
        """Empties it."""
        self._perform(lambda fields: fields.clear(self._name, self.kind), wait=wait)

    def _add(self, value: SeriesVal, wait: bool) -> None:
        if len(value):
            self._perform(self._append(value), wait=wait)


def steps_of(value: SeriesVal) -> Sequence[float] | None:
    """The steps of its points; None where they are to be the next ones."""
    steps: Sequence[float] = value.steps
    return None if None in steps else steps

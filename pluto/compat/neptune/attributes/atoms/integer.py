"""A field of type Integer."""

from __future__ import annotations

from typing import Any

from pluto.compat.neptune.attributes.atoms.copiable_atom import CopiableAtom
from pluto.compat.neptune.constants import MAX_32_BIT_INT, MIN_32_BIT_INT
from pluto.compat.neptune.internal.utils.logger import get_logger
from pluto.compat.neptune.types.atoms.integer import Integer as IntegerVal

__all__ = ["Integer"]


class Integer(CopiableAtom):
    """A whole number of 32 bits."""

    def assign(self, value: Any, *, wait: bool = False) -> None:
        """Sets it to `int(value)`; one beyond 32 bits is skipped with a warning."""
        number = (value if isinstance(value, IntegerVal) else IntegerVal(value)).value
        if not MIN_32_BIT_INT <= number <= MAX_32_BIT_INT:
            get_logger().warning(
                '%d lies outside of 32-bit integers (%d to %d), and "%s" is not set; a float can hold it',
                number, MIN_32_BIT_INT, MAX_32_BIT_INT, self._name,
            )  # fmt: skip
            return
        self._perform(self.create_assignment_operation(self._path, number), wait=wait)

"""A field of type Boolean."""

from __future__ import annotations

from typing import Any

from pluto.compat.neptune.attributes.atoms.copiable_atom import CopiableAtom
from pluto.compat.neptune.types.atoms.boolean import Boolean as BooleanVal

__all__ = ["Boolean"]


class Boolean(CopiableAtom):
    """True or False."""

    def assign(self, value: Any, *, wait: bool = False) -> None:
        """Sets it to the truth of the value."""
        given = value if isinstance(value, BooleanVal) else BooleanVal(value)
        self._perform(self.create_assignment_operation(self._path, given.value), wait=wait)

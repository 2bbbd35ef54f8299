"""A field of type Float."""

from __future__ import annotations

from typing import Any

from pluto.compat.neptune.attributes.atoms.copiable_atom import CopiableAtom
from pluto.compat.neptune.common.warnings import NeptuneUnsupportedValue, warn_once
from pluto.compat.neptune.internal.types.utils import is_unsupported_float
from pluto.compat.neptune.types.atoms.float import Float as FloatVal

__all__ = ["Float"]


class Float(CopiableAtom):
    """A finite number."""

    def assign(self, value: Any, *, wait: bool = False) -> None:
        """Sets it to `float(value)`; one that is not finite is skipped with a warning."""
        number = (value if isinstance(value, FloatVal) else FloatVal(value)).value
        if is_unsupported_float(number):
            warn_once(
                f"{number} is not kept, and the field is not set; stringify_unsupported() keeps it as a text",
                exception=NeptuneUnsupportedValue,
            )
            return
        self._perform(self.create_assignment_operation(self._path, number), wait=wait)

"""A field of type Datetime."""

from __future__ import annotations

import datetime as dt
from typing import Any

from pluto.compat.neptune.attributes.atoms.copiable_atom import CopiableAtom
from pluto.compat.neptune.internal.types.stringify_value import StringifyValue
from pluto.compat.neptune.internal.utils import verify_type
from pluto.compat.neptune.types.atoms.datetime import Datetime as DatetimeVal
from pluto.compat.neptune.types.atoms.datetime import whole_milliseconds

__all__ = ["Datetime"]


class Datetime(CopiableAtom):
    """A moment, in milliseconds."""

    def assign(self, value: Any, *, wait: bool = False) -> None:
        """Sets it to the moment; one without a time zone is in local time. Raises `TypeError` for anything else."""
        verify_type("value", value, (DatetimeVal, dt.datetime, StringifyValue))
        moment = value if isinstance(value, dt.datetime) else value.value
        verify_type("value", moment, dt.datetime)
        self._perform(self.create_assignment_operation(self._path, whole_milliseconds(moment)), wait=wait)

"""Whether a run goes on, in the two vocabularies there are for it."""

from __future__ import annotations

import enum

from pluto.compat.neptune.common.exceptions import NeptuneException

__all__ = ["RunState"]


class RunState(enum.Enum):
    """The state as Python code sees it. The query language says `running` and `idle`."""

    active = "Active"
    inactive = "Inactive"

    @classmethod
    def from_string(cls, value: str) -> RunState:
        """The state of this name, in any letter case. Raises `NeptuneException`."""
        try:
            return cls(value.capitalize())
        except ValueError as error:
            raise NeptuneException(f"{value!r} is no state of a run: they are active and inactive") from error

    @staticmethod
    def from_api(value: str) -> RunState:
        """The state for the query language's word. Raises `NeptuneException`."""
        for state in RunState:
            if state.to_api() == value:
                return state
        raise NeptuneException(f"{value!r} is no state of a run: they are running and idle")

    def to_api(self) -> str:
        """The query language's word."""
        return "running" if self is RunState.active else "idle"

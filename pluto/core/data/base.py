"""What all structured values have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pluto.core.data.plain import dumps, plain


class Data:
    """A structured value of a kind of its own.

    `data` is a mapping; it is taken as it is now, and later changes of the caller's object have no effect. What JSON
    does not know is converted as `pluto.core.data.plain.plain` says.
    """

    tag = "Data"

    def __init__(self, data: Mapping[str, Any]) -> None:
        if not isinstance(data, Mapping):
            raise TypeError(f"{self.tag} data: a mapping is needed, not {type(data).__name__}")
        self._data: dict[str, Any] = plain(data, f"{self.tag} data")

    def _payload(self) -> dict[str, Any]:
        return self._data

    def to_dict(self) -> dict[str, Any]:
        """The payload as the server keeps it: JSON types only, with `type` and `v`."""
        return {**self._payload(), "type": self.tag, "v": 1}

    def to_data(self) -> tuple[str, str]:
        """The value's type (`HISTOGRAM`, `TABLE`, …) and its payload as JSON text."""
        return self.tag.upper(), dumps(self.to_dict())

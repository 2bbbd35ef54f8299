"""What is assigned to a field, with its type said."""

from __future__ import annotations

import abc
from typing import Any

__all__ = ["Value"]


class Value:
    """A value that names the type of the field it makes."""

    @abc.abstractmethod
    def accept(self, visitor: Any) -> Any:
        """What `visitor` makes of a value of this type: `visitor.visit_<type>(self)`."""

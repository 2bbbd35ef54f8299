"""What manifests and their entries have in common."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import Any


class ArtifactsBase(ABC):
    """Something that can be written down as JSON."""

    @abstractmethod
    def model_dump(self, *, mode: str = "json", **kwargs: Any) -> dict[str, Any]:
        """It as a dict of what JSON has."""

    def model_dump_json(self, *, indent: int | None = None, **kwargs: Any) -> str:
        """The same as JSON text."""
        separators = (",", ":") if indent is None else None
        return json.dumps(self.model_dump(**kwargs), indent=indent, separators=separators)

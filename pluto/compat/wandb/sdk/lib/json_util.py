"""JSON by the names that integrations import."""

from __future__ import annotations

import json
from typing import IO, Any


def dumps(obj: Any, **kwargs: Any) -> str:
    """JSON text of a value."""
    return json.dumps(obj, **kwargs)


def dump(obj: Any, fp: IO[str], **kwargs: Any) -> None:
    """Writes it to a file."""
    json.dump(obj, fp, **kwargs)


def loads(s: str | bytes, **kwargs: Any) -> Any:
    """The value of JSON text."""
    return json.loads(s, **kwargs)


def load(fp: IO[str], **kwargs: Any) -> Any:
    """The value of a JSON file."""
    return json.load(fp, **kwargs)

"""pandas, where it is there."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

HINT = "pip install 'pluto-ml[pandas]'"


def pandas(what: str) -> Any:
    """The pandas module. Raises ImportError that says how to get it; `what` is what needs it, and what does not."""
    try:
        return importlib.import_module("pandas")
    except ImportError as error:
        raise ImportError(f"{what} needs pandas: {HINT}") from error


def frame_or_list(rows: list[dict[str, Any]], columns: list[str]) -> Any:
    """A DataFrame with at least `columns`, or the rows as they are without pandas."""
    try:
        pd = importlib.import_module("pandas")
    except ImportError:
        return rows
    if not rows:
        return pd.DataFrame(columns=columns)
    return pd.DataFrame(rows)

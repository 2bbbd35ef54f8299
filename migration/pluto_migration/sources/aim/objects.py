"""Objects of Aim that are no numbers: what they are stored as, as items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from pluto.core.jsonable import plain
from pluto_migration.model import Data, File, Item, MediaType

_FORMAT: Final[Mapping[str, MediaType]] = {"image": "IMAGE", "audio": "AUDIO", "figure": "FILE"}
_MOST_BINS: Final = 1 << 16
"""Aim's own limit is 512; more is damage."""


def kind_of(stored: Any) -> str | None:
    """What the fields of an object make it; None for what is none."""
    if not isinstance(stored, Mapping) or not hasattr(stored.get("data"), "load"):
        return None
    if "bin_count" in stored:
        return "distribution"
    if stored.get("source") in ("plotly", "matplotlib") or stored.get("format") == "raw_json":
        return "figure"
    if "width" in stored:
        return "image"
    return "audio" if "format" in stored else "text"


def item_of(kind: str, stored: Any, name: str, step: float, time: int, index: int) -> Item:
    """The item that an object becomes. Raises whatever Aim does where its content is damaged, `ValueError` else."""
    if kind == "distribution":
        return Data(name, "HISTOGRAM", step, time, _histogram(stored))
    content = stored["data"].load()
    ending = "json" if kind == "figure" else str(stored["format"] or "").lower()
    last = name.rpartition("/")[2] or kind
    return File(
        name=name,
        type=_FORMAT[kind],
        content=content.encode() if isinstance(content, str) else bytes(content),
        file_name=f"{last}.plotly.json" if kind == "figure" else f"{last}.{ending}" if ending.isalnum() else last,
        step=step,
        time=time,
        index=index,
        caption=str(stored["caption"]) or None if kind != "figure" else None,
    )


def _histogram(stored: Any) -> Any:
    """Equal bins over a range, as Aim keeps a distribution."""
    count, dtype = int(stored["bin_count"]), np.dtype(str(stored["dtype"]))
    if not 0 < count <= _MOST_BINS or dtype.kind not in "iuf":
        raise ValueError(f"{count} bins of {dtype} are no distribution")
    weights = np.frombuffer(bytes(stored["data"].load()), dtype, count)
    low, high = (float(one) for one in stored["range"])
    edges = np.linspace(low, high, count + 1)
    whole = dtype.kind in "iu" or bool((weights == np.round(weights)).all())
    body: dict[str, Any] = {
        "freq": [int(one) for one in weights] if whole else weights.tolist(),
        "bins": edges.tolist(),
        "maxFreq": weights.max().item(),
        "type": "Histogram",
        "v": 1,
    }
    if not whole:
        body["density"] = True
    return plain(body)

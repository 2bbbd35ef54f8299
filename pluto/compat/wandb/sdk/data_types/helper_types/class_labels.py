"""Names of classes: checked, made up where there are none, and kept once for all images of a key."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Mapping
from typing import Any

_BETWEEN = "_wandb_delimeter_"


def check(labels: Mapping[Any, Any], message: str) -> None:
    """Raises `TypeError` with this message unless they are numbers with texts."""
    if not all(isinstance(number, numbers.Number) and isinstance(text, str) for number, text in labels.items()):
        raise TypeError(message)


def made_up(numbers: Iterable[Any]) -> dict[int, str]:
    """Names for classes that were given none."""
    return {number: f"class_{number}" for number in sorted({int(number) for number in numbers})}


def keep(run: Any, kind: str, key: int | str, layer: str, labels: Mapping[Any, str]) -> None:
    """Puts the names of a layer into the run's config, once: rows need not repeat them."""
    name = f"{key}{_BETWEEN}{layer}"
    entry = {"type": kind, "key": name, "value": {str(number): text for number, text in labels.items()}}
    known: dict[str, Any] = run.__dict__.setdefault("_class_labels", {})
    if known.get(f"{kind} {name}") != entry:
        known[f"{kind} {name}"] = entry
        run._set_config_wandb((kind, name), entry)

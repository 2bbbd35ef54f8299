"""The Keras that is installed: `keras` itself, or the one within TensorFlow."""

from __future__ import annotations

import importlib
from typing import Any


def keras() -> Any:
    """The module. Raises `ModuleNotFoundError` where there is none."""
    for name in ("keras", "tensorflow.keras"):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            missing = error
    raise ModuleNotFoundError(
        "wandb.integration.keras needs keras, which is not installed: pip install keras, and a backend such as"
        " tensorflow, torch or jax",
        name=missing.name,
    )


def as_number(value: Any) -> float:
    """A number, a variable or a tensor as a float."""
    if hasattr(value, "numpy"):
        value = value.numpy()
    return float(value.item() if hasattr(value, "item") else value)

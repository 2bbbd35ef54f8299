"""How a value that is logged becomes what a row holds: numbers, booleans, texts, None, and JSON lists and objects."""

from __future__ import annotations

import dataclasses
import enum
import math
import pathlib
import re
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from types import GeneratorType
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.wandb_run import Run

LIST_ITEMS: Final = 32
"""An array with more values becomes a histogram."""
_LOW: Final = -(2**63)
_HIGH: Final = 2**64 - 1
_DEEPEST: Final = 200

Path = tuple[str, ...]


class Place(int):
    """The number that files of a value have in their names, with the row and the name the value really goes to."""

    row: int
    name: str
    index: int

    def __new__(cls, number: int, row: int, name: str, index: int = 0) -> Place:
        """`name` has all parts of a nested one; `index` is the place in a list."""
        place = super().__new__(cls, number)
        place.row, place.name, place.index = row, name, index
        return place


def flat(data: Mapping[Any, Any], run: Run, step: int, row: int, prefix: Path = ()) -> Iterator[tuple[Path, Any]]:
    """The items of a call by the path of their names, with values as rows hold them.

    They go to row `row`; `step` is the one that was open before, by which files are named. Dicts are taken apart,
    unless they say what they are (`_type`). Raises `TypeError`, and what a data type raises.
    """
    for key, value in list(data.items()):
        path = (*prefix, key if isinstance(key, str) else str(key))
        if hasattr(value, "set_key") and hasattr(value, "spec"):
            path, value = chart(path, value, run)
        if isinstance(value, Mapping) and "_type" not in value:
            yield from flat(value, run, step, row, path)
            continue
        if dataclasses.is_dataclass(value) and not isinstance(value, type) and not hasattr(value, "to_json"):
            yield from flat(dataclasses.asdict(value), run, step, row, path)
            continue
        yield path, to_row_value(path, value, run, step, row)


def chart(path: Path, value: Any, run: Run) -> tuple[Path, Any]:
    """What of a chart of `wandb.plot` goes into the row: its table. What draws it is kept with the run's config."""
    value.set_key(".".join(path))
    run._set_config_wandb(value.spec.config_key[1:], value.spec.config_value)
    return (getattr(value.spec, "table_key", ".".join(path)),), value.table


def to_row_value(path: Path, value: Any, run: Run, step: int, row: int) -> Any:
    """One value as a row holds it, for the row with number `row`, when `step` is the open one.

    Raises `TypeError` for what has no JSON form, and what a data type raises.
    """
    kind = type(value)
    if kind is float or kind is bool or value is None:
        return value
    if kind is int:
        return whole(value)
    if kind is str:
        return clean(value)
    plain = _plain(value)
    if plain is not _OTHER:
        return plain
    if needs_types(value):
        from pluto.compat.wandb.sdk.data_types.utils import val_to_json

        value = val_to_json(run, path[-1], value, namespace=Place(step, row, ".".join(path)))
    return jsonable(value)


def summary_value(key: str, value: Any, run: Any) -> Any:
    """A value as a summary has it: large arrays as a few numbers about them.

    Raises `TypeError` for what has no JSON form, and what a data type raises.
    """
    if needs_types(value):
        from pluto.compat.wandb.sdk.data_types.utils import val_to_json

        value = val_to_json(run, key, value, namespace="summary")
    return jsonable(value, many=statistics)


def statistics(array: Any) -> dict[str, Any]:
    """What a summary has of an array of more than 32 values."""
    import numpy

    points = {f"{percent}%": float(numpy.percentile(array, percent)) for percent in (10, 25, 75, 90)}
    facts = {"var": numpy.var(array), "mean": numpy.mean(array), "min": numpy.amin(array), "max": numpy.amax(array)}
    numbers = {name: value.item() for name, value in facts.items()}
    return {"_type": f"numpy.{type(array).__name__}", **numbers, **points, "size": int(array.size)}


def needs_types(value: Any) -> bool:
    """Whether a value is one of the door's data types, or becomes one: media, charts, tables, figures, frames."""
    types = sys.modules.get("pluto.compat.wandb.sdk.data_types.base_types.wb_value")
    if types is not None:
        if isinstance(value, types.WBValue):
            return True
        if isinstance(value, (list, tuple)) and value and all(isinstance(item, types.WBValue) for item in value):
            return True
    module = type(value).__module__.partition(".")[0]
    return module in ("pandas", "matplotlib", "plotly", "polars") or _is_pyplot(value)


def jsonable(value: Any, depth: int = 0, many: Callable[[Any], Any] | None = None) -> Any:
    """A value as JSON has it, NaN and infinities kept. `many` is what an array of more than 32 values becomes.

    Raises `TypeError` for what has no JSON form.
    """
    if value is None or isinstance(value, (bool, float)):
        return value if value is None or type(value) in (bool, float) else float(value)
    plain = _plain(value)
    if plain is not _OTHER:
        return plain
    if depth > _DEEPEST:
        raise ValueError("Circular reference detected")
    if isinstance(value, Mapping):
        return {_key(name): jsonable(item, depth + 1, many) for name, item in list(value.items())}
    if isinstance(value, (list, tuple, set, frozenset, deque, GeneratorType)):
        return [jsonable(item, depth + 1, many) for item in value]
    array = as_array(value)
    if array is not None:
        if array.size == 1:
            return jsonable(array.reshape(-1)[0].item() if array.dtype.kind != "O" else array.reshape(-1)[0], depth + 1)
        if array.size <= LIST_ITEMS:
            return jsonable(array.tolist(), depth + 1, many)
        return (many or histogram)(array)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return jsonable(dataclasses.asdict(value), depth + 1, many)
    if hasattr(value, "json_encode"):
        return jsonable(value.json_encode(), depth + 1, many)
    if callable(value):
        return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', type(value).__qualname__)}"
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def whole(value: int) -> int | float:
    """A whole number as the journal has it; beyond 64 bits the nearest float, or infinity."""
    if _LOW <= value <= _HIGH:
        return int(value)
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def clean(value: str) -> str:
    """A text that can be encoded."""
    return value if value.isascii() else value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def histogram(array: Any) -> dict[str, Any]:
    """What an array of more than 32 values becomes. Raises `ValueError` where its values are not finite."""
    import numpy

    counts, edges = numpy.histogram(array, bins=LIST_ITEMS)
    return {"_type": "histogram", "values": counts.tolist(), "bins": edges.tolist()}


def as_array(value: Any) -> Any | None:
    """The numpy array of an array or tensor of numpy, torch, jax or tensorflow, on this side of any device."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, (numpy.ndarray, numpy.generic)):
        return numpy.asarray(value)
    module = type(value).__module__.partition(".")[0]
    if module not in ("torch", "fastai", "jax", "jaxlib", "tensorflow"):
        return None
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        if str(value.dtype) in ("torch.bfloat16", "torch.float16"):
            value = value.float()
    if not hasattr(value, "__array__") and not hasattr(value, "numpy"):
        return None
    import numpy as np

    return np.asarray(value.numpy() if hasattr(value, "numpy") else value)


class _Other:
    """A value that is none of the plain ones."""


_OTHER: Final = _Other()


def _plain(value: Any) -> Any:
    """What a scalar of any library becomes; `_OTHER` for everything else."""
    if isinstance(value, str):
        return clean(str(value))
    if isinstance(value, bool):
        return bool(value)
    if isinstance(value, int):
        return whole(int(value))
    if isinstance(value, float):
        return float(value)
    if isinstance(value, enum.Enum):
        inner = _plain(value.value)
        return clean(value.name) if inner is _OTHER else inner
    if isinstance(value, (bytes, bytearray)):
        return value.decode("utf-8")
    if isinstance(value, (date, time)):
        text = value.isoformat()
        return f"{text[:-6]}Z" if text.endswith("+00:00") else text
    if isinstance(value, (Decimal, complex)):
        return str(value).strip("()")
    if isinstance(value, (UUID, pathlib.Path)) or type(value).__module__ in ("fractions", "ipaddress"):
        return clean(str(value))
    if isinstance(value, timedelta):
        return msgspec.to_builtins(value)
    if isinstance(value, re.Pattern):
        return clean(str(value.pattern))
    return _OTHER


def _key(name: Any) -> str:
    return clean(name) if isinstance(name, str) else str(name)


def _is_pyplot(value: Any) -> bool:
    pyplot = sys.modules.get("matplotlib.pyplot")
    return pyplot is not None and value is pyplot

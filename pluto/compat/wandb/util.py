"""Small conversions that scripts and frameworks import from here."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import IO, Any, Final

from pluto.compat.wandb.errors.errors import Error
from pluto.compat.wandb.sdk.lib.config_values import config_value
from pluto.compat.wandb.sdk.lib.row_values import as_array, jsonable
from pluto.compat.wandb.sdk.lib.runid import generate_id
from pluto.compat.wandb.sdk.lib.settings_sources import auto_project_name

VALUE_BYTES_LIMIT: Final = 100_000


def get_full_typename(o: Any) -> str:
    """The class of a value, with its module."""
    return f"{type(o).__module__}.{type(o).__qualname__}"


def get_module(name: str, required: str | None = None, lazy: bool = True) -> Any:  # noqa: ARG001
    """A module; None where it can't be imported, or `Error` with the text `required`."""
    try:
        return importlib.import_module(name)
    except Exception as error:
        if required:
            raise Error(required) from error
        return None


def get_optional_module(name: str) -> Any:
    """A module, or None."""
    return get_module(name)


def is_numpy_array(obj: Any) -> bool:
    """Whether a value is a numpy array."""
    return type(obj).__module__.partition(".")[0] == "numpy" and type(obj).__name__ == "ndarray"


def is_pandas_data_frame(obj: Any) -> bool:
    """Whether a value is a frame of pandas."""
    return type(obj).__module__.partition(".")[0] == "pandas" and type(obj).__name__ == "DataFrame"


def is_matplotlib_typename(typename: str) -> bool:
    """Whether a class is one of matplotlib's."""
    return typename.startswith("matplotlib.")


def is_plotly_typename(typename: str) -> bool:
    """Whether a class is one of plotly's."""
    return typename.startswith("plotly.")


def is_pytorch_tensor_typename(typename: str) -> bool:
    """Whether a class is a tensor of torch."""
    return typename.startswith("torch.") and ("Tensor" in typename or "Variable" in typename or "Parameter" in typename)


def is_tf_tensor_typename(typename: str) -> bool:
    """Whether a class is a tensor of tensorflow."""
    return typename.startswith("tensorflow.") and "Tensor" in typename


def is_jax_tensor_typename(typename: str) -> bool:
    """Whether a class is an array of jax."""
    return typename.startswith(("jax.", "jaxlib.")) and "Array" in typename


def json_friendly(obj: Any, *, preserve_numpy_nan: bool = False) -> tuple[Any, bool]:
    """A value nearer to JSON, and whether it is another one now. Arrays of up to 32 values become lists; NaN None."""
    array = as_array(obj)
    if array is not None:
        if array.size == 1:
            value = array.reshape(-1)[0].item()
            lost = isinstance(value, float) and math.isnan(value) and not preserve_numpy_nan
            return (None if lost else value), True
        return (array.tolist() if array.size <= 32 else array), True
    if isinstance(obj, float) and math.isnan(obj):
        return None, True
    if obj is None or isinstance(obj, (str, int, float, bool, list, tuple)) or dataclasses.is_dataclass(obj):
        return obj, False
    if isinstance(obj, (set, frozenset)):
        return tuple(obj), True
    if isinstance(obj, Mapping):
        names = {_key(name): value for name, value in obj.items()}
        return names, any(name is not other for name, other in zip(names, obj, strict=True))
    value = config_value(obj) if callable(obj) or not hasattr(obj, "__dict__") or hasattr(obj, "name") else obj
    return value, value is not obj


def json_friendly_val(val: Any) -> Any:
    """A value that JSON has: dicts, lists, texts, numbers, booleans and None; anything else as its text."""
    return config_value(val)


class WandBJSONEncoder(json.JSONEncoder):
    """JSON of arrays, dates, functions and the like, too."""

    def default(self, obj: Any) -> Any:
        """What JSON has for a value it does not know. Raises `TypeError` where there is nothing."""
        return jsonable(obj, many=lambda array: array.tolist())


def json_dumps_safer(obj: Any, **kwargs: Any) -> str:
    """JSON text of a value, arrays and the like included. Raises `TypeError` for what has none."""
    return json.dumps(obj, cls=WandBJSONEncoder, **kwargs)


def json_dump_safer(obj: Any, fp: IO[str], **kwargs: Any) -> None:
    """Writes the same to a file."""
    json.dump(obj, fp, cls=WandBJSONEncoder, **kwargs)


def json_dumps_safer_history(obj: Any, **kwargs: Any) -> str:
    """JSON text of a value as a row has it: large arrays are histograms."""
    return json.dumps(jsonable(obj), **kwargs)


def make_json_if_not_number(v: Any) -> int | float | str:
    """A number as it is, anything else as JSON text."""
    return v if isinstance(v, (float, int)) else json_dumps_safer(v)


def make_safe_for_json(obj: Any) -> Any:
    """A value whose numbers are all finite: NaN and infinities become their names."""
    if isinstance(obj, Mapping):
        return {name: make_safe_for_json(value) for name, value in obj.items()}
    if isinstance(obj, str):
        return obj
    if isinstance(obj, Sequence):
        return [make_safe_for_json(value) for value in obj]
    if isinstance(obj, float) and not math.isfinite(obj):
        return "NaN" if math.isnan(obj) else "Infinity" if obj > 0 else "-Infinity"
    return obj


def make_artifact_name_safe(name: str) -> str:
    """A name that an artifact can have: letters, digits, `-`, `_` and `.`, at most 128 of them."""
    cleaned = re.sub(r"[^a-zA-Z0-9_\-.]", "_", name)
    return cleaned if len(cleaned) <= 128 else f"{cleaned[:63]}..{cleaned[-63:]}"


def load_yaml(file: Any) -> Any:
    """What a YAML file or text holds. Raises `ConfigError`."""
    from pluto.compat.wandb.sdk.lib.config_util import load_yaml as load

    return load(file if isinstance(file, str) else file.read())


def _key(name: Any) -> Any:
    return name.item() if type(name).__module__ == "numpy" and hasattr(name, "item") else name


__all__ = [
    "VALUE_BYTES_LIMIT", "WandBJSONEncoder", "auto_project_name", "generate_id", "get_full_typename", "get_module",
    "get_optional_module", "is_jax_tensor_typename", "is_matplotlib_typename", "is_numpy_array", "is_pandas_data_frame",
    "is_plotly_typename", "is_pytorch_tensor_typename", "is_tf_tensor_typename", "json_dump_safer", "json_dumps_safer",
    "json_dumps_safer_history", "json_friendly", "json_friendly_val", "load_yaml", "make_artifact_name_safe",
    "make_json_if_not_number", "make_safe_for_json",
]  # fmt: skip

"""Checks of arguments, and small things that other packages import from here."""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Iterable, Mapping
from io import IOBase
from typing import Any

from pluto.compat.neptune.internal.types.stringify_value import StringifyValue

__all__ = [
    "as_list",
    "base64_decode",
    "base64_encode",
    "does_paths_share_common_drive",
    "get_absolute_paths",
    "get_common_root",
    "is_bool",
    "is_collection",
    "is_dict_like",
    "is_float",
    "is_float_like",
    "is_int",
    "is_ipython",
    "is_stream",
    "is_string",
    "is_string_like",
    "is_stringify_value",
    "replace_patch_version",
    "verify_collection_type",
    "verify_optional_callable",
    "verify_type",
    "verify_value",
]

Types = Any
"""A type, or a tuple of types."""


def verify_type(var_name: str, var: Any, expected_type: Types) -> None:
    """Raises `TypeError` unless `var` is of the type, or of one of them, or is a stream that can't be read."""
    if not isinstance(var, expected_type):
        kinds = expected_type if isinstance(expected_type, tuple) else (expected_type,)
        names = " or ".join("None" if kind is type(None) else getattr(kind, "__name__", str(kind)) for kind in kinds)
        raise TypeError(f"{var_name} has to be of type {names}, not {type(var).__name__}")
    if isinstance(var, IOBase) and not hasattr(var, "read"):
        raise TypeError(f"{var_name} is a stream that can't be read")


def verify_value(var_name: str, var: Any, expected_values: Iterable[Any]) -> None:
    """Raises `ValueError` unless `var` is one of the values."""
    allowed = list(expected_values)
    if var not in allowed:
        raise ValueError(f"{var_name} has to be one of {allowed}, not {var!r}")


def verify_collection_type(var_name: str, var: Any, expected_type: Types) -> None:
    """Raises `TypeError` unless `var` is a list, set or tuple of elements of the type."""
    verify_type(var_name, var, (list, set, tuple))
    for element in var:
        verify_type(f"every element of {var_name}", element, expected_type)


def verify_optional_callable(var_name: str, var: Any) -> None:
    """Raises `TypeError` unless `var` can be called, or is nothing."""
    if var and not callable(var):
        raise TypeError(f"{var_name} has to be callable, and a {type(var).__name__} is not")


def as_list(name: str, value: str | Iterable[str] | None) -> Iterable[str]:
    """Texts, of one text, of several, or of None. Raises `TypeError`."""
    if value is None:
        return []
    if isinstance(value, str):
        return [value]
    verify_type(name, value, (type(None), str, Iterable))
    verify_collection_type(name, value, str)
    return value


def is_stream(var: Any) -> bool:
    """Whether it is a stream that can be read."""
    return isinstance(var, IOBase) and hasattr(var, "read")


def is_bool(var: Any) -> bool:
    """Whether it is a bool."""
    return isinstance(var, bool)


def is_int(var: Any) -> bool:
    """Whether it is a whole number of Python's; so are bools."""
    return isinstance(var, int)


def is_float(var: Any) -> bool:
    """Whether it is a number of Python's."""
    return isinstance(var, (float, int))


def is_string(var: Any) -> bool:
    """Whether it is a text."""
    return isinstance(var, str)


def is_float_like(var: Any) -> bool:
    """Whether `float()` takes it."""
    try:
        float(var)
    except (ValueError, TypeError):
        return False
    return True


def is_dict_like(var: Any) -> bool:
    """Whether it is a mapping."""
    return isinstance(var, Mapping)


def is_argparse_namespace(var: Any) -> bool:
    """Whether it is what an `ArgumentParser` gives."""
    argparse = sys.modules.get("argparse")  # not loaded: then there are none
    return argparse is not None and isinstance(var, argparse.Namespace)


def is_string_like(var: Any) -> bool:
    """Whether `str()` takes it."""
    try:
        str(var)
    except ValueError:
        return False
    return True


def is_stringify_value(var: Any) -> bool:
    """Whether `stringify_unsupported` made it."""
    return isinstance(var, StringifyValue)


def is_collection(var: Any) -> bool:
    """Whether it is a list, set or tuple."""
    return isinstance(var, (list, set, tuple))


def base64_encode(data: bytes) -> str:
    """Bytes as a text."""
    return base64.b64encode(data).decode()


def base64_decode(data: str) -> bytes:
    """The bytes of such a text."""
    return base64.b64decode(data.encode())


def get_absolute_paths(file_globs: Iterable[str]) -> list[str]:
    """The absolute paths of what the patterns (`**` goes deep) match, each once."""
    from glob import glob

    found = {path for pattern in file_globs for path in glob(pattern, recursive=True)}
    return [os.path.abspath(path) for path in found]


def get_common_root(absolute_paths: list[str]) -> str | None:
    """The folder all lie in, the current one if that is below it; None where there is no such folder."""
    try:
        root = os.path.commonpath(absolute_paths)
    except ValueError:
        return None
    if os.path.isfile(root):
        root = os.path.dirname(root)
    return os.getcwd() if root.startswith(os.getcwd() + os.sep) else root


def does_paths_share_common_drive(paths: Iterable[str]) -> bool:
    """Whether all lie on one drive; always so on POSIX."""
    return len({os.path.splitdrive(path)[0] for path in paths}) == 1


def is_ipython() -> bool:
    """Whether this is IPython's prompt or a notebook."""
    shell = sys.modules.get("IPython")
    return shell is not None and hasattr(shell, "get_ipython") and shell.get_ipython() is not None


def replace_patch_version(version: str) -> str:
    """The first version of a version's line: `1.2.3` becomes `1.2.0`."""
    major, minor = version.split(".")[:2]
    return f"{major}.{minor}.0"

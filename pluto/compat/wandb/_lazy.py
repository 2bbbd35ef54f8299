"""Attributes of packages that are loaded when first asked for."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from types import ModuleType
from typing import Any


def attributes(
    package: str,
    space: dict[str, Any],
    homes: Mapping[str, tuple[str, ...]],
    name: str,
    modules: Mapping[str, str] | None = None,
) -> Any:
    """What `name` stands for in a package whose `__getattr__` was asked: kept in `space`, its globals, from then on.

    `homes` has, by module below the package, the names taken from there; `modules` other names of modules below it.
    A module below it goes by its own name, as if it had been imported. Raises `AttributeError` for any other name.
    """
    for home, names in homes.items():
        if name in names:
            value = space[name] = getattr(importlib.import_module(f"{package}.{home}"), name)
            return value
    path = f"{package}.{(modules or {}).get(name, name)}"
    if name.startswith("__") or importlib.util.find_spec(path) is None:
        raise AttributeError(f"module {package!r} has no attribute {name!r}")
    try:
        value = space[name] = importlib.import_module(path)
    except ModuleNotFoundError:
        return _Unmet(path)
    return value


class _Unmet(ModuleType):
    """A module that needs a package which is not installed: it can be named, and its names say what to install."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(importlib.import_module(self.__name__), name)

"""Modules that are imported when they are first used."""

from __future__ import annotations

import importlib
import types
from typing import Any

from pluto.compat.wandb.errors.term import termwarn


class LazyLoader(types.ModuleType):
    """Stands for a module until something of it is asked for."""

    def __init__(
        self, local_name: str, parent_module_globals: dict[str, Any], name: str, warning: str | None = None
    ) -> None:
        """`local_name` is what it is called in the globals of the module that holds it, `name` its path."""
        self._local_name, self._parent_module_globals, self._warning = local_name, parent_module_globals, warning
        super().__init__(name)

    def _load(self) -> types.ModuleType:
        module = importlib.import_module(self.__name__)
        self._parent_module_globals[self._local_name] = module
        if self._warning:
            termwarn(self._warning, repeat=False)
        self.__dict__.update(module.__dict__)
        return module

    def __getattr__(self, item: str) -> Any:
        return getattr(self._load(), item)

    def __dir__(self) -> list[str]:
        return dir(self._load())

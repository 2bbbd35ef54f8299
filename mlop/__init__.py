"""The old name of Pluto: `mlop` and its submodules are `pluto` and its submodules, after one warning."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
import warnings
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import pluto

warnings.warn("'mlop' is now 'pluto': write `import pluto`", DeprecationWarning, stacklevel=2)

__all__ = pluto.__all__


def __getattr__(name: str) -> Any:
    return getattr(pluto, name)


def __dir__() -> list[str]:
    return dir(pluto)


class _Alias(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `mlop.x` and gives `pluto.x` itself."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        package, _, rest = fullname.partition(".")
        if package != __name__ or rest in ("", "__main__"):
            return None
        return importlib.machinery.ModuleSpec(fullname, self)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        try:
            module = importlib.import_module("pluto" + spec.name.removeprefix(__name__))
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(f"No module named {spec.name!r} ({error})", name=spec.name) from None
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has put the alias's spec into the module that it was given.
        assert module.__spec__ is not None
        module.__spec__ = module.__spec__.loader_state


sys.meta_path.insert(0, _Alias())

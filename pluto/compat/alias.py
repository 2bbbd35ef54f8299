"""Lets code that says `import neptune` or `import wandb` find Pluto's modules of that kind, the very same objects.

    from pluto.compat import alias

    alias.install("neptune")
    import neptune                            # is pluto.compat.neptune
    from neptune.types import File            # so are all modules below it

It has to be asked for, and counts for this process alone. Scripts that can't be changed are run with

    python -m pluto.compat.alias script.py …
    python -m pluto.compat.alias -m package …

which counts for the Python processes they start, too. Frameworks that look for the packages' metadata find the version
that is mirrored.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import runpy
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.metadata import Distribution, DistributionFinder
from pathlib import Path
from types import ModuleType
from typing import Final

__all__ = ["MIRRORED", "SameModules", "install", "uninstall"]

VARIABLE: Final = "PLUTO_ALIAS"
"""Names the packages for the processes that a script starts."""


@dataclass(frozen=True, slots=True)
class Mirrored:
    """A package that is mirrored: its distribution and version, and where its mirror is."""

    distribution: str
    version: str
    module: str


MIRRORED: Final = {
    "neptune": Mirrored("neptune", "1.14.0.post2", "pluto.compat.neptune"),
    "neptune_scale": Mirrored("neptune-scale", "0.30.0", "pluto.compat.neptune_scale"),
    "neptune_query": Mirrored("neptune-query", "1.14.1", "pluto.compat.neptune_query"),
    "wandb": Mirrored("wandb", "0.31.0", "pluto.compat.wandb"),
}
"""What can be asked for, by the name it is imported by."""


def install(*names: str) -> None:
    """Lets these packages (all, without names) be Pluto's from now on. Harmless when repeated.

    Raises `ImportError` where this process has imported such a package itself, and `ValueError` for another name.
    """
    for name in _named(names):
        there = sys.modules.get(name)
        if there is not None and there.__name__ != MIRRORED[name].module:
            raise ImportError(
                f"this process has imported {name} already, from {there.__file__}: install the alias first"
            )
        if not any(isinstance(finder, Mirror) and finder.name == name for finder in sys.meta_path):
            sys.meta_path.insert(0, Mirror(name))


def uninstall(*names: str) -> None:
    """Takes `install` back for these packages (all, without names). Modules that were imported stay what they are."""
    gone = _named(names)
    sys.meta_path[:] = [one for one in sys.meta_path if not (isinstance(one, Mirror) and one.name in gone)]
    for name, module in list(sys.modules.items()):
        top = name.partition(".")[0]
        if top in gone and getattr(module, "__name__", "").startswith(MIRRORED[top].module):
            del sys.modules[name]


def _named(names: Iterable[str]) -> list[str]:
    asked = list(names) or [name for name, one in MIRRORED.items() if importlib.util.find_spec(one.module)]
    for name in asked:
        if name not in MIRRORED:
            raise ValueError(f"{name!r} is not mirrored: {', '.join(MIRRORED)} are")
    return asked


class SameModules(MetaPathFinder):
    """Finds the modules below one name where they are already: below another one, as the same objects."""

    def __init__(self, name: str, module: str, but: Sequence[str] = ()) -> None:
        self.name = name
        self._module = module
        self._but = {name, *(f"{name}.{one}" for one in but)}

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """The module's spec; None for a name that is not below this one, or where there is nothing."""
        if fullname in self._but or not fullname.startswith(f"{self.name}."):
            return None
        return self._same(fullname, self._module + fullname[len(self.name) :])

    @staticmethod
    def _same(name: str, other: str) -> ModuleSpec | None:
        found = importlib.util.find_spec(other)
        if found is None:
            return None
        spec = ModuleSpec(name, _Same(other), origin=found.origin)
        spec.submodule_search_locations = found.submodule_search_locations
        spec.has_location = found.has_location
        return spec


class Mirror(SameModules, DistributionFinder):
    """Finds a mirrored package, its modules and its metadata."""

    def __init__(self, name: str) -> None:
        self._about = MIRRORED[name]
        super().__init__(name, self._about.module)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As `SameModules.find_spec`, with the package itself."""
        if fullname == self.name:
            return self._same(fullname, self._about.module)
        return super().find_spec(fullname, path, target)

    def find_distributions(self, context: DistributionFinder.Context | None = None) -> Iterable[Distribution]:
        """The package's distribution, where it, or all, are asked for."""
        asked = None if context is None else context.name
        if asked is None or re.sub(r"[-_.]+", "-", asked).lower() == self._about.distribution:
            yield _MirroredDistribution(self.name, self._about)


class _Same(Loader):
    def __init__(self, other: str) -> None:
        self._other = other
        self._spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:  # noqa: ARG002
        module = importlib.import_module(self._other)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has given the module the new name's spec; it keeps its own.
        module.__spec__ = self._spec


class _MirroredDistribution(Distribution):
    def __init__(self, package: str, about: Mirrored) -> None:
        self._texts = {
            "METADATA": f"Metadata-Version: 2.1\nName: {about.distribution}\nVersion: {about.version}\n"
            f"Summary: mirrored by {about.module}\n",
            "top_level.txt": f"{package}\n",
        }

    def read_text(self, filename: str) -> str | None:
        return self._texts.get(filename)

    def locate_file(self, path: str | os.PathLike[str]) -> Path:
        return Path(__file__).parent / path


def main(arguments: list[str]) -> None:
    """Runs a script, or a module after `-m`, with everything mirrored; what it starts of Python finds it so, too."""
    as_module = arguments[:1] == ["-m"]
    program = arguments[1:] if as_module else arguments
    if not program:
        raise SystemExit(
            "usage: python -m pluto.compat.alias script.py [ARGUMENT]...\n       … -m module [ARGUMENT]..."
        )
    install()
    os.environ[VARIABLE] = ",".join(one.name for one in sys.meta_path if isinstance(one, Mirror))
    startup = str(Path(__file__).with_name("startup"))
    os.environ["PYTHONPATH"] = os.pathsep.join([startup, *filter(None, [os.environ.get("PYTHONPATH")])])
    sys.argv[:] = program
    if as_module:
        runpy.run_module(program[0], run_name="__main__", alter_sys=True)
    else:
        sys.path[0] = str(Path(program[0]).resolve().parent)
        runpy.run_path(program[0], run_name="__main__")


if __name__ == "__main__":
    # As the module others import: the finders are told apart by their class.
    importlib.import_module("pluto.compat.alias").main(sys.argv[1:])

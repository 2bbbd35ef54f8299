"""Where the modules below `neptune.new` are."""

from __future__ import annotations

from pluto.compat.alias import SameModules

__all__ = ["CompatibilityImporter"]

_OLD = __name__.rpartition(".")[0]
_OWN = ("_compatibility", "project", "run", "runs_table")
"""What is only here."""


class CompatibilityImporter(SameModules):
    """Finds the modules below `neptune.new` where they are now: below `neptune`, as the same objects."""

    def __init__(self) -> None:
        super().__init__(_OLD, _OLD.rpartition(".")[0], but=_OWN)

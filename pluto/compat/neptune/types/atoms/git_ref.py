"""Which repository a run belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NewType

from pluto.compat.neptune.internal.entry_point import executed_script
from pluto.compat.neptune.types.atoms.atom import Atom

__all__ = ["GitRef", "GitRefDisabled"]

GitRefDisabled = NewType("GitRefDisabled", str)

_SCRIPT: Final[str | Path | None] = executed_script()


class WithDisabledMixin:
    """Has the value that stands for no repository."""

    DISABLED: GitRefDisabled = GitRefDisabled("DO_NOT_TRACK_GIT_REPOSITORY")
    """Passed as `git_ref`, it leaves the repository alone."""


@dataclass
class GitRef(Atom, WithDisabledMixin):
    """A repository, by a path in it: a folder or file; the main script when not given."""

    repository_path: str | Path | None = _SCRIPT

    def accept(self, visitor: Any) -> Any:
        """Calls `visitor.visit_git_ref`."""
        return visitor.visit_git_ref(self)

    def resolve_path(self) -> Path | None:
        """The path, resolved; None where there is none."""
        return None if self.repository_path is None else Path(self.repository_path).resolve()

    def __str__(self) -> str:
        return f"GitRef({self.repository_path})"

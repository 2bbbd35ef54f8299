"""What a call asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pluto.compat.neptune_query.internal.expressions import Expression
    from pluto.compat.neptune_query.internal.members import ContainerType
    from pluto.compat.neptune_query.internal.selection import Selection


@dataclass(frozen=True)
class Target:
    """Whose attributes, and which."""

    project: str
    container: ContainerType
    expression: Expression | None
    selection: Selection


@dataclass(frozen=True)
class Points:
    """Which points of each series: of steps within bounds, with what forks inherit, the last so many."""

    steps: tuple[float | None, float | None] = (None, None)
    to_the_root: bool = True
    tail: int | None = None
    previews: bool = False
    time: bool = False
    """Whether their times are wanted, too."""

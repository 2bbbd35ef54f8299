"""The attributes of one run as they were when it was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pluto.compat.attributes.containers import Container
from pluto.compat.attributes.kinds import Atom, AttributeKind


@dataclass(frozen=True, slots=True)
class SeriesSummary:
    """A series in a few values. Of a string series there is `last` alone."""

    last: float | str | None
    last_step: float | None = None
    count: int | None = None
    min: float | None = None
    max: float | None = None
    average: float | None = None
    variance: float | None = None


class RunAttributes:
    """One run. What it holds is there; series and files are read by `AttributeReader`."""

    id: int
    """The server's number of the run, over all projects."""
    number: int
    """Its number within the project."""
    project: str
    """The Neptune project."""
    container: Container
    display_id: str
    external_id: str | None
    name: str
    status: str
    """`RUNNING`, `COMPLETED`, `FAILED`, `TERMINATED`, `CANCELLED`."""
    created: datetime
    modified: datetime
    parent: int | None
    """`id` of the run it was forked from."""
    fork_step: float | None
    trashed: bool

    @property
    def sys_id(self) -> str:
        """Neptune's id: the display id of a run, the external id of other containers."""
        raise NotImplementedError

    @property
    def definitions(self) -> Mapping[str, AttributeKind]:
        """Every attribute and its kind: what was written, and what is derived (`sys/…`, `monitoring/…`, …)."""
        raise NotImplementedError

    def kind(self, path: str) -> AttributeKind | None:
        """The kind of an attribute, None where there is none."""
        raise NotImplementedError

    def atom(self, path: str) -> Atom:
        """The value of an attribute that holds one (of a RUN_STATE: `running` or `idle`). Raises `KeyError`."""
        raise NotImplementedError

    def summary(self, path: str) -> SeriesSummary | None:
        """A float or string series in a few values, None for one without points.

        Raises `KeyError` for what is no such series, or was not asked for in `AttributeReader.runs`.
        """
        raise NotImplementedError

    def last(self, path: str) -> float | str | None:
        """The last value of a float or string series, as `summary`."""
        raise NotImplementedError

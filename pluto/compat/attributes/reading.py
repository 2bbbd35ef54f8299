"""Reading the attributes of runs, whoever wrote them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from pluto.compat.attributes.containers import Container
from pluto.compat.attributes.kinds import TrackedFiles
from pluto.compat.attributes.snapshot import RunAttributes
from pluto.compat.attributes.values import FloatPoints, HistogramPoints, StoredFile, TextPoints

if TYPE_CHECKING:
    from typing_extensions import Self

    from pluto.core.op import Op
    from pluto.core.settings import Settings
    from pluto.query import Client


class AttributeReader:
    """Reads runs of the local store or a server. Sees what this process has written. Raises `pluto.query.QueryError`.

    `settings` says where (as `pluto.query.Client`), or `client` is used as it is and left open.
    """

    def __init__(
        self, client: Client | None = None, *, settings: Settings | Mapping[str, Any] | None = None, timeout: int = 30
    ) -> None:
        raise NotImplementedError

    @classmethod
    def of(cls, op: Op) -> AttributeReader:
        """A reader of the place an open run goes to."""
        return cls(settings=op.settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection."""
        raise NotImplementedError

    @property
    def client(self) -> Client:
        """What it reads through."""
        raise NotImplementedError

    def find(
        self,
        project: str,
        *,
        display_id: str | None = None,
        external_id: str | None = None,
        id: int | None = None,
        container: Container = "run",
        series: Collection[str] | None = None,
    ) -> RunAttributes | None:
        """The run of this project named by exactly one of these, or None. With the last values of all its series,
        unless only some `series` are asked for.
        """
        raise NotImplementedError

    def runs(
        self,
        project: str,
        *,
        container: Container = "run",
        series: Collection[str] | None = (),
        trashed: bool | None = False,
    ) -> Iterator[RunAttributes]:
        """Every run of the project, newest first.

        `series`: which series' last values (and minima, …) come along; None for all. `trashed`: only runs that are in
        the trash, or are not; None for both.
        """
        raise NotImplementedError

    def floats(
        self,
        run: RunAttributes,
        path: str,
        *,
        step_min: float | None = None,
        step_max: float | None = None,
        tail: int | None = None,
        inherited: bool = False,
    ) -> FloatPoints:
        """A float series; nothing for a path that is none. `inherited`: with what the runs it was forked from had
        logged up to the fork. `tail`: only the last so many.
        """
        raise NotImplementedError

    def many_floats(
        self,
        pairs: Sequence[tuple[RunAttributes, str]],
        *,
        step_min: float | None = None,
        step_max: float | None = None,
        tail: int | None = None,
        inherited: bool = False,
    ) -> list[FloatPoints]:
        """Float series of many runs, in the order asked for, in as few requests as can be."""
        raise NotImplementedError

    def texts(
        self,
        run: RunAttributes,
        path: str,
        *,
        step_min: float | None = None,
        step_max: float | None = None,
        tail: int | None = None,
        inherited: bool = False,
    ) -> TextPoints:
        """A string series, likewise. Console lines count as steps from 0 on."""
        raise NotImplementedError

    def histograms(
        self,
        run: RunAttributes,
        path: str,
        *,
        step_min: float | None = None,
        step_max: float | None = None,
        tail: int | None = None,
        inherited: bool = False,
    ) -> HistogramPoints:
        """A histogram series, likewise."""
        raise NotImplementedError

    def files(self, run: RunAttributes, path: str) -> list[StoredFile]:
        """The one of a File, all of a series by step, all of a set by name; nothing for a path that is none."""
        raise NotImplementedError

    def download(self, file: StoredFile, destination: Path) -> Path:
        """Writes a file's content to exactly this place (folders are made), and gives it."""
        raise NotImplementedError

    def read(self, file: StoredFile) -> bytes:
        """A file's content."""
        raise NotImplementedError

    def tracked(self, run: RunAttributes, path: str) -> TrackedFiles:
        """An artifact with its list of files. Raises `KeyError`."""
        raise NotImplementedError

    def lineage(self, run: RunAttributes) -> list[tuple[RunAttributes, float]]:
        """The runs it was forked from, parent first, and the step up to which each one's points count."""
        raise NotImplementedError

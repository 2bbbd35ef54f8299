"""What a store of metadata must do. `tests/server/conformance_metadata.py` holds the tests every store passes.

Times are whole milliseconds since the epoch, UTC. Every method is one transaction, safe from several processes at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from pluto.server.metadata.artifacts.contract import Artifacts
from pluto.server.metadata.filters import Condition


@dataclass(frozen=True, slots=True)
class Project:
    id: int
    name: str
    prefix: str
    created_at: int
    updated_at: int
    runs: int
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    id: int
    project: str
    prefix: str
    number: int
    name: str
    external_id: str | None
    status: str
    tags: list[str]
    config: dict[str, Any]
    system_metadata: dict[str, Any]
    logger_settings: dict[str, Any]
    status_metadata: Any
    notes: str | None
    created_at: int
    updated_at: int
    status_updated: int
    forked_from: int | None
    fork_step: float | None

    @property
    def display_id(self) -> str:
        return f"{self.prefix}-{self.number}"


@dataclass(frozen=True, slots=True)
class RunItem:
    """A run in a list: what can be had without reading its config."""

    id: int
    project: str
    prefix: str
    number: int
    name: str
    status: str
    tags: list[str]
    created_at: int

    @property
    def display_id(self) -> str:
        return f"{self.prefix}-{self.number}"


@dataclass(frozen=True, slots=True)
class NewRun:
    project: str
    name: str
    external_id: str | None = None
    tags: Sequence[str] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    system_metadata: Mapping[str, Any] = field(default_factory=dict)
    logger_settings: Mapping[str, Any] = field(default_factory=dict)
    created_at: int | None = None
    updated_at: int | None = None
    forked_from: int | None = None
    fork_step: float | None = None


@dataclass(frozen=True, slots=True)
class StatusEvent:
    id: int
    run: int
    from_status: str | None
    to_status: str
    source: str
    metadata: Any
    created_at: int


@dataclass(frozen=True, slots=True)
class QuietRun:
    """A RUNNING run that may be gone."""

    id: int
    last_beat: int | None
    status_updated: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class Triggered:
    """A RUNNING run with thresholds at which it wants to be stopped."""

    id: int
    trigger: Any
    status_updated: int


@dataclass(frozen=True, slots=True)
class MetricSummary:
    """One metric of one run, finite values only (None where there is none)."""

    name: str
    count: int
    min: float | None
    max: float | None
    mean: float | None
    variance: float | None
    last: float | None
    last_step: float | None = None
    """Step of `last`; None where it is not known."""
    odd_last: str | None = None
    """The last value where it is not finite: `NaN`, `Infinity` or `-Infinity`."""


@dataclass(frozen=True, slots=True)
class LastValue:
    """The last text, histogram or file of a name, or the last line of a stream from one source."""

    name: str
    source: str
    type: str
    """As logged; of a line `LINE`, of a file `FILE`."""
    step: float
    """Of a line, its number."""
    time: int
    """Microseconds."""
    body: str
    """Of a file, JSON text of its row."""


@dataclass(frozen=True, slots=True)
class OverviewQuery:
    """Runs of a project, newest first."""

    project: str
    limit: int
    after: tuple[int, int] | None = None
    """`created_at` and `id` of the last run of the page before."""
    runs: Sequence[int] | None = None
    """Only these; None for all."""
    metrics: Collection[str] | None = ()
    """Of which metrics to give the summaries; None for all."""
    facts: Collection[str] = ()
    """Which flat keys of the system metadata to give."""
    sizes: Collection[str] = ()
    """Of which of them to give the size alone."""
    lasts: Collection[str] | None = ()
    """Of which names and streams to give the last values; None for all."""


@dataclass(frozen=True, slots=True)
class Overview:
    """A run with what is known of it."""

    id: int
    project: str
    prefix: str
    number: int
    name: str
    external_id: str | None
    status: str
    tags: list[str]
    config: str
    """JSON text, as it is kept: of a thousand runs most is never looked at."""
    logger_settings: str
    """JSON text."""
    facts: dict[str, str | None]
    sizes: dict[str, int]
    """Bytes of a text; of a list of texts, with one more for each."""
    notes: str | None
    created_at: int
    updated_at: int
    status_updated: int
    beat: int | None
    forked_from: int | None
    fork_step: float | None
    names: dict[str, str]
    summaries: list[MetricSummary]
    lasts: list[LastValue] | None
    """None where what is kept may lag behind: the series know."""

    @property
    def display_id(self) -> str:
        return f"{self.prefix}-{self.number}"


@dataclass(frozen=True, slots=True)
class Sort:
    """`by` is `createdAt`, `updatedAt`, `name`, `status`, `heartbeat`, `config`, `systemMetadata` or `metric`."""

    by: str
    key: str = ""
    descending: bool = False


@dataclass(frozen=True, slots=True)
class RunQuery:
    project: str | None
    search: str | None = None
    tags: Sequence[str] = ()
    statuses: Sequence[str] = ()
    condition: Condition | None = None
    sort: Sort = Sort("createdAt", descending=True)
    limit: int = 50
    offset: int = 0


@dataclass(frozen=True, slots=True)
class ApiKey:
    id: int
    label: str
    hint: str
    created_at: int
    expires_at: int | None
    revoked_at: int | None


class Editor(Protocol):
    """Changes of one run, written together when its context ends."""

    @property
    def run(self) -> Run:
        """The run as it was."""

    @property
    def tags(self) -> list[str]:
        """The tags as changed so far."""

    def merge_config(self, values: Mapping[str, Any]) -> None:
        """Deeply: objects merge, anything else replaces."""

    def replace_config(self, values: Mapping[str, Any]) -> None: ...

    def remove_config(self, paths: Iterable[str]) -> None:
        """Takes values away, by their keys joined with `/`; what is not there is no error."""

    def merge_settings(self, values: Mapping[str, Any]) -> None: ...

    def merge_system_metadata(self, values: Mapping[str, Any]) -> None:
        """At the top level only."""

    def set_tags(self, tags: Iterable[str]) -> None:
        """Raises `ValueError` for more than one `group:` tag."""

    def set_notes(self, notes: str | None) -> None: ...
    def rename(self, name: str) -> None: ...
    def add_names(self, names: Mapping[str, str]) -> None:
        """Registers names; the first type of a name stays."""

    def forget_names(self, names: Iterable[str]) -> None:
        """Takes names away, and their summaries, before any are added."""

    def add_blobs(self, hashes: Iterable[str]) -> None: ...


class Runs(Protocol):
    def create(self, new: NewRun) -> tuple[Run, bool]:
        """The run, and whether it was there before: a known external id is attached to.

        Attaching merges the config and reopens a run that has ended; all else given is left aside.
        """

    def get(self, run: int) -> Run | None: ...
    def exists(self, run: int) -> bool: ...
    def by_external_id(self, project: str, external_id: str) -> Run | None: ...
    def set_aside(self, run: int) -> str | None:
        """Has the run give its external id up, for one with `~1`, `~2`, … behind it, which it gives.

        None for an unknown run, and for one that has no external id.
        """

    def by_display_id(self, prefix: str, number: int, project: str | None = None) -> list[Run]: ...

    def edit(self, run: int) -> AbstractContextManager[Editor]:
        """Raises `LookupError` for an unknown run."""

    def names(self, run: int, limit: int | None = None) -> dict[str, str]: ...

    def delete(self, run: int) -> list[tuple[str, int]] | None:
        """Forgets the run. Gives the blobs nobody refers to any more, with the time they were last referred to."""

    def release(self, run: int, held: Collection[str], before: int) -> list[tuple[str, int]]:
        """The run refers to no blobs but those it `held`, and those it was told of since `before`.

        Gives the blobs that nobody refers to any more, as `delete` does.
        """

    def projects(self, limit: int) -> list[Project]: ...

    def create_project(self, name: str, prefix: str | None, description: str | None) -> Project:
        """Raises `KeyError` for a name, or a prefix that was given, which another project has."""

    def delete_project(self, name: str) -> bool:
        """Forgets a project that has no runs. False where there is none, or it has some."""

    def of_project(self, name: str) -> list[int]:
        """Its runs' ids."""

    def project_names(self, project: str, runs: Sequence[int] | None, type: str) -> list[str]: ...


class Statuses(Protocol):
    def status(self, run: int) -> str | None: ...

    def set(self, run: int, status: str, *, source: str, at: int | None = None, metadata: Any = None) -> bool:
        """Moves the run to a status by the rules of `pluto.server.lifecycle`. False for an unknown run."""

    def set_metadata(self, run: int, metadata: Any) -> None: ...
    def events(self, run: int) -> list[StatusEvent]: ...

    def beat(self, run: int) -> str | None:
        """Notes a sign of life, obeys a cancel request, and gives the status. None for an unknown run."""

    def cancel(self, run: int) -> bool: ...

    def quiet(self, beat_before: int, update_before: int) -> list[QuietRun]:
        """RUNNING runs without a recent beat, or, if they never had one, without a recent update."""

    def triggered(self) -> list[Triggered]:
        """RUNNING runs whose logger settings have a `trigger`."""


class Search(Protocol):
    def find(self, query: RunQuery) -> tuple[list[RunItem], int]: ...
    def fields(self, runs: Sequence[int], source: str) -> dict[int, dict[str, str | float | None]]: ...

    def leaderboard(
        self, project: str, metric: str, column: Literal["min", "max", "mean", "last", "variance"], *,
        descending: bool, limit: int, offset: int,
    ) -> tuple[list[tuple[int, float]], int]: ...  # fmt: skip


class Overviews(Protocol):
    def page(self, query: OverviewQuery) -> list[Overview]: ...


class Summaries(Protocol):
    def stale(self, project: str) -> list[tuple[int, bool]]:
        """Runs whose kept summaries may lag behind the series, and whether each has ended."""

    def put(self, run: int, summaries: Sequence[MetricSummary], *, complete: bool) -> None:
        """Keeps summaries; with `complete` they are all there are, and the run is no longer stale."""

    def put_lasts(self, run: int, lasts: Sequence[LastValue]) -> None:
        """Keeps the last values of a run, in the place of those it had."""

    def mark_stale(self, run: int) -> None: ...


class Keys(Protocol):
    def add(self, label: str, hash: str, hint: str, expires_at: int | None) -> ApiKey: ...
    def find(self, hash: str) -> ApiKey | None: ...
    def list(self) -> list[ApiKey]: ...
    def revoke(self, key: int) -> bool: ...


class MetadataStore(Protocol):
    @property
    def runs(self) -> Runs: ...
    @property
    def statuses(self) -> Statuses: ...
    @property
    def search(self) -> Search: ...
    @property
    def overviews(self) -> Overviews: ...
    @property
    def summaries(self) -> Summaries: ...
    @property
    def keys(self) -> Keys: ...
    @property
    def artifacts(self) -> Artifacts: ...

    def check(self) -> None:
        """Raises when the store cannot be read."""

    def close(self) -> None: ...

"""What a store of metadata must do. `tests/server/conformance_metadata.py` holds the tests every store passes.

Times are whole milliseconds since the epoch, UTC. Every method is one transaction, safe from several processes at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
    def merge_settings(self, values: Mapping[str, Any]) -> None: ...

    def merge_system_metadata(self, values: Mapping[str, Any]) -> None:
        """At the top level only."""

    def set_tags(self, tags: Iterable[str]) -> None:
        """Raises `ValueError` for more than one `group:` tag."""

    def set_notes(self, notes: str | None) -> None: ...
    def rename(self, name: str) -> None: ...
    def add_names(self, names: Mapping[str, str]) -> None: ...
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

    def projects(self, limit: int) -> list[Project]: ...
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


class Summaries(Protocol):
    def stale(self, project: str) -> list[tuple[int, bool]]:
        """Runs whose kept summaries may lag behind the series, and whether each has ended."""

    def put(self, run: int, summaries: Sequence[MetricSummary], *, complete: bool) -> None:
        """Keeps summaries; with `complete` they are all there are, and the run is no longer stale."""

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
    def summaries(self) -> Summaries: ...
    @property
    def keys(self) -> Keys: ...
    @property
    def artifacts(self) -> Artifacts: ...

    def check(self) -> None:
        """Raises when the store cannot be read."""

    def close(self) -> None: ...

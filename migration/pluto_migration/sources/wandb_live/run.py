"""One run of the service."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pluto_migration.model import Facts, Item, Parent, Status
from pluto_migration.source import Problems, SourceRun
from pluto_migration.sources.wandb_live import artifacts, console, files, history, own
from pluto_migration.sources.wandb_live.files import Listed
from pluto_migration.sources.wandb_live.patience import Refused
from pluto_migration.sources.wandb_live.rows import Laid
from pluto_migration.sources.wandb_live.service import Service
from pluto_migration.sources.wandb_live.spool import Spool, spool_name
from pluto_migration.sources.wandb_live.times import microseconds
from pluto_migration.sources.wandb_local import facts

_STATES: Final[Mapping[str, Status]] = {
    "finished": "finished",
    "failed": "failed",
    "crashed": "crashed",
    "killed": "killed",
    "preempted": "killed",
    "running": "running",
    "preempting": "running",
}
_VERSION: Final = 1
"""Goes up when a run is read into other items than before."""
_SAID: Final = ("createdAt", "heartbeatAt", "state", "historyLineCount", "displayName", "notes", "tags", "group",
                "jobType", "sweepName", "commit")  # fmt: skip
"""What the fingerprint goes by, beside config, summary and files."""


@dataclass
class LiveRun(SourceRun):
    """A run of the service; `attrs` are what a list of runs says of it."""

    service: Service
    cache: Path
    keep: bool
    entity: str
    source_project: str
    project: str
    id: str
    attrs: Mapping[str, Any]
    branch: Mapping[str, Any] | None
    """Where it was forked, empty where it was not; None: its config has to be asked for."""
    path: Path = field(init=False)
    _run: Any = field(default=None, init=False, repr=False)
    _list: list[Listed] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self.path = Path(self.entity, self.source_project, self.id)

    def __getstate__(self) -> dict[str, Any]:
        # The package's objects belong to the process that asked for them.
        return {**self.__dict__, "_run": None, "_list": None}

    @property
    def created(self) -> int | None:
        """When it began, by the service's clock."""
        return microseconds(self.attrs.get("createdAt"))

    @property
    def name(self) -> str | None:
        """Its name for people."""
        name = self.attrs.get("displayName")
        return name if isinstance(name, str) else None

    @property
    def parent(self) -> Parent | None:
        """The run it was forked from, in the same project."""
        moment = own.branch_point(self._raw) if self.branch is None else self.branch
        if moment.get("run_id") in (None, "", self.id):
            return None
        step = moment.get("step")
        return Parent(self.project, str(moment["run_id"]), float(step) if isinstance(step, (int, float)) else None)

    @property
    def fingerprint(self) -> str:
        """Of all that the service says without giving the run's content."""
        run = self.run
        said = [getattr(run, name, None) for name in _SAID]
        whole = [_VERSION, said, self._raw, as_object(getattr(run, "summaryMetrics", None))]
        whole += [[file.content for file in self.listed]]
        text = json.dumps(whole, sort_keys=True, default=str)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    @property
    def size(self) -> int:
        """Bytes of its files: of rows and artifacts the service does not say."""
        return sum(file.size for file in self.listed)

    @property
    def run(self) -> Any:
        """The package's own object, with all that is asked for at once. Raises `SourceError`."""
        if self._run is None:
            address = f"{self.entity}/{self.source_project}/{self.id}"
            self._run = self.service.patience(f"the run {address}", lambda: self.service.api.run(address))
        return self._run

    @property
    def listed(self) -> list[Listed]:
        """Its files. Raises `SourceError`."""
        if self._list is None:
            self._list = files.listed(self.service, self.run)
        return self._list

    @property
    def spool(self) -> Spool:
        """Where what was fetched of it lies."""
        address = (self.service.base_url or "", self.entity, self.source_project, self.id)
        return Spool(self.cache, spool_name(*address))

    def settled(self) -> None:
        """Removes what was fetched, unless it is to stay."""
        if not self.keep:
            self.spool.drop()

    def read(self, scratch: Path, problems: Problems) -> Iterator[Item]:
        """All that the service has of it. What was fetched before is not fetched again."""
        with self.spool.held():
            self.spool.begin(self.fingerprint, entity=self.entity, project=self.source_project, run=self.id)
            self.spool.keep(self.keep)
            yield self._facts()
            yield from self._content(scratch, problems)

    def _content(self, scratch: Path, problems: Problems) -> Iterator[Item]:
        run, spool, patience = self.run, self.spool, self.service.patience
        there = files.fetch(self.service, run, self.listed, spool, problems, self.label)
        history.fetch(run, spool, patience, self._count)
        history.fetch_events(run, spool, patience)
        console.fetch(run, spool, patience)

        laid = Laid(self.label, self.created or 0, there, scratch, problems)
        laid.labels(self._own.get("mask/class_labels"))
        yield from laid.about()
        yield from laid.rows(history.rows(spool), self._inherited(), self._count)
        yield from laid.events(spool.lines("events"))
        history.check_events(spool, problems, self.label)
        yield from laid.summary(as_object(getattr(run, "summaryMetrics", None)), self._own.get("m") or {})
        yield from console.items(spool, there.get(console.LOG), self.created or 0)
        yield from laid.rest(but=(console.LOG,))
        yield from artifacts.artifacts(self.service, run, spool, problems, self.label)

    def _facts(self) -> Facts:
        run, (config, kept, rest) = self.run, own.split(self._raw)
        state = str(getattr(run, "state", None) or "unknown")
        status = _STATES.get(state, "unknown")
        extras: dict[str, Any] = {**rest, "url": str(run.url)}
        if state != status:
            extras["state"] = state
        user = getattr(run, "user", None)
        if user is not None:
            extras["user"] = {key: getattr(user, key, None) for key in ("username", "name")}
        sweep = self._sweep()
        if sweep:
            extras["sweep"] = sweep
            kept["sweep_id"] = sweep["id"]
        kept |= {"door": "wandb", "entity": self.entity}
        commit = _text(getattr(run, "commit", None))
        return Facts(
            name=self.name or self.id,
            notes=_text(getattr(run, "notes", None)),
            tags=facts.tags(
                [str(tag) for tag in getattr(run, "tags", None) or () if tag is not None],
                _text(getattr(run, "group", None)),
                _text(getattr(run, "jobType", None)),
            ),
            status=status,
            exit_code=0 if state == "finished" else None,
            ended=microseconds(getattr(run, "heartbeatAt", None)),
            config=config,
            metadata={"git": {"commit": commit}} if commit else {},
            wandb=kept,
            extras=extras,
        )

    def _sweep(self) -> dict[str, Any] | None:
        """The sweep it was tried by, with its config."""
        id = getattr(self.run, "sweepName", None)
        if not id:
            return None
        try:
            sweep = self.service.patience("the sweep", lambda: self.run.sweep)
        except Refused:
            sweep = None
        found: dict[str, Any] = {"id": str(id)}
        if sweep is not None:
            found |= {"config": dict(sweep.config or {}), "name": getattr(sweep, "name", None)}
        return found

    def _inherited(self) -> float | None:
        """The last step of rows that are another run's, which this one was forked from; None where all are its own."""
        parent = self.parent
        if parent is None or parent.step is None:
            return None
        address = f"{self.entity}/{self.source_project}/{parent.id}"
        try:
            self.service.patience(f"the run {address}", lambda: self.service.api.run(address))
        except Refused:
            return None
        return parent.step

    @property
    def _count(self) -> int | None:
        count = getattr(self.run, "historyLineCount", None)
        return int(count) if isinstance(count, (int, float)) else None

    @property
    def _raw(self) -> Mapping[str, Any]:
        return as_object(getattr(self.run, "rawconfig", None))

    @property
    def _own(self) -> Mapping[str, Any]:
        return own.split(self._raw)[1]


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def as_object(value: Any) -> Mapping[str, Any]:
    """An object that the package gives as such, or as JSON."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, Mapping) else {}

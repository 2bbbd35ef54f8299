"""A run as MLflow records it, whichever store it is in."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pluto_migration.model import Artifact, Facts, Item, Parent, Points, Status
from pluto_migration.source import Options, Problems, SourceRun
from pluto_migration.sources.mlflow.artifacts import Artifacts

_STATUSES: Final[Mapping[str, Status]] = {
    "RUNNING": "running", "SCHEDULED": "unknown", "FINISHED": "finished", "FAILED": "failed", "KILLED": "killed",
}  # fmt: skip
_OWN: Final = "mlflow."
_GIT: Final = {"commit": "mlflow.source.git.commit", "branch": "mlflow.source.git.branch",
               "url": "mlflow.source.git.repoURL"}  # fmt: skip
_TAG_CHARS: Final = 200
"""Longer tags come in the extras alone: they are texts, and no labels."""
_WHOLE: Final = re.compile(r"0|-?[1-9][0-9]{0,4000}")
SYSTEM: Final = "system/"


@dataclass(slots=True)
class Recorded:
    """What a store has of a run beside its metrics and artifacts."""

    info: dict[str, Any]
    """The run's own fields under the names of the database; `status` as a word."""
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    extras: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Model:
    """A model that a run logged."""

    id: str
    name: str
    time: int
    about: Mapping[str, Any]
    files: Artifacts

    def item(self, problems: Problems) -> Item:
        """A version of an artifact; of a model without files, of which there are none, what is known of it."""
        entries = self.files.entries(problems)
        if not entries:
            return Facts(extras={"logged_models": {self.id: dict(self.about)}})
        return Artifact(self.name, "model", entries, metadata=self.about, time=self.time, source_id=self.id)


class MlflowRun(SourceRun):
    """One run. `read` gives its facts, its points, then its artifacts."""

    def __init__(self, project: str, id: str, path: Path, options: Options, info: Mapping[str, Any]) -> None:
        self.project = project
        self.id = id
        self.path = path
        self._options = options
        self._info = dict(info)
        self._parent_id: str | None = None

    @property
    def created(self) -> int | None:
        """When it began."""
        return micros(self._info.get("start_time"))

    @property
    def name(self) -> str | None:
        """Its name."""
        return text_of(self._info.get("name"))

    @property
    def parent(self) -> Parent | None:
        """The run it is nested in."""
        return None if self._parent_id is None else Parent(self.project, self._parent_id, nested=True)

    def read(self, scratch: Path, problems: Problems) -> Iterator[Item]:
        """All of it."""
        del scratch
        recorded = self._recorded(problems)
        yield facts_of(recorded, typed=self._options.settings.get("params") == "typed", problems=problems)
        names: set[str] = set()
        for item in self._points(problems):
            if isinstance(item, Points):
                names.add(item.name)
            yield item
        yield from self._artifacts(recorded.info, problems).items(names, recorded.tags, problems)
        for model in self._models(problems):
            yield model.item(problems)

    @abstractmethod
    def _recorded(self, problems: Problems) -> Recorded:
        """What the store has of it."""

    @abstractmethod
    def _points(self, problems: Problems) -> Iterator[Item]:
        """Its metrics, and what else is known of them."""

    @abstractmethod
    def _artifacts(self, info: Mapping[str, Any], problems: Problems) -> Artifacts:
        """Its files."""

    @abstractmethod
    def _models(self, problems: Problems) -> Iterator[Model]:
        """The models it logged."""


def facts_of(recorded: Recorded, *, typed: bool, problems: Problems) -> Facts:
    """What is known of a run, in the places it has in Pluto."""
    info, tags = recorded.info, recorded.tags
    status = str(info.get("status") or "")
    if status not in _STATUSES:
        problems.note(str(info.get("run_uuid")), f"its status {status!r} is none that MLflow has")
    git = {key: tags[name] for key, name in _GIT.items() if tags.get(name)}
    if not git.get("commit") and info.get("source_version"):
        git["commit"] = str(info["source_version"])
    entry = tags.get("mlflow.source.name") or text_of(info.get("source_name"))
    metadata: dict[str, Any] = {"git": git} if git else {}
    if entry:
        metadata["source"] = {"entry": entry}
    labels = [f"{key}:{value}" for key, value in tags.items() if not key.startswith(_OWN)]
    extras = {"run": {key: value for key, value in info.items() if value not in (None, "")}, "tags": tags}
    return Facts(
        name=text_of(info.get("name")) or tags.get("mlflow.runName"),
        notes=tags.get("mlflow.note.content"),
        tags=[label for label in labels if len(label) <= _TAG_CHARS and "\n" not in label],
        status=_STATUSES.get(status, "unknown"),
        ended=micros(info.get("end_time")),
        config={key: typed_value(value) if typed else value for key, value in recorded.params.items()},
        metadata=metadata,
        extras={**{key: value for key, value in extras.items() if value}, **recorded.extras},
    )


def typed_value(text: str) -> str | int | float | bool:
    """The value that a parameter's text is exactly that of; else the text."""
    if text in ("True", "False"):
        return text == "True"
    if _WHOLE.fullmatch(text):
        return int(text)
    try:
        value = float(text)
    except ValueError:
        return text
    return value if repr(value) == text else text


def metric_name(key: str) -> str:
    """What a metric is called in Pluto, where those of the system have a place of their own."""
    return "sys/" + key[len(SYSTEM) :] if key.startswith(SYSTEM) and len(key) > len(SYSTEM) else key


def micros(milliseconds: Any) -> int | None:
    """Microseconds of a time in milliseconds; None for what is no time that Pluto can hold."""
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, (int, float)):
        return None
    try:
        found = int(milliseconds * 1000)
    except (ValueError, OverflowError):
        return None
    return found if found and abs(found) < 1 << 62 else None


def text_of(value: Any) -> str | None:
    """A text that says something."""
    return value if isinstance(value, str) and value else None

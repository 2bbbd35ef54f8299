"""Runs of MLflow's file store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pluto_migration.model import Facts, Item
from pluto_migration.source import Options, Problems, SourceError, fingerprint_of
from pluto_migration.sources.mlflow.artifacts import Artifacts
from pluto_migration.sources.mlflow.folder import (
    META,
    Folder,
    datasets_in,
    files_below,
    folders_in,
    meta_of,
    models_in,
    value_of,
    values_in,
)
from pluto_migration.sources.mlflow.metric_files import points
from pluto_migration.sources.mlflow.run import MlflowRun, Model, Recorded, micros

_STATUSES: Final = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}


class Experiment:
    """What the runs of one experiment share. Models and the registry are looked at when first asked for."""

    def __init__(self, store: Folder, path: Path, problems: Problems) -> None:
        self.store = store
        self.path = path
        self.info = meta_of(path, problems) or {}
        name = self.info.get("name")
        self.name = name if isinstance(name, str) and name else path.name
        self._models: dict[str, list[tuple[Path, dict[str, Any]]]] | None = None
        self._registered: dict[str, list[dict[str, Any]]] | None = None

    @property
    def deleted(self) -> bool:
        """Whether it was deleted."""
        return self.info.get("lifecycle_stage") == "deleted"

    def models(self) -> dict[str, list[tuple[Path, dict[str, Any]]]]:
        """The models logged in it, by run."""
        if self._models is None:
            self._models = models_in(self.path, Problems())
        return self._models

    def registered(self) -> dict[str, list[dict[str, Any]]]:
        """Versions in the store's registry, by run."""
        if self._registered is None:
            self._registered = self.store.registered(Problems())
        return self._registered


class FolderRun(MlflowRun):
    """A run in a folder of its own."""

    def __init__(
        self, project: str, experiment: Experiment, path: Path, options: Options, meta: Mapping[str, Any], read: bool
    ) -> None:
        told = meta.get("run_id") or meta.get("run_uuid")
        super().__init__(project, told if isinstance(told, str) else path.name, path, options, _info(meta))
        self._experiment = experiment
        self._known = read
        parent = value_of(path / "tags" / "mlflow.parentRunId")
        self._parent_id = parent if parent != self.id else None
        if not self._info.get("name"):
            self._info["name"] = value_of(path / "tags" / "mlflow.runName")

    @property
    def fingerprint(self) -> str:
        """Of all its files, and of the experiment's name."""
        return fingerprint_of(self._all(), self._experiment.name)

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(path.stat().st_size for path in self._all())

    def _all(self) -> list[Path]:
        quiet = Problems()
        own = [path for name, path in files_below(self.path, quiet) if not name.startswith("artifacts/")]
        found = [*own, *(path for _, path in self._artifacts(self._info, quiet).files())]
        for place, _ in self._experiment.models().get(self.id, ()):
            found += [path for _, path in files_below(place, quiet)]
        return found

    def _recorded(self, problems: Problems) -> Recorded:
        if not self._known:
            meta_of(self.path, problems)
            if not any((self.path / name).is_dir() for name in ("params", "metrics", "tags", "artifacts")):
                raise SourceError(f"{self.path}: its {META} can't be read, and there is nothing else of it")
        tags = values_in(self.path / "tags", problems)
        extras: dict[str, Any] = {"experiment": self._about_experiment(problems)}
        datasets = datasets_in(self._experiment.path, problems)
        for role in ("inputs", "outputs"):
            links = [meta_of(place, problems) for place in folders_in(self.path / role)]
            told = [{**link, **_of(datasets.get(str(link.get("source_id"))))} for link in links if link is not None]
            if told:
                extras[role] = told
        registered = self._experiment.registered().get(self.id)
        if registered:
            extras["registered_models"] = registered
        return Recorded(self._info, values_in(self.path / "params", problems), tags, extras)

    def _about_experiment(self, problems: Problems) -> dict[str, Any]:
        tags = values_in(self._experiment.path / "tags", problems)
        return {**self._experiment.info, **({"tags": tags} if tags else {})}

    def _points(self, problems: Problems) -> Iterator[Item]:
        datasets: dict[str, list[str]] = {}
        for key, path in files_below(self.path / "metrics", problems):
            yield from points(key, path, problems, datasets)
        if datasets:
            yield Facts(extras={"metrics_of_datasets": datasets})

    def _artifacts(self, info: Mapping[str, Any], problems: Problems) -> Artifacts:
        del problems
        return self._located(info.get("artifact_uri"), self.path)

    def _located(self, recorded: object, place: Path) -> Artifacts:
        """The files of a run, or of a model: in its own folder, unless the store was told of another place."""
        own = place / "artifacts"
        # What lies in the usual place and has no folder there has no files.
        usual = "/".join((self._experiment.store.path.name, *place.relative_to(self._experiment.store.path).parts))
        address = recorded if isinstance(recorded, str) else ""
        beside = [self._experiment.store.path.parent]
        found = Artifacts.located(address, place.name, self._options.path_map, beside, own)
        if found.folder is None and address.replace("\\", "/").rstrip("/").endswith(f"{usual}/artifacts"):
            return Artifacts(None)
        return found

    def _models(self, problems: Problems) -> Iterator[Model]:
        for place, about in self._experiment.models().get(self.id, ()):
            metadata = {**about, "params": values_in(place / "params", problems),
                        "tags": values_in(place / "tags", problems)}  # fmt: skip
            files = self._located(about.get("artifact_location"), place)
            name = about.get("name")
            name = name if isinstance(name, str) and name else place.name
            yield Model(place.name, name, micros(about.get("creation_timestamp")) or 0, metadata, files)


def runs_of(store: Folder, options: Options, problems: Problems) -> Iterator[FolderRun]:
    """The runs of a store, in the order they began."""
    found: list[FolderRun] = []
    for path, gone in store.experiments():
        experiment = Experiment(store, path, problems)
        project = options.project or experiment.name
        for place in store.runs(path):
            quiet = Problems()
            meta = meta_of(place, quiet)
            run = FolderRun(project, experiment, place, options, meta or {}, meta is not None)
            deleted = gone or experiment.deleted or (meta or {}).get("lifecycle_stage") == "deleted"
            if not options.wants(experiment.name, run.id):
                continue
            if deleted and not options.archived:
                problems.note(store.path, "a run was deleted in MLflow; --archived brings such runs, too")
                continue
            found.append(run)
        _lost(experiment, problems)
    orphans = store.registered(Problems()).get("", ())
    for one in orphans:
        problems.note(store.path / "models", f"model {one['model'].get('name')} was registered from no run: it stays")
    yield from sorted(found, key=lambda run: (run.created is None, run.created or 0))


def _lost(experiment: Experiment, problems: Problems) -> None:
    """Notes what is in an experiment and belongs to none of its runs."""
    for place, _ in experiment.models().get("", ()):
        problems.note(place, "the model was logged by no run: it stays")
    traces = folders_in(experiment.path / "traces")
    if traces:
        problems.note(experiment.path / "traces", f"{len(traces)} traces stay: Pluto has no place for them")


def _info(meta: Mapping[str, Any]) -> dict[str, Any]:
    """The fields under the names that they have in a database."""
    renamed = {"run_id": "run_uuid", "run_name": "name"}
    info = {renamed.get(key, key): value for key, value in meta.items() if key != "tags"}
    status = info.get("status")
    if "status" not in info:
        info["status"] = "RUNNING"
    elif isinstance(status, int):
        info["status"] = _STATUSES.get(status, str(status))
    return info


def _of(dataset: Mapping[str, Any] | None) -> dict[str, Any]:
    return {} if dataset is None else {"dataset": dict(dataset)}

"""Runs in one of MLflow's SQL databases."""

from __future__ import annotations

import itertools
import operator
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from pluto_migration.model import Facts, Item, Points
from pluto_migration.source import Options, Problems, SourceError, fingerprint_of
from pluto_migration.sources.mlflow.artifacts import Artifacts
from pluto_migration.sources.mlflow.database import Database, Session
from pluto_migration.sources.mlflow.metric_files import EXACT_STEP
from pluto_migration.sources.mlflow.run import MlflowRun, Model, Recorded, metric_name, micros

_POINT: Final = ("key", "step", "timestamp", "value", "is_nan")
_HIGHEST: Final = sys.float_info.max
"""What MLflow's databases hold in the place of infinity, and nobody can tell from it."""
_TIME_MS: Final = (1 << 62) // 1000
_POINT_BYTES: Final = 24
_NUMBERS: Final = frozenset({float, int})
_MODEL: Final = (("logged_model_params", "param_key", "param_value"), ("logged_model_tags", "tag_key", "tag_value"))


class DatabaseRun(MlflowRun):
    """A row of the table `runs`, and what refers to it."""

    def __init__(
        self, project: str, id: str, options: Options, info: Mapping[str, Any], experiment: Mapping[str, Any],
        database: Database, parent: str | None,
    ) -> None:  # fmt: skip
        super().__init__(project, id, Path(database.label), options, info)
        self._experiment = dict(experiment)
        self._database = database
        self._parent_id = parent if parent != id else None

    @property
    def fingerprint(self) -> str:
        """Of how many points it has and when the last came, of all else about it, and of its files."""
        with self._database.reading() as session:
            points = session.one("metrics", self._where, "timestamp", "step")
            beside = [sorted(map(repr, session.rows(table, self._where))) for table in ("params", "tags")]
        return fingerprint_of(self._paths(), sorted(self._info.items(), key=str), self.project, points, beside)

    @property
    def size(self) -> int:
        """Bytes of its points and files."""
        with self._database.reading() as session:
            points = session.one("metrics", self._where)[0]
        return int(points) * _POINT_BYTES + sum(path.stat().st_size for path in self._paths())

    @property
    def _where(self) -> dict[str, Any]:
        return {"run_uuid": self.id}

    def _paths(self) -> list[Path]:
        return [path for _, path in self._artifacts(self._info, Problems()).files()]

    def _recorded(self, problems: Problems) -> Recorded:
        with self._database.reading() as session:
            params = _texts(session, "params", self._where, "key", "value")
            tags = _texts(session, "tags", self._where, "key", "value")
            experiment = {"experiment_id": self._experiment.get("experiment_id")}
            about = {**self._experiment, "tags": _texts(session, "experiment_tags", experiment, "key", "value")}
            extras: dict[str, Any] = {"experiment": {key: value for key, value in about.items() if value}}
            links = {"inputs": _inputs(session, self.id), "outputs": _outputs(session, self.id)}
            extras |= {role: found for role, found in links.items() if found}
            versions = [_version(session, row) for row in session.rows("model_versions", {"run_id": self.id})]
            if versions:
                extras["registered_models"] = versions
        del problems
        return Recorded(self._info, params, tags, extras)

    def _points(self, problems: Problems) -> Iterator[Item]:
        infinities: dict[str, int] = {}
        with self._database.reading() as session:
            there = session.columns.get("metrics", frozenset())
            names = [name for name in _POINT if name in there]
            if not {"key", "timestamp", "value"}.issubset(there):
                raise SourceError(f"{self.path}: the table metrics is none of MLflow's")
            order = [name for name in _POINT[:3] if name in there] + list(session.by_insertion)
            for block in session.blocks("metrics", names, self._where, order):
                for key, rows in itertools.groupby(block, key=operator.itemgetter(0)):
                    found = _points_of(str(key), names, list(rows), self.path, problems, infinities)
                    if len(found.steps):
                        yield found
        if infinities:
            yield Facts(extras={"infinities": {
                "why": "a database of MLflow holds the highest finite number in the place of infinity; both came as it",
                "counts": infinities,
            }})  # fmt: skip

    def _artifacts(self, info: Mapping[str, Any], problems: Problems) -> Artifacts:
        del problems
        return self._located(info.get("artifact_uri"), self.id)

    def _models(self, problems: Problems) -> Iterator[Model]:
        del problems
        with self._database.reading() as session:
            models = list(session.rows("logged_models", {"source_run_id": self.id}, ["creation_timestamp_ms"]))
            for about in models:
                model = {"model_id": about.get("model_id")}
                for table, key, value in _MODEL:
                    about[table.rpartition("_")[2]] = _texts(session, table, model, key, value)
        for about in models:
            id = str(about.get("model_id"))
            files = self._located(about.get("artifact_location"), id)
            time = micros(about.get("creation_timestamp_ms")) or 0
            yield Model(id, str(about.get("name") or id), time, about, files)

    def _located(self, recorded: object, id: str) -> Artifacts:
        file = self._database.path
        beside = [] if file is None else [file.parent]
        return Artifacts.located(recorded if isinstance(recorded, str) else "", id, self._options.path_map, beside)


def runs_of(database: Database, options: Options, problems: Problems) -> Iterator[DatabaseRun]:
    """The runs of a database, in the order they began."""
    if database.path is not None and not database.is_mlflow():
        with database.reading():
            pass
        raise SourceError(f"{database.label}: there are no tables of MLflow in it")
    with database.reading() as session:
        if not {"runs", "experiments"}.issubset(session.columns):
            raise SourceError(f"{database.label}: there are no tables of MLflow in it")
        experiments = {row.get("experiment_id"): row for row in session.rows("experiments")}
        parents = {row["run_uuid"]: row["value"] for row in session.rows("tags", {"key": "mlflow.parentRunId"})}
        named = {row["run_uuid"]: row["value"] for row in session.rows("tags", {"key": "mlflow.runName"})}
        infos = list(session.rows("runs", order=["start_time", "run_uuid"]))
        _lost(session, database, problems)
    for info in infos:
        id, experiment = info.get("run_uuid"), experiments.get(info.get("experiment_id")) or {}
        if not isinstance(id, str) or not id:
            problems.note(database.label, "a run has no id, and stays")
            continue
        name = str(experiment.get("name") or info.get("experiment_id"))
        if not options.wants(name, id):
            continue
        if "deleted" in (info.get("lifecycle_stage"), experiment.get("lifecycle_stage")) and not options.archived:
            problems.note(database.label, "a run was deleted in MLflow; --archived brings such runs, too")
            continue
        info["name"] = info.get("name") or named.get(id)
        parent = parents.get(id)
        yield DatabaseRun(options.project or name, id, options, info, experiment, database,
                          parent if isinstance(parent, str) and parent else None)  # fmt: skip


def _lost(session: Session, database: Database, problems: Problems) -> None:
    """Notes what is in the database and belongs to no run."""
    runs = {row.get("run_id") for row in session.rows("model_versions")}
    names = {row.get("name") for row in session.rows("model_versions") if row.get("run_id")}
    if None in runs or "" in runs:
        problems.note(database.label, "a version of a registered model was made from no run: it stays")
    for row in session.rows("registered_models"):
        if row.get("name") not in names:
            problems.note(database.label, f"model {row.get('name')} was registered from no run: it stays")
    for row in session.rows("logged_models"):
        if not row.get("source_run_id"):
            problems.note(database.label, f"model {row.get('name')} was logged by no run: it stays")
    traces = session.one("trace_info", {})[0]
    if traces:
        problems.note(database.label, f"{traces} traces stay: Pluto has no place for them")


def _points_of(
    key: str, names: Sequence[str], rows: Sequence[Any], path: Path, problems: Problems, infinities: dict[str, int]
) -> Points:
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    count = len(rows)
    try:
        steps = np.array(columns.get("step", (0,) * count), np.int64)
        times = np.array(columns["timestamp"], np.int64)
        values = np.array(columns["value"], np.float64)
        no_number = np.array(columns.get("is_nan", (False,) * count), np.bool_)
        fine = set(map(type, columns["value"])) <= _NUMBERS
    except (TypeError, ValueError, OverflowError):
        fine = False
    if not fine or (np.abs(times.astype(np.float64)) >= _TIME_MS).any():
        if count == 1:
            problems.note(path, f"a value of {key} is no point of a metric, and stays")
            return Points(metric_name(key), np.empty(0), np.empty(0, np.int64), np.empty(0))
        parts = [_points_of(key, names, [row], path, problems, infinities) for row in rows]
        return Points(
            metric_name(key),
            np.concatenate([part.steps for part in parts]),
            np.concatenate([part.times for part in parts]),
            np.concatenate([part.values for part in parts]),
        )
    if (np.abs(steps.astype(np.float64)) > EXACT_STEP).any():
        problems.note(path, "a step beyond 2^53 was rounded")
    endless = np.abs(values) == _HIGHEST
    values = np.where(endless, np.copysign(np.inf, values), values)
    values[no_number] = np.nan
    found = int((endless & ~no_number).sum())
    if found:
        infinities[key] = infinities.get(key, 0) + found
    return Points(metric_name(key), steps.astype(np.float64), times * 1000, values)


def _texts(session: Session, table: str, where: Mapping[str, Any], key: str, value: str) -> dict[str, str]:
    """A table of names and texts."""
    rows = session.rows(table, where, [key])
    return {str(row[key]): "" if row.get(value) is None else str(row[value]) for row in rows if key in row}


def _inputs(session: Session, run: str) -> list[dict[str, Any]]:
    found = list(session.rows("inputs", {"destination_type": "RUN", "destination_id": run}))
    found += session.rows("inputs", {"source_type": "RUN_INPUT", "source_id": run})
    for link in found:
        link["tags"] = _texts(session, "input_tags", {"input_uuid": link.get("input_uuid")}, "name", "value")
        if link.get("source_type") == "DATASET":
            for dataset in session.rows("datasets", {"dataset_uuid": link.get("source_id")}):
                link["dataset"] = dataset
    return found


def _outputs(session: Session, run: str) -> list[dict[str, Any]]:
    return list(session.rows("inputs", {"source_type": "RUN_OUTPUT", "source_id": run}))


def _version(session: Session, version: dict[str, Any]) -> dict[str, Any]:
    """A version of a registered model with all that is known of the model."""
    model = {"name": version.get("name")}
    about = next(session.rows("registered_models", model), dict(model))
    about["tags"] = _texts(session, "registered_model_tags", model, "key", "value")
    about["aliases"] = _texts(session, "registered_model_aliases", model, "alias", "version")
    tags = _texts(session, "model_version_tags", {**model, "version": version.get("version")}, "key", "value")
    return {**version, "tags": tags, "model": about}

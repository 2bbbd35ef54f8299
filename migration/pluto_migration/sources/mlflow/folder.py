"""MLflow's file store: folders of experiments, runs and what they logged."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from pluto_migration.source import Problems

META: Final = "meta.yaml"
_META_BYTES: Final = 1 << 20
_VALUE_BYTES: Final = 1 << 20
"""A parameter or tag beyond this is none that MLflow wrote."""
_TRASH: Final = ".trash"
_MODELS: Final = "models"
"""Of a store: the registry. Of an experiment: the models its runs logged."""
_DATASETS: Final = "datasets"
_DEPTH: Final = 20
_LISTED: Final = frozenset({"params", "metrics", "tags", "artifacts"})


class Folder:
    """A folder `mlruns`, or one experiment or run of it alone."""

    def __init__(self, path: Path, experiment: Path | None = None, run: Path | None = None) -> None:
        self.path = path
        self._experiment = experiment
        self._run = run

    @classmethod
    def is_store(cls, path: Path) -> bool:
        """Whether experiments lie in a folder."""
        return any(_is_experiment(one) for place in (path, path / _TRASH) for one in folders_in(place))

    @classmethod
    def part(cls, path: Path) -> Folder | None:
        """The store of an experiment's, or a run's, own folder, which it is then all there is of."""
        if _is_experiment(path):
            return cls(path.parent, path)
        if _is_experiment(path.parent) and _is_run(path):
            return cls(path.parent.parent, path.parent, path)
        return None

    def experiments(self) -> Iterator[tuple[Path, bool]]:
        """The experiments, each with whether it was thrown away."""
        if self._experiment is not None:
            yield self._experiment, self._experiment.parent.name == _TRASH
            return
        for place, gone in ((self.path, False), (self.path / _TRASH, True)):
            for path in folders_in(place):
                if _is_experiment(path):
                    yield path, gone

    def runs(self, experiment: Path) -> Iterator[Path]:
        """The folders of an experiment's runs."""
        for path in folders_in(experiment):
            if path.name not in (_MODELS, _DATASETS, "traces") and _is_run(path) and self._run in (None, path):
                yield path

    def registered(self, problems: Problems) -> dict[str, list[dict[str, Any]]]:
        """Versions of registered models by the run they were made of; an empty text for those of none."""
        found: dict[str, list[dict[str, Any]]] = {}
        for model in folders_in(self.path / _MODELS):
            about = meta_of(model, problems) or {"name": model.name}
            about["tags"] = values_in(model / "tags", problems)
            about["aliases"] = values_in(model / "aliases", problems) or about.get("aliases")
            versions = [path for path in folders_in(model) if path.name.startswith("version-")]
            for version in versions:
                told = {**(meta_of(version, problems) or {}), "tags": values_in(version / "tags", problems)}
                run = told.get("run_id")
                found.setdefault(run if isinstance(run, str) else "", []).append({**told, "model": about})
            if not versions and (model / META).exists():
                found.setdefault("", []).append({"model": about})
        return found


def models_in(experiment: Path, problems: Problems) -> dict[str, list[tuple[Path, dict[str, Any]]]]:
    """The models that an experiment's runs logged, by run; an empty text for those of none."""
    found: dict[str, list[tuple[Path, dict[str, Any]]]] = {}
    for path in folders_in(experiment / _MODELS):
        about = meta_of(path, problems)
        if about is not None:
            run = about.get("source_run_id")
            found.setdefault(run if isinstance(run, str) else "", []).append((path, about))
    return found


def datasets_in(experiment: Path, problems: Problems) -> dict[str, dict[str, Any]]:
    """The datasets that an experiment's runs named, by id."""
    return {path.name: meta_of(path, problems) or {} for path in folders_in(experiment / _DATASETS)}


def folders_in(path: Path) -> list[Path]:
    """The folders in one, by name; none where it is none. Links are left out."""
    try:
        with os.scandir(path) as found:
            return sorted(Path(one.path) for one in found if one.is_dir(follow_symlinks=False))
    except OSError:
        return []


def files_below(path: Path, problems: Problems) -> Iterator[tuple[str, Path]]:
    """The files at any depth, each with its path below the folder: MLflow's names hold slashes."""
    for here, folders, names in os.walk(path, onerror=problems.unreadable):
        folders.sort()
        for name in sorted(names):
            file = Path(here, name)
            try:
                regular = stat.S_ISREG(file.lstat().st_mode)
            except OSError as error:
                problems.note(file, f"it can't be read: {error.strerror}")
                continue
            if regular:
                yield file.relative_to(path).as_posix(), file
            else:
                problems.note(file, "a link, or no file: it is not followed")


def values_in(path: Path, problems: Problems) -> dict[str, str]:
    """The texts that files hold, by their names: a run's parameters, or its tags."""
    found: dict[str, str] = {}
    for name, file in files_below(path, problems):
        try:
            found[name] = _value(file)
        except OSError as error:
            problems.note(file, f"it can't be read: {error.strerror}")
        except ValueError as error:
            problems.note(file, str(error))
    return found


def value_of(path: Path) -> str | None:
    """The text that one of those files holds."""
    try:
        return _value(path) if stat.S_ISREG(path.lstat().st_mode) else None
    except (OSError, ValueError):
        return None


def _value(path: Path) -> str:
    with path.open("rb") as opened:
        content = opened.read(_VALUE_BYTES + 1)
    if len(content) > _VALUE_BYTES:
        raise ValueError(f"a value of more than {_VALUE_BYTES >> 20} MB is none that MLflow wrote")
    return content.decode("utf-8", "backslashreplace")


def meta_of(folder: Path, problems: Problems) -> dict[str, Any] | None:
    """What a folder's `meta.yaml` says; None, and a problem, where it can't be read."""
    path = folder / META
    try:
        if not stat.S_ISREG(path.lstat().st_mode) or path.stat().st_size > _META_BYTES:
            problems.note(path, "it is no file that MLflow wrote")
            return None
        found = _loaded(path.read_bytes())
    except OSError as error:
        problems.note(path, f"it can't be read: {error.strerror}")
        return None
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError) as error:
        problems.note(path, f"it can't be read: {str(error).splitlines()[0] if str(error) else type(error).__name__}")
        return None
    if not isinstance(found, Mapping):
        problems.note(path, "it holds no fields")
        return None
    return {str(key): value for key, value in found.items()}


def _loaded(content: bytes) -> Any:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    depth = 0
    for event in yaml.parse(content, Loader=loader):
        if isinstance(event, yaml.AliasEvent):
            raise ValueError("it refers to itself, as no file of MLflow does")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEPTH:
            raise ValueError("it is nested, as no file of MLflow is")
    return yaml.load(content, Loader=loader)  # noqa: S506 - either of them is a safe one


def _is_experiment(path: Path) -> bool:
    """Whether a folder is an experiment's: its fields say so, or runs lie in it, however damaged the fields are."""
    if path.name in (_MODELS, _DATASETS) or path.parent.name == _MODELS or _is_run(path):
        return False
    if not (path / META).is_file():
        return False
    try:
        with (path / META).open("rb") as file:
            if b"artifact_location:" in file.read(_META_BYTES):
                return True
    except OSError:
        return False
    return any(_is_run(one) for one in folders_in(path))


def _is_run(path: Path) -> bool:
    """Whether a folder is a run's: it has places for what runs log, or the name of one beside its fields."""
    names = {one.name for one in folders_in(path)}
    if names & {"params", "metrics"}:
        return path.parent.name != _MODELS
    return len(path.name) == 32 and ((path / META).is_file() or bool(names & _LISTED))

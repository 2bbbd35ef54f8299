"""A run of Aim."""

from __future__ import annotations

import contextlib
import io
import logging
import shutil
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pluto_migration.model import Facts, File, Item, Status
from pluto_migration.paths import mapped, of_run
from pluto_migration.source import Options, Problems, SourceError, SourceRun, fingerprint_of
from pluto_migration.sources.aim.parameters import machine_of, parameters_of, system_facts
from pluto_migration.sources.aim.repository import About, Repository
from pluto_migration.sources.aim.sequences import Sequences

SYSTEM_PARAMS: Final = "__system_params"


class AimRun(SourceRun):
    """One run. It is opened by Aim in a repository of its own, made in the scratch folder."""

    def __init__(self, repository: Repository, about: About, options: Options) -> None:
        self.project = options.project or about.experiment
        self.id = about.hash
        self.path = repository.path
        self._repository = repository
        self._about = about
        self._options = options

    @property
    def created(self) -> int | None:
        """When it began."""
        return self._about.created

    @property
    def name(self) -> str | None:
        """Its name."""
        return self._about.name

    @property
    def fingerprint(self) -> str:
        """Of the files it is in, and of what the repository's database says of it."""
        return fingerprint_of(self._repository.files(self.id), repr(self._about))

    @property
    def size(self) -> int:
        """Bytes of the files it is in."""
        return sum(path.stat().st_size for path in self._repository.files(self.id))

    def read(self, scratch: Path, problems: Problems) -> Iterator[Item]:
        """All of it. Raises `SourceError` where Aim can't open it."""
        root = scratch / "repository"
        try:
            self._repository.copy(self.id, root, problems)
            run = _opened(root, self.id, self._repository.path)
            values = _collected(run, problems, self.path)
            system = values.pop(SYSTEM_PARAMS, None)
            parameters = parameters_of(values, problems, self.path)
            yield self._facts(run, parameters.config, system)
            yield from parameters.items
            yield from Sequences(run, problems, self.path).items()
            yield from self._artifacts(run, problems)
        finally:
            shutil.rmtree(root, ignore_errors=True)

    def _facts(self, run: Any, config: Mapping[str, Any], system: Any) -> Facts:
        about = self._about
        ended, status = about.ended, self._status(run)
        if ended is None and status == "finished":
            ended = _micros(_quietly(lambda: run.end_time))
        machine = machine_of(system) if isinstance(system, Mapping) else {}
        extras = dict(about.extras)
        if isinstance(system, Mapping):
            extras["system_params"] = system_facts(system)
        return Facts(
            name=about.name,
            notes=about.description,
            tags=about.tags,
            status=status,
            ended=ended,
            config=config,
            metadata=machine,
            extras=extras,
        )

    def _status(self, run: Any) -> Status:
        """Aim notes when a run ends, and not how."""
        return "finished" if _quietly(lambda: run.end_time) is not None else "crashed"

    def _artifacts(self, run: Any, problems: Problems) -> Iterator[Item]:
        try:
            with quiet():
                artifacts = dict(run.artifacts)
        except Exception as error:  # noqa: BLE001 - whatever the package raises: the rest of the run is not harmed
            problems.note(self.path, f"the artifacts of run {self.id} can't be read: {_said(error)}")
            return
        for name, artifact in sorted(artifacts.items()):
            address = str(_quietly(lambda artifact=artifact: artifact.uri) or "")
            candidates = (*mapped(address, self._options.path_map), *of_run(address, self.id, [self.path.parent]))
            place = next((path for path in candidates if path.is_file()), None)
            if place is None:
                problems.note(address, f"artifact {name} is not here; --path-map tells where it is")
            else:
                yield File(name=str(name), type="FILE", content=place, file_name=place.name)


def _opened(root: Path, hash: str, where: Path) -> Any:
    """The run as Aim gives it."""
    try:
        with quiet():
            import aim
            from aim.sdk.repo import Repo

            # By its hash, and not out of a list of runs, no index is asked for, which a run may not be in.
            run = aim.Run(run_hash=hash, repo=Repo.from_path(str(root)), read_only=True)
            # Aim notes something of every run when it begins; of one that is damaged it finds nothing, and goes on.
            if not run.meta_run_tree.collect(resolve_objects=True):
                raise ValueError("nothing of it is there")
            return run
    except Exception as error:
        raise SourceError(f"{where}: Aim can't open run {hash}: {_said(error)}") from error


def _collected(run: Any, problems: Problems, where: Path) -> dict[str, Any]:
    """All parameters, as they were set."""
    try:
        with quiet():
            # With `resolve_objects` objects come as their fields, which is what this reads.
            found = run.meta_run_attrs_tree.collect(resolve_objects=True)
    except KeyError:
        return {}
    except Exception as error:  # noqa: BLE001 - as above
        problems.note(where, f"the parameters of run {run.hash} can't be read: {_said(error)}")
        return {}
    return dict(found) if isinstance(found, Mapping) else {}


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keeps what Aim has to say to whoever uses it away from the terminal."""
    logger = logging.getLogger("aim")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            with contextlib.redirect_stderr(io.StringIO()):
                yield
    finally:
        logger.setLevel(level)


def _quietly(ask: Any) -> Any:
    try:
        with quiet():
            return ask()
    except Exception:  # noqa: BLE001 - a fact that can't be had is none
        return None


def _micros(seconds: Any) -> int | None:
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not abs(seconds) < 1 << 42:
        return None
    return round(seconds * 1_000_000)


def _said(error: BaseException) -> str:
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__

"""The trash of a project: runs, models and model versions that tables leave out, until they are deleted for good."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from pluto.compat.attributes.containers import Container
from pluto.compat.neptune.internal.utils import verify_collection_type, verify_type
from pluto.compat.neptune.internal.utils.logger import get_logger
from pluto.compat.neptune.management.internal.access import existing, opened, verify_texts

if TYPE_CHECKING:
    from pluto.compat.attributes import AttributeReader, RunAttributes

__all__ = ["clear_trash", "delete_objects_from_trash", "trash_objects"]

logger = get_logger()
_CONTAINERS: Final[tuple[Container, ...]] = ("run", "model")


def trash_objects(
    project: str, ids: str | Iterable[str], *, workspace: str | None = None, api_token: str | None = None
) -> None:
    """Moves objects, by their ids (`CLS-1`, a model's `CLS-PRE`), to the trash; models with all their versions.

    Ids that name nothing are logged. Raises `ProjectNotFound`, or what is wrong with the project's name.
    """
    wanted = _ids(project, ids, workspace, api_token)
    with opened() as (reader, projects):
        name = existing(projects, project, workspace)
        found = list(_found(reader, name, wanted))
        missing = _missing(wanted, found)
        for id in missing:
            logger.warning("there is no object %s in %s", id, name)
        for container, runs in _by_container(run for run in found if not run.trashed):
            projects.trash(name, runs, container=container)
    logger.info("Successfully trashed objects: %d. Number of failures: %d.", len(wanted) - len(missing), len(missing))


def delete_objects_from_trash(
    project: str, ids: str | Iterable[str], *, workspace: str | None = None, api_token: str | None = None
) -> None:
    """Deletes objects that are in the trash, for good. Ids of others are logged, and they stay.

    Raises as `trash_objects`.
    """
    wanted = _ids(project, ids, workspace, api_token)
    with opened() as (reader, projects):
        name = existing(projects, project, workspace)
        found = list(_found(reader, name, wanted))
        for id in _missing(wanted, found):
            logger.warning("there is no object %s in %s", id, name)
        for run in found:
            if not run.trashed:
                logger.warning("%s is not in the trash, and stays", run.sys_id)
        for container, runs in _by_container(run for run in found if run.trashed):
            projects.erase(name, runs, container=container)


def clear_trash(project: str, *, workspace: str | None = None, api_token: str | None = None) -> None:
    """Deletes all that is in the trash of a project, for good. Raises as `trash_objects`."""
    verify_type("project", project, str)
    verify_texts(workspace=workspace, api_token=api_token)
    with opened() as (reader, projects):
        name = existing(projects, project, workspace)
        for container in _CONTAINERS:
            projects.erase(
                name, [run.id for run in reader.runs(name, container=container, trashed=True)], container=container
            )


def _ids(project: str, ids: str | Iterable[str], workspace: str | None, api_token: str | None) -> list[str]:
    verify_type("project", project, str)
    verify_texts(workspace=workspace, api_token=api_token)
    several = [ids] if isinstance(ids, str) else ids
    verify_collection_type("ids", several, str)
    return list(dict.fromkeys(several))


def _found(reader: AttributeReader, project: str, ids: list[str]) -> Iterator[RunAttributes]:
    """The objects of these ids, and the versions of models among them."""
    others = []
    for id in ids:
        run = reader.find(project, display_id=id, series=())
        if run is None:
            others.append(id)
        else:
            yield run
    if others:
        for model in reader.runs(project, container="model", trashed=None):
            if model.sys_id in others or _model_of(model) in others:
                yield model


def _by_container(found: Iterable[RunAttributes]) -> Iterator[tuple[Container, list[int]]]:
    several = list(found)
    for container in _CONTAINERS:
        yield container, [run.id for run in several if run.container == container]


def _model_of(version: RunAttributes) -> str | None:
    return None if version.kind("sys/model_id") is None else str(version.atom("sys/model_id"))


def _missing(ids: list[str], found: list[RunAttributes]) -> list[str]:
    have = {run.sys_id for run in found}
    return [id for id in ids if id not in have]

"""Where projects and runs lie in the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pluto.query import Client

T = TypeVar("T")

REGISTRY = "wandb-registry-"


def places(entity: str | None, project: str) -> list[str]:
    """The names a project may have in the store: with the entity, then without. Registries have none."""
    if not entity or project.startswith(REGISTRY):
        return [project]
    return [f"{entity}/{project}", project]


def find_run(client: Client, entity: str | None, project: str, id: str) -> dict[str, Any] | None:
    """The run with an id, a display id or a number, as `Client.get_run` gives it; None where there is none."""
    for place in places(entity, project):
        found = _none_if_missing(lambda place=place: client.find_run(place, external_id=id))  # type: ignore[misc]
        if found is None:
            found = _none_if_missing(lambda place=place: client.get_run(place, id))  # type: ignore[misc]
        if found is not None and found["projectName"] == place:
            return found
    return None


def find_project(client: Client, entity: str | None, project: str) -> str | None:
    """The name of a project in the store; None where there is none."""
    wanted = places(entity, project)
    for place in wanted:
        if _none_if_missing(lambda place=place: client.list_runs(place, limit=1)):  # type: ignore[misc]
            return place
    known = {row["name"] for row in client.list_projects()}
    return next((place for place in wanted if place in known), None)


def in_project(entity: str | None, project: str, read: Callable[[str], Iterator[T]]) -> Iterator[T]:
    """What `read` gives of the first place that has any of it."""
    for place in places(entity, project):
        found = read(place)
        first = _none_if_missing(lambda found=found: next(found, None))  # type: ignore[misc]
        if first is not None:
            yield first
            yield from found
            return


def _none_if_missing(look: Callable[[], T]) -> T | None:
    from pluto.query import QueryError

    try:
        return look()
    except QueryError as error:
        # A stock server has no look-up by external id, and says so without a status.
        if error.status_code in (None, 400, 404) and _is_answer(error):
            return None
        raise


def _is_answer(error: Exception) -> bool:
    return getattr(error, "status_code", None) is not None or "stock server" in str(error)

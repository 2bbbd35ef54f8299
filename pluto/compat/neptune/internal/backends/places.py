"""A project as it is found in the store."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING

from pluto.compat.neptune.internal.backends.failures import telling
from pluto.compat.neptune.internal.settings import pluto_settings, project_named

if TYPE_CHECKING:
    from typing_extensions import Self

    from pluto.compat.attributes import RunAttributes
    from pluto.core.settings import Settings

__all__ = ["Place", "settings_for"]


def settings_for(proxies: Mapping[str, str] | None = None) -> Settings:
    """Pluto's settings for this client."""
    from pluto.core.settings import resolve

    return resolve(pluto_settings(proxies))


class Place:
    """Looks something up in a project. A context manager; raises as `failures.telling` says."""

    def __init__(self, project: str | None, proxies: Mapping[str, str] | None = None) -> None:
        from pluto.compat.attributes import AttributeReader

        settings = settings_for(proxies)
        self.project: str = project_named(project) or settings.project
        with telling():
            self._reader = AttributeReader(settings=settings)

    def key(self) -> str:
        """The first part of the ids in the project, which is made where it is not there yet."""
        from pluto.compat.attributes import Projects

        with telling():
            projects = Projects(self._reader)
            found = projects.find(self.project) or projects.create(self.project)
        return found.key or _made_up(self.project)

    def find_model(self, id: str) -> RunAttributes | None:
        """The model of this id."""
        with telling():
            return self._reader.find(self.project, external_id=id, container="model", series=())

    def version_numbers(self, model: str) -> list[int]:
        """The numbers of a model's versions."""
        ids = re.compile(rf"{re.escape(model)}-(\d+)\Z")
        with telling():
            runs = self._reader.runs(self.project, container="model", trashed=None)
            return [int(found[1]) for run in runs if (found := ids.match(run.external_id or ""))]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reader.close()


def _made_up(project: str) -> str:
    """A key for a project whose server tells none."""
    letters = re.sub(r"[^A-Za-z0-9]", "", project.rsplit("/", 1)[-1]).upper()
    return (letters if letters[:1].isalpha() else f"P{letters}")[:10]

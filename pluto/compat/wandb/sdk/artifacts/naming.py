"""What an artifact is called, and where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pluto.compat.wandb.sdk.artifacts._validators import ensure_logged
from pluto.compat.wandb.sdk.artifacts.artifact_state import ArtifactState

if TYPE_CHECKING:
    from pluto.query import Client


class ArtifactNaming:
    """Names and places: of the collection it was got from, and of the one it was logged to (`source_…`)."""

    _client: Client | None
    _id: str | None
    _number: int | None
    """The store's number of the version."""
    _collection_number: int | None
    _source_collection_number: int | None
    _entity: str | None
    _project: str | None
    _name: str
    _version: str | None
    _source_entity: str | None
    _source_project: str | None
    _source_name: str
    _source_version: str | None
    _source_artifact: Any
    _is_link: bool
    _state: ArtifactState
    _final: bool

    def is_draft(self) -> bool:
        """Whether it is not logged yet, or not known to have arrived: `wait()` finds out."""
        return self._state is ArtifactState.PENDING

    def finalize(self) -> None:
        """Lets nothing more be added. Logging does it."""
        self._final = True

    @property
    def id(self) -> str | None:
        """The version's id; None for a draft."""
        return None if self.is_draft() else self._id

    @property
    @ensure_logged
    def entity(self) -> str:
        """Whose project the collection is in; an empty text where nobody was named."""
        return self._entity or ""

    @property
    @ensure_logged
    def project(self) -> str:
        """The project of the collection."""
        return self._project or ""

    @property
    def name(self) -> str:
        """`<collection>:v<number>`; the collection alone for a draft."""
        return self._name

    @property
    def qualified_name(self) -> str:
        """`entity/project/name`, less what is not known."""
        return "/".join(part for part in (self.entity, self.project, self.name) if part)

    @property
    @ensure_logged
    def version(self) -> str:
        """`v<number>`, in the collection it was got from."""
        return str(self._version)

    @property
    @ensure_logged
    def source_entity(self) -> str:
        """Whose project it was logged to."""
        return self._source_entity or ""

    @property
    @ensure_logged
    def source_project(self) -> str:
        """The project it was logged to."""
        return self._source_project or ""

    @property
    def source_name(self) -> str:
        """`<collection>:v<number>` where it was logged; the collection alone for a draft."""
        return self._source_name

    @property
    def source_qualified_name(self) -> str:
        """`entity/project/name` where it was logged, less what is not known."""
        return "/".join(part for part in (self.source_entity, self.source_project, self.source_name) if part)

    @property
    @ensure_logged
    def source_version(self) -> str:
        """`v<number>` where it was logged."""
        return str(self._source_version)

    @property
    def is_link(self) -> bool:
        """Whether it was got from a collection that it is linked to."""
        return self._is_link

"""How an object gets what keeps its fields."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn

from pluto.compat.neptune.exceptions import (
    MetadataContainerNotFound,
    NeptuneApiException,
    NeptuneConnectionLostException,
    NeptuneInvalidApiTokenException,
    NeptuneMissingApiTokenException,
    NeptuneObjectCreationConflict,
)
from pluto.compat.neptune.internal.backends.backend import Backend
from pluto.compat.neptune.internal.container_type import ContainerType
from pluto.compat.neptune.internal.init.parameters import DEFAULT_NAME, OFFLINE_PROJECT_QUALIFIED_NAME
from pluto.compat.neptune.internal.settings import pluto_settings, project_named
from pluto.compat.neptune.types.mode import Mode

if TYPE_CHECKING:
    from pluto.compat.neptune.internal.backends.pluto import PlutoBackend
    from pluto.core.op import Op
    from pluto.core.receipt import Refusal

__all__ = ["Opening", "open_backend"]

PROJECT_IDENTITY: Final = "project"
"""Identity of a project's own object, among the companions of its runs."""
_BAD_KEY: Final = "the key:"
"""How a problem with the key begins, which delivery does not take for a refusal: another key may come."""
_EXISTS: Final[Mapping[bool | None, Literal["allow", "must", "never"]]] = {None: "allow", True: "must", False: "never"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What an object is to be, as its parameters say."""

    mode: Mode
    type: ContainerType
    project: str | None = None
    display_id: str | None = None
    """Short id of a run that is there."""
    external_id: str | None = None
    """Identity that others may share; the id of anything but a run."""
    exists: bool | None = None
    """Whether the object of this identity must be there (True), must not (False), or may (None)."""
    name: str | None = None
    notes: str | None = None
    tags: Collection[str] = ()
    namespace: str = "monitoring"
    stdout: bool = False
    stderr: bool = False
    hardware: bool = False
    model: str | None = None
    """Id of the model a version belongs to."""
    proxies: Mapping[str, str] | None = None

    @property
    def new(self) -> bool:
        """Whether nobody else can have made the object."""
        if self.type is ContainerType.RUN:
            return self.display_id is None and self.external_id is None
        return self.exists is False


def open_backend(opening: Opening) -> Backend:
    """What keeps the fields in this mode. Raises the exceptions of the entry points."""
    if opening.mode is Mode.DEBUG:
        from pluto.compat.neptune.internal.backends.memory import MemoryBackend

        return MemoryBackend(opening.type, id=opening.external_id, model=opening.model)
    if opening.mode is Mode.READ_ONLY:
        from pluto.compat.neptune.internal.backends.read_only import ReadOnlyBackend, ReadOnlyProject

        return (ReadOnlyProject if opening.type is ContainerType.PROJECT else ReadOnlyBackend)(opening)
    return _open_run(opening)


def _open_run(opening: Opening) -> PlutoBackend:
    from pluto.compat.neptune.internal.backends.pluto import OfflineBackend, PlutoBackend, SyncBackend

    offline = opening.mode is Mode.OFFLINE
    key = _key(opening) if opening.type is ContainerType.PROJECT else None
    op = _opened(opening)
    if offline:
        backend: PlutoBackend = OfflineBackend(op, opening, new=True)
        backend.project = OFFLINE_PROJECT_QUALIFIED_NAME
        backend.note("offline")
        _bind(backend)
        backend.begin(_first_values(opening, key))
        return backend
    facts, refusal = op.answer()
    if refusal is not None or (facts is None and (op.problem or "").startswith(_BAD_KEY)):
        _give_up(op, refusal)
    new = opening.new if facts is None else not facts.resumed
    if opening.mode is Mode.SYNC:
        backend = SyncBackend(op, opening, new=new, key=key)
    else:
        backend = PlutoBackend(op, opening, new=new, key=key)
        backend.note("async")
    if new:
        backend.begin(_first_values(opening, key))
    return backend


def _bind(backend: PlutoBackend) -> None:
    """Makes a plain `pluto sync` send an offline run to where Pluto's settings say, and not into its own folder."""
    from pluto.compat.neptune.internal.backends.places import settings_for
    from pluto.core.leftovers import redirect

    if backend.folder is not None:
        with contextlib.suppress(OSError):
            redirect(backend.folder, settings_for())


def _opened(opening: Opening) -> Op:
    from pluto.compat.attributes import Capture, open_run
    from pluto.compat.neptune.internal.backends.stored import CONTAINERS
    from pluto.core.errors import RunExistsError, RunNotFoundError

    offline = opening.mode is Mode.OFFLINE
    settings = pluto_settings(opening.proxies)
    project = project_named(opening.project)
    if offline:
        from pluto.compat.neptune.internal.data_directory import offline_root

        settings["dir"] = str(offline_root())
        project = project or OFFLINE_PROJECT_QUALIFIED_NAME
    try:
        return open_run(
            project,
            external_id=_identity(opening),
            made_id=offline,
            display_id=opening.display_id,
            container=CONTAINERS[opening.type],
            exists=_EXISTS[opening.exists],
            name=opening.name or (DEFAULT_NAME if offline else None),
            notes="" if opening.notes is None and opening.new else opening.notes,
            tags=opening.tags,
            capture=Capture(
                stdout=opening.stdout,
                stderr=opening.stderr,
                hardware=opening.hardware,
                facts=False,  # the script's parameters say what is recorded of its code
                namespace=opening.namespace,
            ),
            mode="offline" if offline else None,
            settings=settings,
        )
    except RunNotFoundError as error:
        named = f"{project}/{opening.display_id or opening.external_id}"
        raise MetadataContainerNotFound.of_container_type(opening.type, named) from error
    except RunExistsError as error:
        raise NeptuneObjectCreationConflict(f"there is a {opening.type.value} {opening.external_id}") from error


def _identity(opening: Opening) -> str | None:
    if opening.type is ContainerType.PROJECT:
        return PROJECT_IDENTITY
    if opening.mode is Mode.OFFLINE:
        import uuid

        return str(uuid.uuid4())
    return opening.external_id


def _first_values(opening: Opening, key: str | None) -> dict[str, Any]:
    """What a new object has from the start, beside what the store derives."""
    values: dict[str, Any] = {"sys/size": 0.0}
    if opening.type is ContainerType.PROJECT:
        return {**values, "sys/id": key or opening.project or "", "sys/visibility": "priv"}
    if opening.type is ContainerType.MODEL_VERSION:
        values |= {"sys/model_id": opening.model, "sys/stage": "none"}
    return {**values, "sys/owner": _user()}


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "unknown"


def _key(opening: Opening) -> str | None:
    """The project's key; None where the server does not answer."""
    from pluto.compat.neptune.internal.backends.places import Place

    try:
        with Place(opening.project, opening.proxies) as place:
            return place.key()
    except NeptuneConnectionLostException:
        return None


def _give_up(op: Op, refusal: Refusal | None) -> NoReturn:
    """Raises what the server's answer means; nothing is left of the run."""
    from pluto.compat.attributes import AttributeWriter
    from pluto.core.settings import Remote

    folder = AttributeWriter(op).folder
    op.close()
    if refusal is not None and refusal.reason != "unauthorized":
        raise NeptuneApiException(refusal.message or refusal.reason)
    if folder is not None:
        import shutil

        shutil.rmtree(folder, ignore_errors=True)
    target = op.settings.target()
    raise (
        NeptuneMissingApiTokenException
        if isinstance(target, Remote) and not target.key
        else (NeptuneInvalidApiTokenException)
    )

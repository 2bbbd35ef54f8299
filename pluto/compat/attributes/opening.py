"""How a door opens a run."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from pluto.compat.attributes import layout
from pluto.compat.attributes.containers import Container, companion, stored_id
from pluto.compat.attributes.kinds import Atom
from pluto.compat.attributes.monitoring import label_of
from pluto.core import init, shutdown
from pluto.core.distributed import ranks
from pluto.core.errors import RunNotFoundError
from pluto.core.identity import Fork, Identity
from pluto.core.names import external_id as new_id
from pluto.core.names import generate_run_id
from pluto.core.op import Op
from pluto.core.recorder import Door, Opening
from pluto.core.say import be_heard
from pluto.core.settings import resolve
from pluto.core.shutdown import ShutdownPolicy
from pluto.protocol import records

if TYPE_CHECKING:
    from pluto.core.settings import Settings

_NAME_CHARS: Final = 1_000
_SHORT_NAME_CHARS: Final = 255
"""What every server takes when it makes a run; a longer name is given afterwards."""


@dataclass(frozen=True, slots=True)
class Capture:
    """What is recorded beside the door's own values."""

    stdout: bool = True
    stderr: bool = True
    hardware: bool = True
    facts: bool = True
    """About machine, code and packages."""
    namespace: str = "monitoring/main"
    """Where the reader shows this process's console and hardware."""

    @classmethod
    def nothing(cls) -> Capture:
        """Nothing of it."""
        return cls(stdout=False, stderr=False, hardware=False, facts=False)

    def notes(self) -> dict[str, Any]:
        """What readers have to know of it."""
        watched = {"stdout": self.stdout, "stderr": self.stderr, "hardware": self.hardware}
        if not any(watched.values()):
            return {}
        return {layout.MONITORING: {self.namespace: {name: True for name, on in watched.items() if on}}}


def open_run(
    project: str | None = None,
    *,
    external_id: str | None = None,
    display_id: str | None = None,
    made_id: bool = False,
    container: Container = "run",
    exists: Literal["allow", "must", "never"] = "allow",
    name: str | None = None,
    notes: str | None = None,
    tags: Collection[str] = (),
    atoms: Mapping[str, Atom] | None = None,
    created: datetime | None = None,
    fork_of: str | None = None,
    fork_step: int | float | None = None,
    inherit_config: bool = False,
    named: bool = True,
    rename: bool = True,
    capture: Capture | None = None,
    mode: Literal["online", "offline", "disabled"] | None = None,
    policy: ShutdownPolicy | None = None,
    delivery: Literal["process", "thread"] = "thread",
    settings: Mapping[str, Any] | None = None,
    flat: bool = False,
) -> Op:
    """A run that is open for an `AttributeWriter`.

    Args:
        project: Neptune's name of the project; None: Pluto's default project.
        external_id: Identity that several processes may share. With `exists="allow"` the run is joined or made without
            a word, and nothing is waited for. None and no `display_id`: a new run that nobody else means.
        made_id: Whether nobody chose the `external_id`: then, as where none is given, there is no `sys/custom_run_id`.
        display_id: Continue the run of this short id in this project: of one that was brought over from elsewhere the
            one it had there. Waits for the server.
        container: Where it lies: among the runs, or in a companion project (`companion`).
        exists: What an `external_id` must be: `must` exist, `never` exist (both wait for the server), or either.
        name: Name; a run that was there before is renamed, unless `rename` is False. None: made up for a new one.
        notes: The description, likewise.
        tags: Added.
        atoms: First attributes, of a run that is there already, too.
        created: When the run began, if not now. Only for a new one.
        fork_of: External id of the run to start from, at `fork_step`. It may still be on its way; where it never comes,
            the run begins without, and `Op.fork_run_id` is None.
        fork_step: The step it starts from.
        inherit_config: Start with the config of that run.
        named: Whether the name is one to its user; if not, `sys/name` is no attribute of the run while it has that name
            and no `sys/experiment/name`.
        rename: Whether the name counts for a run that was there before.
        capture: What is recorded beside; None: nothing.
        mode: As the setting of this name.
        policy: How long the ends wait; None: `shutdown.neptune()`.
        delivery: Who delivers to a server. The local store is always written by the uploader process.
        settings: Further settings of Pluto (`dir`, `host`, `api_key`, …).
        flat: As `AttributeWriter(flat=…)`.

    Raises `RunNotFoundError` and `RunExistsError` where the server says so within `init_timeout`, `ValueError` and
    `SettingsError` for parameters that make no sense. Without an answer logging starts all the same.
    """
    from pluto.compat.attributes.changes import change_of
    from pluto.compat.attributes.writing import AttributeWriter

    be_heard()
    capture = capture or Capture.nothing()
    given = resolve(
        settings,
        project=project,
        mode=mode,
        delivery=delivery,
        disable_console=not (capture.stdout or capture.stderr),
        disable_system_metrics=not capture.hardware,
        x_sys_label=label_of(capture.namespace),
    )
    if display_id is not None and external_id is None and given.mode == "online":
        external_id, display_id = _brought_over(
            given, companion(_text(given.project, "project"), container), display_id
        )
        exists = "must"
    identity = _identity(external_id, display_id, exists)
    if (fork_of is None) != (fork_step is None):
        raise ValueError("fork_of and fork_step go together")
    if fork_of is not None and fork_step is not None:
        identity = _forked(identity, Fork(None, fork_step, inherit_config, None, stored_id(fork_of)))
    kept: dict[str, Any] = capture.notes()
    if identity.external_id is not None:
        kept[layout.ID] = identity.external_id
        if made_id or external_id is None:
            kept[layout.MADE_ID] = True
    if not named:
        kept[layout.UNNAMED] = name
    first = dict(atoms or {})
    if external_id is not None and external_id != identity.external_id:
        first.setdefault("sys/custom_run_id", external_id)
    streams = {"INFO": capture.stdout, "ERROR": capture.stderr}
    opening = Opening(
        settings=given,
        identity=identity,
        project=companion(_text(given.project, "project"), container),
        name=_text(name or generate_run_id(), "name")[:_SHORT_NAME_CHARS],
        config=change_of(first, kept, flat=flat)[0],
        tags=[],
        notes=None,
        # Each process of a job has a run of its own here, unless they name the same.
        ranks=ranks().within("process"),
        created=None if created is None else int(created.timestamp() * 1_000_000),
        door=Door(
            readable=True,
            within=True,
            streams=frozenset(stream for stream, on in streams.items() if on),
            source=capture.namespace,
            facts=capture.facts,
            counts_samples=True,
        ),
    )
    op = init.open_run(opening, policy or shutdown.neptune())
    if name is not None and ((rename and not identity.new) or len(name) > _SHORT_NAME_CHARS):
        op.write(records.Name(_now(), name))
    if notes is not None:
        op.write(records.Notes(_now(), notes))
    if tags:
        AttributeWriter(op).add_tags(tags)
    return op


def _brought_over(settings: Settings, project: str, id: str) -> tuple[str | None, str | None]:
    """The external id of a run that was brought over with this short id, else none and the short id.

    Raises `RunNotFoundError` where the short id is the store's own one of a run that was brought over with another.
    """
    from pluto.compat.attributes.reading import AttributeReader
    from pluto.query.errors import QueryError

    try:
        with AttributeReader(settings=settings) as reader:
            run = reader.find(project, display_id=id, series=())
            if run is None and next(reader.client.iter_overviews(project, display_id=id), None) is not None:
                raise RunNotFoundError(f"there is no run {id!r} in project {project!r}")
    except QueryError:
        return None, id  # whoever opens the run says what is wrong
    return (run.external_id, None) if run is not None and run.old_id and run.external_id else (None, id)


def _identity(external_id: str | None, display_id: str | None, exists: str) -> Identity:
    if display_id is not None:
        if external_id is not None:
            raise ValueError("a run is named by its external id or by its display id, not by both")
        return Identity(None, display_id=_text(display_id, "display_id"), policy="must", waits=True)
    if external_id is None:
        return Identity(new_id(), new=True, scope="process")
    policies = {"allow": "create", "must": "must", "never": "never"}
    if exists not in policies:
        raise ValueError(f"exists is allow, must or never, not {exists!r}")
    known = stored_id(_text(external_id, "external_id", 10_000))
    return Identity(known, policy=policies[exists], waits=exists != "allow")


def _forked(identity: Identity, fork: Fork) -> Identity:
    if identity.external_id is None:
        raise ValueError("a display id names a run that exists: it can't be forked into")
    return Identity(identity.external_id, policy=identity.policy, waits=identity.waits, fork=fork, new=identity.new)


def _text(text: Any, what: str, chars: int = _NAME_CHARS) -> str:
    if not isinstance(text, str) or not text.strip() or "\0" in text:
        raise ValueError(f"{what} is a text and not blank")
    if len(text) > chars:
        raise ValueError(f"{what} has at most {chars} characters")
    return text.encode("utf-8", "replace").decode()


def _now() -> int:
    return time.time_ns() // 1000

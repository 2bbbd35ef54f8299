"""How a door opens a run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pluto.compat.attributes.containers import Container
from pluto.compat.attributes.kinds import Atom
from pluto.core import shutdown
from pluto.core.op import Op
from pluto.core.shutdown import ShutdownPolicy


@dataclass(frozen=True, slots=True)
class Capture:
    """What is recorded beside the door's own values."""

    stdout: bool = True
    stderr: bool = True
    hardware: bool = True
    facts: bool = True
    """About machine, code and packages."""
    namespace: str = "monitoring/main"
    """Where the reader shows console and hardware."""

    @classmethod
    def nothing(cls) -> Capture:
        """Nothing of it."""
        return cls(stdout=False, stderr=False, hardware=False, facts=False)


def open_run(
    project: str | None = None,
    *,
    external_id: str | None = None,
    display_id: str | None = None,
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
    capture: Capture | None = None,
    mode: Literal["online", "offline", "disabled"] | None = None,
    policy: ShutdownPolicy | None = None,
    delivery: Literal["process", "thread"] = "thread",
    settings: Mapping[str, Any] | None = None,
) -> Op:
    """A run that is open for an `AttributeWriter`.

    Args:
        project: Neptune's name of the project; None: Pluto's default project.
        external_id: Identity that several processes may share. With `exists="allow"` the run is joined or made without
            a word, and nothing is waited for. None and no `display_id`: a new run that nobody else means.
        display_id: Continue the run of this short id in this project. Waits for the server.
        container: Where it lies: among the runs, or in a companion project (`companion`).
        exists: What an `external_id` must be: `must` exist, `never` exist (both wait for the server), or either.
        name: Name; a run that was there before is renamed. None: made up for a new one.
        notes: The description, likewise.
        tags: Added.
        atoms: First attributes, of a run that is there already, too.
        created: When the run began, if not now. Only for a new one.
        fork_of: External id of the run to start from, at `fork_step`. It may still be on its way; where it never comes,
            the run begins without, and `Op.fork_run_id` is None.
        fork_step: The step it starts from.
        inherit_config: Start with the config of that run.
        named: Whether the name is one to its user; if not, `sys/name` is no attribute of the run.
        capture: What is recorded beside; None: nothing.
        mode: As the setting of this name.
        policy: How long the ends wait; None: `shutdown.neptune()`.
        delivery: Who delivers to a server. The local store is always written by the uploader process.
        settings: Further settings of Pluto (`dir`, `host`, `api_key`, …).

    Raises `RunNotFoundError` and `RunExistsError` where the server says so within `init_timeout`, `ValueError` and
    `SettingsError` for parameters that make no sense. Without an answer logging starts all the same.
    """
    raise NotImplementedError


_POLICY = shutdown.neptune

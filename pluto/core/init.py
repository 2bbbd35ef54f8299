"""`pluto.init`: opens a run."""

from __future__ import annotations

import copy
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from pluto.core import live, process, shutdown
from pluto.core.about import as_tags
from pluto.core.answer import error_of
from pluto.core.config import Config, merge, native
from pluto.core.distributed import ranks
from pluto.core.encode import step as checked_step
from pluto.core.identity import Fork, Resume, identify
from pluto.core.inert import InertOp
from pluto.core.names import generate_run_id
from pluto.core.op import Op
from pluto.core.options import say_once
from pluto.core.recorder import Opening
from pluto.core.say import be_heard, logger
from pluto.core.settings import Settings, resolve
from pluto.core.shutdown import ShutdownPolicy

_NAME_CHARS = 255


def init(
    dir: str | os.PathLike[str] | None = None,
    project: str | None = None,
    name: str | None = None,
    config: Mapping[str, Any] | str | None = None,
    settings: Settings | Mapping[str, Any] | None = None,
    tags: str | Sequence[str] | None = None,
    run_id: str | int | None = None,
    resume: Resume = False,
    fork_run_id: int | str | None = None,
    fork_step: int | float | None = None,
    inherit_config: bool | None = None,
    inherit_tags: bool | None = None,
    *,
    display_id: str | None = None,
    notes: str | None = None,
    group: str | None = None,
    job_type: str | None = None,
    mode: str | None = None,
    host: str | None = None,
    **kwargs: Any,
) -> Op:
    """A run that is open: log to it, then `finish()` it, or use it as a context manager.

    A new run waits for nothing. What goes wrong later with network or disk is told on the logger `pluto`, never raised.

    Args:
        dir: Folder of everything Pluto keeps (default: `PLUTO_DIR`, else `~/.pluto`).
        project: Project the run belongs to.
        name: Name of the run; one is made up.
        config: A dict, or anything that holds named values; JSON text; the path of a JSON or YAML file.
        settings: A dict or `pluto.Settings`. Settings may also be given by name, as in `init(durability="full")`.
        tags: One tag or several.
        run_id: The run's identity, any text of up to 255 characters (`20240101` and `EXP-1` are as good as any).
            Without `resume` it must be new, except for the ranks of one job and for `PLUTO_RUN_ID`, which join. A whole
            number (not text) is a number the server gave, and continues that run.
        resume: Continue the run of this `run_id`: True or "allow" makes it where there is none, "must" does not.
            Automatic steps go on behind the last one.
        fork_run_id: Number or display id of a run to start from, at `fork_step`.
        fork_step: Step to start from; automatic steps go on behind it.
        inherit_config: Start with the parent's config (default: yes).
        inherit_tags: Start with the parent's tags (default: no).
        display_id: Continue the run of this display id, as "DIG-1".
        notes: A text about the run.
        group: Adds the tag `group:<group>`.
        job_type: Adds the tag `job_type:<job_type>`.
        mode: "online", "offline" (kept here until `pluto sync`) or "disabled" (nothing is kept).
        host: The server; "local" for the local store, whatever else is set.
        **kwargs: Settings.

    Resuming, forking and an explicit `run_id` wait for the server's answer, `init_timeout` seconds at most; without one
    logging starts all the same, and steps are numbered on delivery.

    Raises:
        RunExistsError: the `run_id` exists, and was not to be resumed.
        RunNotFoundError: the run to be resumed or forked does not exist.
        SettingsError, ValueError, TypeError: parameters that make no sense.
    """
    be_heard()
    given = resolve(settings, dir=dir, project=project, run_id=None if isinstance(run_id, int) else run_id,
                    mode=mode, host=host, **kwargs)  # fmt: skip
    place = ranks()
    fork = _fork(fork_run_id, fork_step, inherit_config, inherit_tags)
    named: str | int | None = run_id if isinstance(run_id, int) else given.run_id
    if display_id is not None and run_id is None:
        named = None
    shared = run_id is None and given.origin("run_id").endswith("RUN_ID")
    identity = identify(named, display_id, resume, fork, place, shared=shared)
    if identity.scope != "job" and place.local_rank == 0:
        say_once(
            "ranks",
            f"the ranks of this job know no id that all share: each {identity.scope} writes a run of its own; set"
            " PLUTO_RUN_ID to the same text on all of them",
        )
    values = native(config.as_dict() if isinstance(config, Config) else config)
    labels = as_tags(tags)
    labels += [f"group:{group}"] * (group is not None) + [f"job_type:{job_type}"] * (job_type is not None)
    trial = _trial()
    if trial is not None:
        values = merge(values, trial.config)
        labels.append(trial.tag)
        if project is None and trial.project:
            given.project = trial.project
    if os.environ.get("KONDUKTOR_JOB_NAME"):
        labels.append("konduktor")
    opening = Opening(
        settings=given,
        identity=identity,
        project=_text(given.project, "project"),
        name=_text(name, "name") if name else generate_run_id(),
        config=values,
        tags=list(dict.fromkeys(labels)),
        notes=notes,
        ranks=place.within(identity.scope),
    )
    return open_run(opening, shutdown.native(given, place), trial)


def open_run(opening: Opening, policy: ShutdownPolicy, trial: Any = None) -> Op:
    """The run that `opening` says, open: for `init` and for doors, which have their own parameters and policies.

    Waits for the server only where the identity wants its answer; raises as `init` does. `trial` is that of a sweep.
    """
    if process.is_reimport():
        say_once("reimport", "the main script is imported again by a spawned child: the run it opens records nothing")
        opening.settings = copy.copy(opening.settings)
        opening.settings.mode = "disabled"
    op = (InertOp if opening.settings.mode == "disabled" else Op)(opening, policy)
    if opening.identity.waits:
        _await(op, opening)
    elif opening.identity.resuming:
        op.resume_at(None)
    if trial is not None:
        op.listen(trial.heard)
        trial.opened(op)
    op.start()
    return op


def finish(op: Op | None = None) -> None:
    """Finishes a run, or all that are open. Does nothing when there is none."""
    for run in [op] if op is not None else list(live.ops):
        run.finish()


def _await(op: Op, opening: Opening) -> None:
    """Waits for the answer without which the run's meaning is not known; goes on without it when it does not come."""
    identity = opening.identity
    if identity.fork is not None:
        op.resume_at(identity.fork.step)
    facts, refusal = op.answer()
    if refusal is not None:
        op.close()
        raise error_of(refusal)
    if facts is not None:
        if identity.resuming and facts.last_step is not None:
            op.resume_at(facts.last_step)
        return
    if identity.resuming:
        op.resume_at(None)
    if op.online:
        logger.warning(
            "no answer on run %s within %g s: logging starts without it%s",
            identity.text,
            opening.settings.init_timeout,
            ", and its steps are numbered on delivery" if identity.resuming else "",
        )


def _fork(
    run: int | str | None, step: int | float | None, inherit_config: bool | None, inherit_tags: bool | None
) -> Fork | None:
    if (run is None) != (step is None):
        raise ValueError("fork_run_id and fork_step go together")
    if run is None:
        if inherit_config is not None or inherit_tags is not None:
            raise ValueError("inherit_config and inherit_tags need a fork_run_id")
        return None
    if isinstance(run, bool) or not isinstance(run, (int, str)):
        raise TypeError(f"fork_run_id is a number or a display id, not {type(run).__name__}")
    if isinstance(run, str) and run.isascii() and run.isdigit():
        run = int(run)
    return Fork(run, checked_step(step), inherit_config, inherit_tags)


def _text(text: Any, what: str) -> str:
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{what} is a text and not blank")
    if len(text) > _NAME_CHARS:
        raise ValueError(f"{what} has at most {_NAME_CHARS} characters")
    return text.encode("utf-8", "replace").decode()


def _trial() -> Any:
    """The trial of a sweep this call belongs to, or None."""
    sweeps = sys.modules.get("pluto.sweeps.trial")
    active = None if sweeps is None else sweeps.active()
    if active is None and os.environ.get("PLUTO_SWEEP_TRIAL"):
        from pluto.sweeps.joining import of_environment

        return of_environment()
    return active

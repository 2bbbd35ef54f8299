"""The engine behind a run: how settings become those of Pluto, and what the answer to its opening means."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from pluto.compat.wandb.errors.errors import AuthenticationError, CommError, UsageError
from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.sdk.lib import resume_file
from pluto.compat.wandb.sdk.lib.engine import RunOp
from pluto.core import shutdown
from pluto.core.distributed import Ranks, ranks
from pluto.core.identity import Fork, Identity
from pluto.core.receipt import Refusal
from pluto.core.recorder import Opening
from pluto.core.say import be_heard, logger
from pluto.core.settings import Settings as PlutoSettings
from pluto.core.settings import resolve

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.wandb_run import Run
    from pluto.compat.wandb.sdk.wandb_settings import Settings

GROUP: Final = "group:"
JOB_TYPE: Final = "job_type:"
_POLICIES: Final = {None: "replace", "allow": "create", "auto": "create", "must": "must", "never": "never"}


def open_run(run: Run) -> None:
    """Opens a run at the engine, and takes over what is known of one that was there before.

    Raises `UsageError` where the run can't be had as asked for, and `AuthenticationError` for a wrong key.
    """
    settings = run._settings
    place = ranks()
    if settings.silent or settings.quiet:
        level = logger.level
        run._on_finish.append(lambda: logger.setLevel(level))
    identity = _identity(settings)
    opening = Opening(
        settings=engine_settings(settings),
        identity=identity,
        project=full_project(settings.entity, settings.project),
        name=settings.run_name or "",
        config=_config(run),
        tags=_tags(settings),
        notes=settings.run_notes,
        ranks=_place(settings, place),
        first_step=0,
    )
    op = RunOp(opening, _policy(settings), leave_status=not settings.x_update_finish_state)
    op.stop_fn = settings.stop_fn
    op.without = frozenset(["all"] * settings.x_disable_meta + ["git"] * settings.disable_git)
    run._begin(op)
    if identity.waits:
        try:
            _await(run, op)
        except KeyboardInterrupt:
            op.close()
            raise
    if settings._shared:
        run._rows.relative = True
    resume_file.note(settings)
    op.start()


def engine_settings(settings: Settings) -> PlutoSettings:
    """Pluto's settings for a run with these."""
    be_heard()
    wrapped = settings.console.startswith("wrap")
    chosen: dict[str, Any] = {
        "mode": "offline" if settings._offline else "online",
        "disable_console": settings.console == "off",
        "x_console_fd_capture": not wrapped,
        "disable_system_metrics": settings.x_disable_stats,
        "x_sys_sampling_interval": settings.x_stats_sampling_interval,
        "init_timeout": settings.init_timeout,
        "stop_on_cancel": settings.stop_fn is None,
        "http_proxy": settings.http_proxy,
        "https_proxy": settings.https_proxy,
        "insecure_disable_ssl": settings.insecure_disable_ssl or None,
    }
    if settings.silent or settings.quiet:
        chosen["x_log_level"] = 50 if settings.silent else 30
    return resolve(None, **chosen)


def full_project(entity: str | None, project: str | None) -> str:
    """The project as Pluto has it: `entity/project` where an entity is named."""
    return f"{entity}/{project}" if entity else str(project)


def _identity(settings: Settings) -> Identity:
    moment = settings.fork_from or settings.resume_from
    fork = None if moment is None else Fork(None, moment.value, external_id=moment.run, needed=True)
    named = "run_id" in settings.model_fields_set
    if settings._shared:
        return Identity(settings.run_id, fork=fork)
    policy = _POLICIES[settings.resume] if named else "create"
    resuming = settings.resume in ("allow", "auto", "must")
    if settings.resume_from is not None:
        policy = "replace"
    return Identity(
        settings.run_id,
        policy=policy,
        resuming=resuming,
        waits=resuming or policy == "never" or fork is not None,
        fork=fork,
        new=not named,
    )


def _await(run: Run, op: RunOp) -> None:
    """Waits for the answer without which it is not known which run this is, or where it stands."""
    settings = run._settings
    facts, refusal = op.answer()
    if refusal is not None:
        op.close()
        raise _error(refusal, settings)
    if facts is not None:
        moment = settings.fork_from or settings.resume_from
        if facts.resumed:
            _resume(run, facts.last_step)
        elif moment is not None:
            _resume(run, moment.value)
            settings.resumed = settings.resume_from is not None
        return
    if settings._offline:
        _look_up(run, op)
        return
    if settings.resume in ("allow", "auto", "must"):
        run._rows.relative = True
    termwarn(
        f"no answer on run {settings.run_id} within {settings.init_timeout:g} s: logging starts without it; what is"
        " logged is kept and delivered later"
    )


def _look_up(run: Run, op: RunOp) -> None:
    """Asks the local store, where runs go there, for what an offline run would go on with; nobody else is asked."""
    from pluto.compat.wandb.sdk.lib.resuming import look_up

    settings = run._settings
    moment = settings.fork_from or settings.resume_from
    number = look_up(run, moment.run if moment is not None else str(settings.run_id))
    if settings.resume == "never" and number is not None:
        op.close()
        raise _error(Refusal("exists"), settings)
    if moment is not None:
        run._starting_step = run._rows.number = math.floor(moment.value) + 1
    elif settings.resume in ("allow", "auto", "must") and number is not None:
        _resume(run, None, number)
    elif settings.resume in ("allow", "auto", "must"):
        run._rows.relative = True


def _resume(run: Run, last: float | None, number: int | None = None) -> None:
    from pluto.compat.wandb.sdk.lib.resuming import restore

    run._settings.resumed = True
    run._starting_step = 0 if last is None else math.floor(last) + 1
    run._rows.number = run._starting_step
    restore(run, number if number is not None else run._op.id)


def _error(refusal: Refusal, settings: Settings) -> Exception:
    if refusal.reason == "exists":
        return UsageError(
            f"The run {settings.run_id!r} exists already, and resume='never' forbids to go on with it:"
            " choose another id, or resume='allow'."
        )
    if refusal.reason == "missing":
        wanted = "resume_from" if settings.resume_from is not None else "fork_from" if settings.fork_from else "resume"
        return UsageError(f"{refusal.message or 'There is no such run'}: {wanted} needs a run that is there.")
    if refusal.reason == "unauthorized":
        return AuthenticationError(refusal.message or "The server does not accept the key; `pluto login` sets another.")
    return CommError(refusal.message or f"The server refused the run: {refusal.reason}")


def _config(run: Run) -> dict[str, Any]:
    settings = run._settings
    own = run._own_config
    for name, value in (("entity", settings.entity), ("sweep_id", settings.sweep_id), ("host", settings.host)):
        if value is not None:
            own[name] = value
    own["door"] = "wandb"
    own["starts"] = {str(int(run._start_time * 1e6)): 0.0}
    return dict(run._config._items)


def _tags(settings: Settings) -> list[str]:
    tags = list(settings.run_tags or ())
    tags += [f"{GROUP}{settings.run_group}"] * (settings.run_group is not None)
    tags += [f"{JOB_TYPE}{settings.run_job_type}"] * (settings.run_job_type is not None)
    return list(dict.fromkeys(tags))


def _policy(settings: Settings) -> shutdown.ShutdownPolicy:
    policy = shutdown.wandb()
    if settings.finish_timeout > 0:
        return shutdown.ShutdownPolicy(settings.finish_timeout, settings.finish_timeout, progress=True)
    return policy


def _place(settings: Settings, place: Ranks) -> Ranks:
    """Each process has a run of its own here, whatever its rank; in a shared run one is the first."""
    if settings._shared and not settings.x_primary:
        return Ranks(rank=1, world_size=2, local_rank=0, node=place.node)
    return Ranks(node=place.node)

"""`wandb.init`: opens a run."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pluto.compat.wandb.errors.errors import Error, UsageError
from pluto.compat.wandb.errors.term import termlog, termsetup, termwarn
from pluto.compat.wandb.sdk.lib import ipython, module, run_folder, run_messages
from pluto.compat.wandb.sdk.lib.older import older
from pluto.compat.wandb.sdk.lib.opening import open_run
from pluto.compat.wandb.sdk.lib.resume_file import resume_id
from pluto.compat.wandb.sdk.lib.run_config import RunConfig, gather
from pluto.compat.wandb.sdk.lib.runid import generate_id
from pluto.compat.wandb.sdk.lib.settings_sources import auto_project_name
from pluto.compat.wandb.sdk.lib.settings_table import FIELDS, UNSET
from pluto.compat.wandb.sdk.wandb_run import Run
from pluto.compat.wandb.sdk.wandb_settings import Settings
from pluto.compat.wandb.sdk.wandb_setup import _WandbSetup, singleton
from pluto.core import process
from pluto.core.names import generate_run_id


def init(
    entity: str | None = None,
    project: str | None = None,
    dir: str | os.PathLike[str] | None = None,
    id: str | None = None,
    name: str | None = None,
    notes: str | None = None,
    tags: Sequence[str] | None = None,
    config: Any = None,
    config_exclude_keys: list[str] | None = None,
    config_include_keys: list[str] | None = None,
    allow_val_change: bool | None = None,
    group: str | None = None,
    job_type: str | None = None,
    mode: Literal["online", "offline", "disabled", "shared"] | None = None,
    force: bool | None = None,
    reinit: bool | Literal[None, "default", "return_previous", "finish_previous", "create_new"] = None,
    resume: bool | Literal["allow", "never", "must", "auto"] | None = None,
    resume_from: str | None = None,
    fork_from: str | None = None,
    save_code: bool | None = None,
    tensorboard: bool | None = None,
    sync_tensorboard: bool | None = None,
    monitor_gym: bool | None = None,
    settings: Settings | Mapping[str, Any] | None = None,
    anonymous: Any = UNSET,
    *,
    magic: Any = None,
) -> Run:
    """A run that is open: log to it, then `finish()` it, or use it as a context manager.

    A new run waits for nothing. What goes wrong later with network or disk is told on stderr, never raised.

    Args:
        entity: Whose project it is.
        project: The project; without one it is named after the git repository.
        dir: Where the folder `wandb` is made.
        id: The run's id; without one, 8 letters and digits. A run that has it already gives it up, unless `resume` is
            set.
        name: What the run is called; something is made up.
        notes: A text about the run.
        tags: Labels.
        config: A dict, an argparse namespace, absl flags, an object with attributes, or the path of a YAML file.
        config_exclude_keys: Keys of it to leave out. Old: use `wandb.helper.parse_config`.
        config_include_keys: Keys of it to take. Old, as well.
        allow_val_change: Whether values of the config may be changed later.
        group: The group of runs it belongs to.
        job_type: What kind of job it is.
        mode: "online", "offline" (kept here until `pluto sync`), "disabled" (nothing is kept), or "shared" (several
            processes write the run of this id).
        force: Nothing needs an account here, so there is nothing to force.
        reinit: What to do while a run is open: "return_previous" (in scripts) gives that one, "finish_previous" (in
            notebooks) finishes it first, "create_new" leaves it open, and the module's functions with it.
        resume: "allow" goes on with the run of this id where there is one, "must" raises where there is none, "never"
            where there is one, "auto" goes on with the last run of this folder that did not finish.
        resume_from: `<run id>?_step=<step>`: goes on with that run from that step.
        fork_from: The same, as a new run that starts with the other's history up to there.
        save_code: Whether to keep the script with the run.
        tensorboard: `sync_tensorboard` by its older name.
        sync_tensorboard: Whether what is written for TensorBoard becomes metrics.
        monitor_gym: Whether gym's videos are logged.
        settings: Settings, or a dict of them; the arguments above come first.
        anonymous: Has no effect: nothing needs an account here.
        magic: Of older releases; has no effect.

    Raises:
        UsageError: ids, names and runs that can't be had as asked for.
        ValueError: settings that can't be.
        Error: `resume="must"` while another run is open.
        ConfigError, TypeError: a config that can't be read.
    """
    if magic:
        older("init(magic=…)", "log what you want to see")
    given = settings.model_copy() if isinstance(settings, Settings) else Settings(**(settings or {}))
    named = {
        "run_job_type": job_type, "root_dir": dir, "project": project, "entity": entity, "reinit": reinit,
        "run_tags": None if tags is None else (tags if isinstance(tags, str) else tuple(tags)), "run_group": group,
        "run_name": name, "run_notes": notes, "mode": mode, "resume": resume, "force": force,
        "sync_tensorboard": tensorboard if sync_tensorboard is None else sync_tensorboard, "save_code": save_code,
        "run_id": id, "fork_from": fork_from, "resume_from": resume_from, "allow_val_change": allow_val_change,
    }  # fmt: skip
    for key, value in named.items():
        if value is not None:
            setattr(given, key, value)
    if anonymous is not UNSET:
        given.anonymous = anonymous
    session = singleton()
    final = _settings(session, given)
    if process.is_reimport():
        termwarn("the script is imported again by a spawned child: this wandb.init() records nothing", repeat=False)
        final.mode = "disabled"
    values = gather(session, final, config, config_include_keys, config_exclude_keys)
    if final._noop:
        return _disabled(final, values)
    previous = _previous(session, final)
    if previous is not None:
        return previous
    if monitor_gym:
        from pluto.compat.wandb.integration.gym import monitor

        monitor()
    if final.sync_tensorboard:
        from pluto.compat.wandb.integration.tensorboard import patch

        patch()
    return _open(session, final, values)


def _settings(session: _WandbSetup, given: Settings) -> Settings:
    """The run's settings: the session's, then what was given; then what has to be made up."""
    final = session.settings.model_copy()
    if final.sweep_id:
        for key in ("project", "entity", "run_id"):
            if getattr(given, key) is not None:
                termwarn(f"Ignoring {key} {getattr(given, key)!r} when running a sweep.")
                given.__dict__.pop(key)
                given.__dict__["_set"].discard(key)
    final.update_from_settings(given)
    termsetup(final, None)
    without = sorted(name for name in given.model_fields_set if not FIELDS[name].heeded)
    if without:
        termlog(f"settings that have no effect on a Pluto run: {', '.join(without)}", repeat=False)
    if isinstance(final.reinit, bool):
        termwarn(
            "Using a boolean value for 'reinit' is deprecated. Use 'return_previous' or 'finish_previous' instead.",
            repeat=False,
        )
    final.infer_git_root()
    if final.project is None:
        final.project = auto_project_name(final.program)
    final.x_start_time = time.time()
    if final.run_id is None:
        final.run_id = resume_id(final)
    if final._shared and not final.x_label:
        final.x_label = f"{final.host}-{generate_id()}" if final.host else generate_id()
    return final


def _previous(session: _WandbSetup, final: Settings) -> Run | None:
    """The run that is open and stands for a new one; None where a new one is to be made."""
    open_one = session.most_recent_active_run
    if open_one is None or final.reinit == "create_new":
        return None
    if final.reinit in (True, "finish_previous") or (final.reinit == "default" and ipython.in_notebook()):
        termlog(f"Finishing previous runs because reinit is set to {final.reinit!r}.")
        session.finish_all_active_runs()
        return None
    if final.resume == "must":
        raise Error(
            "Cannot resume a run while another run is active. You must either finish it using run.finish(), or use"
            " reinit='create_new' when calling wandb.init()."
        )
    termlog(
        f"wandb.init() called while a run is active and reinit is set to {final.reinit!r}, so returning the previous"
        " run."
    )
    return open_one


def _open(session: _WandbSetup, final: Settings, values: RunConfig) -> Run:
    run_folder.find_root(final)
    is_named = bool(final.run_name)
    final.run_name = final.run_name or generate_run_id()
    handler = run_folder.make(final)
    run = Run(final, config=values.given, sweep_config=values.sweep)
    run._is_named = is_named
    run._log_handler = handler
    open_run(run)
    if final.sweep_id:
        from pluto.compat.wandb.sdk.lib.sweep_trial import join

        join(run)
    for key, artifact in values.artifacts.items():
        run.config.update({key: artifact}, allow_val_change=True)
    if final.reinit != "create_new":
        module.set_global(run)
    session.add_active_run(run)
    run_messages.header(run)
    run._start()
    return run


def _disabled(final: Settings, values: RunConfig) -> Run:
    from pluto.compat.wandb.sdk.lib.noop_run import init_noop_run

    return init_noop_run(final, {**values.given, **values.sweep})


def _attach(attach_id: str | None = None, run_id: str | None = None, *, run: Run | None = None) -> Run | None:
    """Joins a run that another process of this machine has open; it is `wandb.run` then.

    Raises `UsageError` unless exactly one run is named, and where nobody has it open.
    """
    from pluto.compat.wandb.sdk.lib import attaching

    named = attach_id or run_id
    if (named is None) == (run is None):
        raise UsageError("Either (`attach_id` or `run_id`) or `run` must be specified")
    if run is not None:
        attaching.attach(run, run.__dict__.get("_attach_facts") or attaching.find(str(run._attach_id)))
        return run
    return attaching.attached(str(named))


attach = _attach

__all__ = ["attach", "init"]

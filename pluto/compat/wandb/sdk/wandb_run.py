"""A run as a script holds it."""

from __future__ import annotations

import io
import logging
import operator
import os
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb import trigger
from pluto.compat.wandb.errors.term import termerror, termwarn
from pluto.compat.wandb.sdk.lib import attaching, module, resume_file, run_facts, run_folder, run_messages
from pluto.compat.wandb.sdk.lib.definitions import Definitions
from pluto.compat.wandb.sdk.lib.engine import RunOp
from pluto.compat.wandb.sdk.lib.logger_capture import capture
from pluto.compat.wandb.sdk.lib.older import OlderRun, older
from pluto.compat.wandb.sdk.lib.rows import Rows
from pluto.compat.wandb.sdk.lib.run_about import while_open
from pluto.compat.wandb.sdk.lib.run_display import RunDisplay
from pluto.compat.wandb.sdk.lib.run_files import RunFiles
from pluto.compat.wandb.sdk.lib.run_history import RunHistory
from pluto.compat.wandb.sdk.lib.run_models import RunModels
from pluto.compat.wandb.sdk.wandb_config import Config
from pluto.compat.wandb.sdk.wandb_summary import Summary
from pluto.core import fork, shutdown

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.wandb_settings import Settings
    from pluto.core.shutdown import End

_LATER = frozenset({"_op", "_rows", "_settings", "_config", "summary"})
"""What a run that came out of a pickle has once it is attached."""


@dataclass
class RunStatus:
    """How far a run is delivered."""

    sync_items_total: int = 0
    sync_items_pending: int = 0
    sync_time: datetime | None = None


class Run(RunHistory, RunFiles, RunModels, RunDisplay, OlderRun):
    """A run. `wandb.init` makes it; as a context manager it is finished with the block, failed if an exception left it.

    Every call is on disk when it returns, and nothing raises for a network or disk that fails. Safe from several
    threads. A forked child that logs writes to the same run, and so does a process that gets the run pickled: it is
    attached when it is first used there.
    """

    def __init__(
        self,
        settings: Settings,
        config: dict[str, Any] | None = None,
        sweep_config: dict[str, Any] | None = None,
        launch_config: dict[str, Any] | None = None,
    ) -> None:
        """`wandb.init` is what makes a run that is kept; this alone makes one that has no engine behind it yet."""
        self._settings = settings
        self._init_pid = self._attach_pid = os.getpid()
        self._attach_id: str | None = settings.run_id
        self._is_attached = False
        self._is_finished = False
        self._is_named = True
        """Whether somebody has said what it is called."""
        self._exit_code: int | None = None
        self._start_time = settings.x_start_time or time.time()
        self._starting_step = 0
        self._alerts = {}
        self._own_config = {}
        self._torch: Any = None
        self._on_finish: list[Any] = []
        """Called at the end, while the run still takes records."""
        self._watched, self._watching, self._kept = {}, None, set()
        self._log_handler: Any = None
        self._config = Config()
        self._config._update(config or {}, allow_val_change=True, ignore_locked=True)
        self._own_config.update(self._config._items.get("_wandb") or {})
        self._config._items["_wandb"] = self._own_config
        for user, values in (("sweep", sweep_config), ("launch", launch_config)):
            if values:
                self._config.merge_locked(values, user=user, _allow_val_change=True)
        self._rows = Rows(self, self._append, Definitions())
        self._rows.tally.started = self._start_time
        self.summary = Summary(self._current_summary)
        self.summary._set_update_callback(self._change_summary)

    # how it begins and ends

    def _begin(self, op: RunOp) -> None:
        """Puts the engine behind it: what is written from now on is kept."""
        self._op = op
        op.before_end = self._before_end
        self._config._bind(lambda values: self._config_callback(data=values), self._use_in_config, self._settings)
        fork.tell(self)

    def _start(self) -> None:
        """Begins what goes on beside the script, and hands the run out."""
        attaching.announce(self)
        run_folder.write_begin(self)
        capture(self, self._settings.capture_loggers)
        trigger.call("on_init")
        self._ready()
        run_facts.collect(self)

    def _ready(self) -> None:
        """It is about to be handed out: no attribute is added any more."""
        self.__dict__["_frozen"] = True

    def finish(self, exit_code: int | None = None, quiet: bool | None = None) -> None:
        """Ends the run and waits until everything is delivered; Ctrl-C leaves the rest to the uploader.

        An `exit_code` other than 0 and None means that the run has failed. Does nothing when it is finished already.
        `quiet` is of older releases: the setting of that name takes its place.
        Raises `TypeError` for a code that is no whole number, and `TimeoutError` where the setting `finish_timeout` was
        not enough and `finish_timeout_raises` is on.
        """
        if quiet is not None:
            older("finish(quiet=…)", "use wandb.Settings(quiet=…)")
        if self._is_finished:
            return
        from pluto.compat.wandb.sdk.wandb_setup import singleton

        code = operator.index(exit_code or 0)
        self._exit_code = code
        try:
            self._op.finish(code)
        except KeyboardInterrupt:
            termerror("Control-C detected -- the rest of the run's data is delivered in the background")
            raise
        finally:
            self._is_finished = True
            singleton().remove_active_run(self)
            if module.current() is self:
                module.unset_globals()
        run_messages.footer(self)
        delivered, total = self._op.progress()
        if self._settings.finish_timeout_raises and self._settings.finish_timeout > 0 and delivered < total:
            raise TimeoutError("Timed out finishing run.")

    def join(self, exit_code: int | None = None) -> None:
        """`finish` by its older name."""
        older("run.join()", "use run.finish()")
        self.finish(exit_code)

    def _before_end(self, end: End) -> None:
        """The last records: what is still open, and the files that were to be kept at the end."""
        last: list[Callable[[], object]] = [
            *self._on_finish, self._rows.flush, lambda: self._keep_watched(last=True)
        ]  # fmt: skip
        if not self._is_attached:
            last.insert(0, lambda: trigger.call("on_finished"))
            last += [lambda: run_folder.write_end(self, end), self._keep_rest, lambda: attaching.withdraw(self)]
            if end.code == 0:
                last.append(lambda: resume_file.clear(self._settings))
            if shutdown.exiting():
                last.append(lambda: run_messages.footer(self))
        for act in last:
            try:
                act()
            except Exception:
                logging.getLogger("wandb").exception("something did not work at the end of run %s", self.id)
        self._is_finished = True

    @while_open
    def status(self) -> RunStatus:
        """How much of the run is delivered, and how much is still to be."""
        delivered, total = self._op.progress()
        return RunStatus(total, total - delivered, datetime.now() if delivered == total else None)

    @while_open
    def mark_preempting(self) -> None:
        """Says that something is about to end the process: if it does, the run was preempted."""
        self._op.preempting = True
        self._set_config_wandb("preempting", True)

    @while_open
    def pin_config_keys(self, keys: Any = ()) -> None:
        """Names config keys that are to be shown first."""
        self._set_config_wandb("pinned_keys", [str(key) for key in keys])

    def _label(
        self, code: str | None = None, repo: str | None = None, code_version: str | None = None, **kwargs: str
    ) -> None:
        """Says which framework uses the run."""
        for name in kwargs:
            termwarn(f"Label added for unsupported key {name!r} (ignored).", repeat=False)
        said = {"code": code, "repo": repo, "code_version": code_version}
        labels = {name: text for name, text in said.items() if text}
        if labels and not self._settings.label_disable and not self._is_finished:
            self._set_config_wandb("labels", labels)

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        if exc_type is not None:
            traceback.print_exception(exc_type, exc_val, exc_tb)
        self.finish(exit_code=1 if exc_type is not None else 0)

    # in other processes

    def forked(self) -> None:
        """In a forked child: its rows begin behind the parent's open one."""
        self._is_attached = True
        self._rows.forked()

    def __getstate__(self) -> dict[str, Any]:
        return {
            "_attach_id": self._attach_id,
            "_init_pid": self._init_pid,
            "_is_finished": self._is_finished,
            "_attach_facts": self._attachable(),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        if state.get("_init_pid") == os.getpid():
            raise RuntimeError("attach in the same process is not supported currently")
        self.__dict__.update(state)

    def __getattr__(self, name: str) -> Any:
        if name in _LATER and "_attach_facts" in self.__dict__ and "_op" not in self.__dict__:
            attaching.attach(self, self.__dict__["_attach_facts"])
            return getattr(self, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _attachable(self) -> dict[str, Any]:
        """What another process has to know to write to this run."""
        return self.__dict__.get("_attach_facts") or attaching.facts(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Run:
        return self

    def __setattr__(self, attr: str, value: object) -> None:
        if self.__dict__.get("_frozen") and not hasattr(self, attr):
            raise Exception(f"Attribute {attr} is not supported on Run object.")
        object.__setattr__(self, attr, value)

    def _append(self, kind: int, body: bytes) -> None:
        self._op.append(kind, body)

    def _use_in_config(self, key: str, value: Any) -> Any:
        """An artifact was put into the config: it is used by the run."""
        return self._config_artifact_callback(key, value)


def finish(exit_code: int | None = None, quiet: bool | None = None) -> None:
    """Finishes the run of `wandb.init`. Does nothing when there is none. `quiet` is of older releases."""
    run = module.current()
    if run is not None:
        run.finish(exit_code=exit_code, quiet=quiet)


join = finish


def restore(
    name: str, run_path: str | None = None, replace: bool = False, root: str | None = None
) -> io.TextIOBase | None:
    """A file of a run, open for reading: the one on this machine, or one that is downloaded; None where there is none.

    Raises `ValueError` where no run is named and none is open.
    """
    from pluto.compat.wandb.sdk.lib.run_files import restored

    run = module.current()
    return restored(run if run is not None and not run.disabled else None, name, run_path, replace, root)


__all__ = ["Run", "RunStatus", "finish", "join", "restore"]

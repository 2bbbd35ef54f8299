"""The run of `mode="disabled"`: a `Run` that takes everything and keeps nothing."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb.sdk.lib import module
from pluto.compat.wandb.sdk.lib.disabled import SummaryDisabled
from pluto.compat.wandb.sdk.lib.runid import generate_id
from pluto.compat.wandb.sdk.wandb_config import Config
from pluto.compat.wandb.sdk.wandb_metric import Metric
from pluto.compat.wandb.sdk.wandb_run import Run

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.wandb_settings import Settings


def init_noop_run(settings: Settings, config: Mapping[str, Any]) -> Run:
    """A disabled run, which the module's names follow."""
    import tempfile

    run_id = settings.run_id or generate_id()
    run = NoopRun(
        settings.model_copy(
            update={
                "mode": "disabled",
                "run_id": run_id,
                "run_name": settings.run_name or f"dummy-{run_id}",
                "project": "dummy" if settings.project in (None, "uncategorized") else settings.project,
                "entity": settings.entity or "dummy",
                "root_dir": tempfile.gettempdir(),
            }
        ),
        {name: value for name, value in config.items() if name != "_wandb"},
    )
    module.set_global(run)
    return run


class _Anything:
    """Whatever is asked of it, it gives itself."""

    def __getattr__(self, _: str) -> _Anything:
        return self

    def __call__(self, *_: Any, **__: Any) -> _Anything:
        return self


def _nothing(self: Any, *_: Any, **__: Any) -> Any:
    """Nothing."""


class NoopRun(Run):
    """Takes every call. `log` goes to the summary, and the config works."""

    def __init__(self, settings: Settings, config: dict[str, Any]) -> None:
        self._settings = settings
        self._config = Config()
        self._config.update(config)
        self.summary = SummaryDisabled()  # type: ignore[assignment]
        self._start_time = time.time()
        self._starting_step = 0
        self._is_finished = False
        self._attach_id = None
        self._own_config = {}

    def log(self, data: Mapping[str, Any], *_: Any, **__: Any) -> None:
        """Updates the summary."""
        self.summary.update(data)

    def finish(self, *_: Any, **__: Any) -> None:
        """Puts the module's placeholders back."""
        if module.current() is self:
            module.unset_globals()

    def define_metric(self, *_: Any, **__: Any) -> Metric:
        """A metric called "dummy"."""
        return Metric("dummy")

    def save(self, *_: Any, **__: Any) -> Any:
        """False."""
        return False

    def log_artifact(self, *_: Any, **__: Any) -> Any:
        """Something that gives itself, whatever is asked of it."""
        return _Anything()

    def __exit__(self, *_: Any) -> None:
        self.finish()

    def __getstate__(self) -> dict[str, Any]:
        return {}

    @property
    def step(self) -> int:
        """0."""
        return 0

    @property
    def url(self) -> None:
        """None."""
        return

    @property
    def project_url(self) -> None:
        """None."""
        return

    @property
    def sweep_url(self) -> None:
        """None."""
        return

    @property
    def name(self) -> str | None:
        """What it is called; can be set."""
        return self._settings.run_name

    @name.setter
    def name(self, name: str) -> None:
        self._settings.run_name = name

    @property
    def notes(self) -> str | None:
        """A text about it; can be set."""
        return self._settings.run_notes

    @notes.setter
    def notes(self, notes: str | None) -> None:
        self._settings.run_notes = notes

    @property
    def tags(self) -> tuple[str, ...] | None:
        """Its tags; can be set."""
        return self._settings.run_tags or ()

    @tags.setter
    def tags(self, tags: Any) -> None:
        self._settings.run_tags = tuple(tags)

    alert = finish_artifact = link_artifact = link_model = log_code = log_model = mark_preempting = _nothing
    pin_config_keys = restore = status = unwatch = upsert_artifact = use_artifact = use_model = watch = _nothing
    write_logs = _config_callback = _keep_file = _label = _publish_file = _set_config_wandb = _nothing

"""The folder `wandb/…run-<time>-<id>`: what tools and people look for there."""

from __future__ import annotations

import contextlib
import json
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb import env
from pluto.compat.wandb.errors.term import termwarn
from pluto.core.jsonable import to_json

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.wandb_run import Run
    from pluto.compat.wandb.sdk.wandb_settings import Settings
    from pluto.core.shutdown import End

logger = logging.getLogger("wandb")
logger.addHandler(logging.NullHandler())
logger.propagate = False


def find_root(settings: Settings) -> None:
    """Sees to it that the folder of all runs can be made: where it can't, runs go to the temporary folder."""
    settings.root_dir = os.path.abspath(os.path.expanduser(settings.root_dir))
    try:
        os.makedirs(settings.root_dir, exist_ok=True)
        usable = os.access(settings.root_dir, os.W_OK | os.R_OK)
    except OSError:
        usable = False
    if not usable:
        import tempfile

        temporary = tempfile.gettempdir()
        termwarn(f"Path {settings.root_dir} wasn't read/writable. Falling back to {temporary}.", repeat=False)
        settings.root_dir = temporary


def make(settings: Settings) -> logging.Handler | None:
    """Makes the run's folder, its links, and the file that names it, and gives the handler of the debug log.

    Raises `OSError` where the folder of the run's files can't be made.
    """
    index = 1
    while os.path.exists(settings.sync_dir):
        settings.x_sync_dir_suffix = str(index)
        index += 1
    for folder in (settings.files_dir, settings.log_dir, settings._tmp_code_dir):
        os.makedirs(folder, exist_ok=True)
    try:
        Path(settings.sync_file).write_text(
            to_json({"run_id": settings.run_id, "project": settings.project, "entity": settings.entity}) + "\n"
        )
        Path(settings.log_internal).touch()
        if settings.symlink:
            _link(settings.sync_dir, settings.sync_symlink_latest)
            _link(settings.log_user, settings.log_symlink_user)
            _link(settings.log_internal, settings.log_symlink_internal)
        handler = logging.FileHandler(settings.log_user, encoding="utf-8")
    except OSError as error:
        termwarn(f"the run's debug log can't be written: {error}", repeat=False)
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(threadName)s [%(module)s] %(message)s"))
    handler.setLevel(logging.DEBUG if env.is_debug() else settings.x_log_level)
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.info("run %s of %s, kept by Pluto", settings.run_id, settings.project)
    return handler


def write_begin(run: Run) -> None:
    """Has what is printed go to `output.log`."""
    if run._settings.console != "off":
        run._op.output = Path(run._settings.files_dir, "output.log")


def write_end(run: Run, end: End) -> None:
    """Writes `wandb-summary.json` and `config.yaml`, as JSON is YAML, and lets go of the debug log."""
    folder = Path(run._settings.files_dir)
    if not run._settings._offline:
        with contextlib.suppress(OSError):
            summary = run._rows.tally.tree()
            (folder / "wandb-summary.json").write_text(json.dumps(_json(summary)), encoding="utf-8")
        with contextlib.suppress(OSError):
            config = {name: {"value": value} for name, value in run._config._items.items()}
            (folder / "config.yaml").write_text(_yaml(json.loads(to_json(config))), encoding="utf-8")
    logger.info("run %s ends: %s", run.id, end.status or "elsewhere")
    handler = run._log_handler
    if handler is not None:
        logger.removeHandler(handler)
        handler.close()


def _link(target: str, link: str) -> None:
    draft = f"{link}.{os.getpid()}"
    with contextlib.suppress(OSError):
        os.symlink(os.path.relpath(target, os.path.dirname(link)), draft)
        os.replace(draft, link)


def _json(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str))


def _yaml(values: dict[str, Any]) -> str:
    """YAML of values that JSON has: a line for each key, its value as JSON, which YAML reads as it is."""
    lines = ["wandb_version: 1", ""]
    for name, entry in values.items():
        lines += [f"{json.dumps(name)}:", f"  value: {json.dumps(entry['value'], ensure_ascii=False)}"]
    return "\n".join(lines) + "\n"

"""What follows from settings: where things lie, and what they are called."""

from __future__ import annotations

import os
import platform
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from pluto.compat.wandb.sdk.lib import ipython


class SettingsPaths:
    """The settings that follow from others. They can't be set."""

    if TYPE_CHECKING:
        entity: str | None
        mode: str
        program: str | None
        project: str | None
        root_dir: str
        run_group: str | None
        run_id: str | None
        run_job_type: str | None
        run_name: str | None
        run_notes: str | None
        run_tags: tuple[str, ...] | None
        sweep_id: str | None
        x_jupyter_path: str | None

        def __getattr__(self, name: str) -> Any: ...

    @property
    def _args(self) -> list[str]:
        return [] if self._jupyter else sys.argv[1:]

    @property
    def _aws_lambda(self) -> bool:
        return "AWS_LAMBDA_FUNCTION_NAME" in os.environ

    @property
    def _code_path_local(self) -> str | None:
        from pluto.compat.wandb.sdk.lib.settings_sources import relative_program

        return relative_program(self.program, os.getcwd()) if self.program else None

    @property
    def _colab(self) -> bool:
        return "google.colab" in sys.modules

    @property
    def _ipython(self) -> bool:
        return ipython.in_ipython()

    @property
    def _jupyter(self) -> bool:
        return ipython.in_jupyter()

    @property
    def _kaggle(self) -> bool:
        return any(name in os.environ for name in ("KAGGLE_KERNEL_RUN_TYPE", "KAGGLE_URL_BASE"))

    @property
    def _noop(self) -> bool:
        return self.mode == "disabled"

    @property
    def _notebook(self) -> bool:
        return self._ipython or self._jupyter or self._colab or self._kaggle

    @property
    def _offline(self) -> bool:
        return self.mode in ("offline", "dryrun")

    @property
    def _os(self) -> str:
        return platform.platform(aliased=True)

    @property
    def _platform(self) -> str:
        return f"{platform.system()}-{platform.machine()}".lower()

    @property
    def _python(self) -> str:
        return f"{platform.python_implementation()} {platform.python_version()}"

    @property
    def _shared(self) -> bool:
        return self.mode == "shared"

    @property
    def _start_datetime(self) -> str:
        start = self.x_start_time
        return "" if start is None else datetime.fromtimestamp(start).strftime("%Y%m%d_%H%M%S")

    @property
    def _tmp_code_dir(self) -> str:
        return os.path.join(self.sync_dir, "tmp", "code")

    @property
    def _windows(self) -> bool:
        return platform.system() == "Windows"

    @property
    def app_url(self) -> str:
        """The address of the pages of the Pluto server that runs go to; empty where they stay in the local store."""
        from pluto.core.settings import Remote, resolve

        target = resolve().target()
        return str(self.app_url_override or (target.app if isinstance(target, Remote) else ""))

    @property
    def colab_url(self) -> str | None:
        """The address of the notebook, in Colab."""
        path = self.x_jupyter_path
        if not self._colab or not path or not path.startswith("fileId="):
            return None
        return "https://colab.research.google.com/notebook#" + unquote(path)

    @property
    def deployment(self) -> str:
        """`local` or `cloud`."""
        return "local" if self.is_local else "cloud"

    @property
    def files_dir(self) -> str:
        """The folder of the run's files."""
        return str(self.x_files_dir or os.path.join(self.sync_dir, "files"))

    @property
    def is_local(self) -> bool:
        """Whether runs stay in the local store."""
        return not self.app_url

    @property
    def log_dir(self) -> str:
        """The folder of the run's debug logs."""
        return os.path.join(self.sync_dir, "logs")

    @property
    def log_internal(self) -> str:
        """The debug log of what happens in the background."""
        return os.path.join(self.log_dir, "debug-internal.log")

    @property
    def log_symlink_internal(self) -> str:
        """Link to that of the newest run."""
        return os.path.join(self.wandb_dir, "debug-internal.log")

    @property
    def log_symlink_user(self) -> str:
        """Link to the debug log of the newest run."""
        return os.path.join(self.wandb_dir, "debug.log")

    @property
    def log_user(self) -> str:
        """The debug log."""
        return os.path.join(self.log_dir, "debug.log")

    @property
    def project_url(self) -> str:
        """The address of the project's page; empty where there is none, or while it is not known."""
        return self.run_url.rpartition("/")[0]

    @property
    def resume_fname(self) -> str:
        """Where `resume="auto"` finds the id of the run to go on with."""
        return os.path.join(self.wandb_dir, "wandb-resume.json")

    @property
    def run_mode(self) -> str:
        """What the run's folder begins with: `run` or `offline-run`."""
        return "offline-run" if self._offline else "run"

    @property
    def run_url(self) -> str:
        """The address of the run's page; empty where there is none, or while it is not known."""
        return str(self.__dict__.get("_run_url") or "")

    @property
    def settings_workspace(self) -> str:
        """The settings file of the working directory."""
        return os.path.join(self.wandb_dir, "settings")

    @property
    def sweep_url(self) -> str:
        """The address of the sweep's page: there is none, so always empty."""
        return ""

    @property
    def sync_dir(self) -> str:
        """The run's folder."""
        suffix = f"-{self.x_sync_dir_suffix}" if self.x_sync_dir_suffix else ""
        return os.path.join(self.wandb_dir, f"{self.run_mode}-{self.timespec}-{self.run_id}{suffix}")

    @property
    def sync_file(self) -> str:
        """The file in it that names the run."""
        return os.path.join(self.sync_dir, f"run-{self.run_id}.wandb")

    @property
    def sync_symlink_latest(self) -> str:
        """Link to the folder of the newest run."""
        return os.path.join(self.wandb_dir, "latest-run")

    @property
    def timespec(self) -> str:
        """When the run started, as the folder's name has it."""
        return self._start_datetime

    @property
    def wandb_dir(self) -> str:
        """The folder of all runs' folders."""
        hidden = self.use_dot_wandb
        if hidden is None:
            hidden = Path(self.root_dir, ".wandb").exists()
        return str(Path(self.root_dir, ".wandb" if hidden else "wandb").expanduser())

"""What is kept of the machine and the code behind a run: `wandb-metadata.json`, `requirements.txt`, the script."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import shutil
import threading
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb.sdk.lib.filenames import METADATA_FNAME, REQUIREMENTS_FNAME
from pluto.core.redact import arguments

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.wandb_run import Run


def collect(run: Run) -> None:
    """Keeps the script, if it is to be saved, and has the rest gathered beside the training."""
    settings = run._settings
    if settings.save_code and not settings.disable_code:
        _keep_script(run)
        if settings.code_dir is not None:
            run.log_code(settings.code_dir)
    if not settings._offline:
        threading.Thread(target=_gather, args=(run,), name="pluto-run-facts", daemon=True).start()


def _keep_script(run: Run) -> None:
    settings = run._settings
    source, relative = settings.program_abspath, settings.program_relpath
    if source is None or relative is None:
        return
    target = Path(settings.files_dir, "code", relative)
    with contextlib.suppress(OSError):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        run._publish_file(f"code/{relative}")


def _gather(run: Run) -> None:
    settings = run._settings
    with contextlib.suppress(Exception):  # the training does not need it
        if not settings.x_disable_meta:
            facts = _metadata(run)
            Path(settings.files_dir, METADATA_FNAME).write_text(json.dumps(facts, indent=2), encoding="utf-8")
            run._publish_file(METADATA_FNAME)
        if settings.x_save_requirements:
            Path(settings.files_dir, REQUIREMENTS_FNAME).write_text(_requirements(), encoding="utf-8")
            run._publish_file(REQUIREMENTS_FNAME)
        if settings.x_disable_stats and not settings.x_disable_meta:
            run._op.tell_facts()


def _metadata(run: Run) -> dict[str, Any]:
    """What a reader of the original's file finds there, as far as it is known at the beginning."""
    settings = run._settings
    facts: dict[str, Any] = {
        "os": settings._os,
        "python": settings._python,
        "startedAt": datetime.fromtimestamp(run._start_time, timezone.utc).isoformat().replace("+00:00", "Z"),
        "args": arguments(settings._args),
        "program": settings.program,
        "codePath": settings.program_relpath,
        "codePathLocal": settings._code_path_local,
        "root": settings.root_dir,
        "executable": settings.x_executable,
    }
    if settings.docker is not None:
        facts["docker"] = settings.docker
    if not settings.x_disable_machine_info:
        with contextlib.suppress(Exception):  # a user without a name
            facts["username"] = settings.username or getpass.getuser()
        if settings.email:
            facts["email"] = settings.email
        facts |= {"host": settings.host, "cpu_count": os.cpu_count(), "cpu_count_logical": os.cpu_count()}
        facts["disk"] = {"/": dict(zip(("total", "used"), map(str, shutil.disk_usage("/")[:2]), strict=True))}
        with contextlib.suppress(ValueError, OSError, AttributeError):
            facts["memory"] = {"total": str(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))}
        if not settings.disable_git and settings.git_root is not None:
            facts["git"] = _git(run)
    return {name: value for name, value in facts.items() if value is not None}


def _git(run: Run) -> dict[str, Any]:
    settings = run._settings
    found: dict[str, Any] = {}
    if settings.git_commit is None or settings.git_remote_url is None:
        from pluto.core.source import git

        found = git(settings.git_root)
    remote, commit = settings.git_remote_url or found.get("url"), settings.git_commit or found.get("commit")
    return {name: value for name, value in (("remote", remote), ("commit", commit)) if value}


def _requirements() -> str:
    from importlib import metadata

    found = {f"{package.name}=={package.version}" for package in metadata.distributions() if package.name}
    return "".join(f"{line}\n" for line in sorted(found, key=str.lower))

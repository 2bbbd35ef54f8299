"""The code of a run: its repository, how it was started, its entry point."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pluto.compat.neptune_scale.types import File

if TYPE_CHECKING:
    from pluto.compat.neptune_scale.api.run import SourceTrackingConfig

__all__ = ["tracked"]


def tracked(config: SourceTrackingConfig) -> dict[str, Any]:
    """What is logged about the code, as `configs` and `files`; nothing outside of a repository with a commit."""
    from pluto.compat import repository

    found = repository.describe(
        config.repository or Path.cwd(), head_diff=config.upload_diff_head, upstream_diff=config.upload_diff_upstream
    )
    if found is None:
        return {}
    configs: dict[str, Any] = {
        "commit/commit_id": found.commit,
        "commit/message": found.message,
        "commit/author_name": found.author_name,
        "commit/author_email": found.author_email,
        "commit/commit_date": found.date,
        "branch": found.branch or "Detached HEAD",
        "dirty": found.dirty,
        **{f"remote/{name}": url for name, url in found.remotes.items()},
    }
    if config.upload_run_command:
        configs["run_command"] = _run_command()
    files: dict[str, Any] = {}
    entry_point = _entry_point() if config.upload_entry_point else None
    if entry_point is not None:
        files["entry_point"] = entry_point
    if found.head_diff is not None:
        files["diff/head"] = File(found.head_diff, mime_type="application/patch")
    if found.upstream_diff is not None:
        files[f"diff/{found.upstream_commit}"] = File(found.upstream_diff, mime_type="application/patch")
    return {"configs": _under(config.namespace, configs), "files": _under(config.namespace, files)}


def _under(namespace: str, values: dict[str, Any]) -> dict[str, Any]:
    return {f"{namespace}/{name}": value for name, value in values.items()}


def _run_command() -> str:
    """The command line of this process, without what looks like a secret."""
    from pluto.core.redact import arguments

    return " ".join(arguments(sys.orig_argv))


def _entry_point() -> Path | None:
    """The file of the main script; None at a prompt and in a notebook."""
    if "IPython" in sys.modules and sys.modules["IPython"].get_ipython() is not None:
        return None
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    with contextlib.suppress(OSError, TypeError, ValueError):  # what a host put there need not be a path at all
        if main and (path := Path(main)).is_file():
            return path.resolve()
    return None

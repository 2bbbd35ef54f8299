"""Where a run's code comes from: git, packages, entry point."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pluto.core import apart
from pluto.core.redact import arguments, redact

GIT_LIMIT_S = 5.0
"""One git command."""
DIFF_LIMIT = 1 << 20
"""Bytes of a diff that are kept."""
UNTRACKED_LIMIT = 1_000
"""Names of untracked files that are kept."""


def collect(cwd: str | os.PathLike[str], argv: Sequence[str], *, packages: bool = True) -> dict[str, Any]:
    """Facts about the code of this process: `git`, `requirements`, `source`, in the layout of a run's `systemMetadata`.

    The work is done in a short-lived process of its own, so call it from any thread: the caller only waits. What
    can't be found in 20 seconds is left out; never raises.
    """
    main = sys.modules.get("__main__")
    order = {
        "cwd": os.path.abspath(cwd),
        "packages": packages,
        "path": sys.path,
        "entry": getattr(main, "__file__", None),
    }
    facts: dict[str, Any] = {}
    with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
        facts = apart.ask("pluto.core.source:found", order)
    facts["source"] = {
        "entry": order["entry"],
        "cwd": order["cwd"],
        "argv": arguments(argv),
        "notebook": notebook_name(),
    }
    return facts


def git(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """`root`, `commit`, `branch`, `url`, `dirty`, `diff`, `diff_cut`, `untracked` of the repository around a folder.

    `{}` outside of a repository or without git. Credentials in the remote's address are taken out, and so is whatever
    looks like a secret in the diff. Takes up to 5 seconds a command.
    """
    place = os.fspath(folder)
    found = _git(place, "rev-parse", "--show-toplevel")
    if not found:
        return {}
    top = found.strip()
    facts: dict[str, Any] = {"root": top}
    commit = _git(place, "rev-parse", "--verify", "-q", "HEAD")
    if commit:
        facts["commit"] = commit.strip()
    branch = _git(place, "symbolic-ref", "--short", "-q", "HEAD")
    facts["branch"] = (branch or "").strip()
    remote = _git(place, "remote", "get-url", "origin")
    if remote:
        facts["url"] = without_credentials(remote.strip())
    status = _git(place, "status", "--porcelain", "-z", "--untracked-files=normal", "--ignore-submodules=dirty")
    if status is None:
        return facts
    entries = status.split("\0")
    untracked = [entry[3:] for entry in entries if entry.startswith("?? ")]
    facts["untracked"] = untracked[:UNTRACKED_LIMIT]
    facts["dirty"] = any(entry and not entry.startswith("?? ") for entry in entries)
    if facts["dirty"] and commit:
        diff = _git(
            place,
            "diff",
            "--no-ext-diff",
            "--no-textconv",
            "--no-color",
            "--submodule=short",
            "HEAD",
            limit=DIFF_LIMIT + 1,
        )
        if diff is not None:
            facts["diff"] = {"head": redact(diff[:DIFF_LIMIT])}
            facts["diff_cut"] = len(diff) > DIFF_LIMIT
    return facts


def without_credentials(address: str) -> str:
    """A remote's address without user name, password and token. `git@host:path` stays: its user is no secret."""
    return re.sub(r"^([a-z][a-z0-9+.-]*://)[^/@]*@", r"\1", address, flags=re.I)


def requirements(path: Sequence[str]) -> list[str]:
    """`name==version` of every package found on a search path, sorted."""
    import importlib.metadata

    found: dict[str, str] = {}
    for distribution in importlib.metadata.distributions(path=list(path)):
        try:
            name, version = distribution.metadata["Name"], distribution.version
        except Exception:  # noqa: BLE001, S112  one broken dist-info must not cost the others
            continue
        if name and version:
            found.setdefault(name, version)
    return sorted((f"{name}=={version}" for name, version in found.items()), key=str.lower)


def notebook_name() -> str | None:
    """The notebook this process runs, where its front end tells (Jupyter's session name, VS Code, Colab); else None."""
    # What Jupyter's server and VS Code tell their kernels.
    told = os.environ.get("JPY_SESSION_NAME") or getattr(sys.modules.get("__main__"), "__vsc_ipynb_file__", None)
    return Path(told).name if told else None


def found(order: dict[str, Any]) -> dict[str, Any]:
    """The part of `collect` that takes its time."""
    facts: dict[str, Any] = {}
    repository = git(order["cwd"])
    if repository:
        facts["git"] = repository
    if order["packages"]:
        facts["requirements"] = requirements(order["path"])
    return facts


def _git(folder: str, *arguments: str, limit: int | None = None) -> str | None:
    output = git_output(folder, *arguments, limit=limit)
    return None if output is None else output.decode("utf-8", "replace")


def git_output(folder: str, *arguments: str, limit: int | None = None) -> bytes | None:
    """What a git command prints, up to `limit` bytes; None where it fails. Takes up to 5 seconds."""
    # Nothing the repository says may run (hooks, fsmonitor), write, ask for a password or take optional locks.
    command = ["git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-C", folder, *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        ) as process:
            return _read(process, limit)
    except OSError:
        return None


def _read(process: subprocess.Popen[bytes], limit: int | None) -> bytes | None:
    import threading

    watch = threading.Timer(GIT_LIMIT_S, process.kill)
    watch.daemon = True
    watch.start()
    try:
        assert process.stdout is not None
        data = process.stdout.read(limit if limit is not None else -1)
        if limit is not None and len(data) >= limit:
            process.kill()
            process.wait()
            return data
        return data if process.wait() == 0 else None
    finally:
        watch.cancel()

"""Where a run's code comes from: git, packages, entry point."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pluto.core.redact import arguments, redact

TIME_LIMIT_S = 20.0
"""All of a collection; a repository on a slow disk gives less rather than later."""
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
        facts = json.loads(_ask(json.dumps(order).encode("utf-8", "surrogatepass")))
    facts["source"] = {
        "entry": order["entry"],
        "cwd": order["cwd"],
        "argv": arguments(argv),
        "notebook": notebook_name(),
    }
    return facts


def _ask(order: bytes) -> bytes:
    """What the helper says. It is no child of this process: a script's own `os.wait()` never meets it."""
    with subprocess.Popen(
        # Isolated: a `json.py` beside the user's script must not be taken for the library.
        [sys.executable, "-I", "-S", "-c", _BOOT, str(Path(__file__).parents[2])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
    ) as helper:
        try:
            helper.wait(TIME_LIMIT_S)
            return helper.communicate(order, TIME_LIMIT_S)[0]
        except BaseException:
            with contextlib.suppress(OSError):
                os.killpg(helper.pid, signal.SIGKILL)
            raise


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


def main() -> None:
    """The helper process: an order on stdin, facts on stdout."""
    order = json.loads(sys.stdin.buffer.read())
    facts: dict[str, Any] = {}
    found = git(order["cwd"])
    if found:
        facts["git"] = found
    if order["packages"]:
        facts["requirements"] = requirements(order["path"])
    sys.stdout.write(json.dumps(facts))


def _git(folder: str, *arguments: str, limit: int | None = None) -> str | None:
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


def _read(process: subprocess.Popen[bytes], limit: int | None) -> str | None:
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
            return data.decode("utf-8", "replace")
        return data.decode("utf-8", "replace") if process.wait() == 0 else None
    finally:
        watch.cancel()


# A bare package stands in for `pluto`, whose own start the helper does not need.
_BOOT = """
import os
if os.fork():
    os._exit(0)
import sys, types
package = types.ModuleType("pluto")
package.__path__ = [sys.argv[1] + "/pluto"]
sys.modules["pluto"] = package
from pluto.core.source import main
main()
"""

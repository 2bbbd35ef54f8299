"""Starting the uploader: a fresh Python in a session of its own, with nothing of this process but its `sys.path`."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import sysconfig
import threading
from pathlib import Path
from typing import Final

from pluto.core import bell
from pluto.core.options import say_once

# Runs before anything of Pluto is imported. The middle process ends at once, so that the uploader is no child of the
# training process, whose os.wait() would else wait for it.
BOOT: Final = """
import os
if os.fork():
    os._exit(0)
import json, sys
given = json.load(sys.stdin.buffer)
sys.path[:] = given["path"]
from pluto.core.uploader.process import main
main(given["sync"])
"""

_ALLOCATOR: Final = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": str(128 << 10)}
"""For glibc: one heap for all threads, and what a batch took goes back at once. What the user has set stands."""


def ensure(sync: Path) -> None:
    """Wakes the uploader of a sync folder, or starts one. Costs a few ms when it has to, and never raises.

    What can't be started is said once; what was logged stays in the journal for `pluto sync`.
    """
    if bell.ring(sync):
        return
    python = executable()
    if python is None:
        say_once(
            "uploader",
            f"there is no Python program to start the uploader with; `pluto sync` delivers what is in {sync}",
        )
        return
    try:
        _start(python, Path(sync).absolute())
    except (OSError, ValueError, RuntimeError, subprocess.SubprocessError) as error:
        say_once("uploader", f"the uploader could not be started ({error}); `pluto sync` delivers what is in {sync}")


def executable() -> str | None:
    """A Python program like this one, None where there is none (a frozen or an embedding program)."""
    if getattr(sys, "frozen", False):
        return None
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for path in (sys.executable, getattr(sys, "_base_executable", ""), os.path.join(sys.exec_prefix, "bin", version)):
        if path and os.path.basename(path).lower().startswith(("python", "pypy")) and os.access(path, os.X_OK):
            return path
    return None


def import_path() -> list[str]:
    """`sys.path` for the uploader: the standard library first, then packages, then the folder of the script.

    A `queue.py` or `httpx.py` beside somebody's script is never imported. The folder is kept at all because Pluto
    itself, or a package it needs, may lie there.
    """
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    beside = os.path.dirname(os.path.abspath(main)) if main else None
    try:
        here: str | None = os.getcwd()
    except OSError:
        here = None
    home = str(Path(__file__).resolve().parents[3])
    library = {os.path.abspath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")}
    first, middle, last = [], [], []
    for entry in [*sys.path, home]:
        if not entry:
            continue
        path = os.path.abspath(entry)
        parent, name = os.path.split(path)
        if (
            path in library
            or (parent in library and name == "lib-dynload")
            or (name.startswith("python3") and name.endswith(".zip"))
        ):
            first.append(path)
        elif path in (beside, here):
            if path in (beside, home):
                last.append(path)
        else:
            middle.append(path)
    return list(dict.fromkeys([*first, *middle, *last]))


def _start(python: str, sync: Path) -> None:
    given = json.dumps({"sync": str(sync), "path": import_path()}).encode("utf-8", "surrogateescape")
    log = os.open(sync / "uploader.log", os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        process = subprocess.Popen(
            [python, "-I", "-c", BOOT],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=log,
            cwd="/",
            env=_ALLOCATOR | os.environ,
            close_fds=True,
            start_new_session=True,
        )
    finally:
        os.close(log)
    # From here on it goes by its number: the object would warn of a running process when it is dropped.
    process.returncode = 0
    assert process.stdin is not None
    with process.stdin as pipe:
        pipe.write(given)
    try:
        threading.Thread(target=_reap, args=(process.pid,), name="pluto-reaper", daemon=True).start()
    except RuntimeError:  # this process is about to end itself
        _reap(process.pid)


def _reap(pid: int) -> None:
    """Sees the middle process off, lest the script's own `os.wait()` meets it."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)

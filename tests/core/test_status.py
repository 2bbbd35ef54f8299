"""How a process ends is how its run ends, and Pluto changes neither exit code nor output."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tests.core.journals import end, points, writers
from tests.programs import Scripts

START = """
import os, signal, sys, threading
import pluto
run = pluto.init(project="p", mode="offline", disable_console=True, disable_system_metrics=True)
run.log({"a": 1})
"""

ENDS = {
    "by itself": ("pass", 0, "COMPLETED"),
    "finish": ("run.finish()", 0, "COMPLETED"),
    "finish code 137": ("run.finish(code=137)", 0, "FAILED"),
    "finish code 15": ("run.finish(15)", 0, "TERMINATED"),
    "exit 0": ("sys.exit(0)", 0, "COMPLETED"),
    "exit None": ("sys.exit()", 0, "COMPLETED"),
    "exit 3": ("sys.exit(3)", 3, "FAILED"),
    "exit text": ("sys.exit('no data')", 1, "FAILED"),
    "exception": ("raise RuntimeError('boom')", 1, "FAILED"),
    "interrupt": ("raise KeyboardInterrupt", 130, "TERMINATED"),
    "caught exit": ("try:\n    sys.exit(3)\nexcept SystemExit:\n    pass", 0, "COMPLETED"),
    "caught and kept exit": ("try:\n    sys.exit(3)\nexcept SystemExit as e:\n    kept = str(e)\n1", 0, "COMPLETED"),
    "exit kept in its own frame": (
        "def main():\n    try:\n        sys.exit(4)\n    except SystemExit as e:\n        x = e\n        raise\nmain()",
        4,
        "FAILED",
    ),
    "exit in a function": ("def main():\n    sys.exit(4)\nmain()", 4, "FAILED"),
    "exit in a thread": ("t = threading.Thread(target=sys.exit, args=(3,))\nt.start()\nt.join()", 0, "COMPLETED"),
    "exit while handling": ("try:\n    1 / 0\nexcept ZeroDivisionError:\n    sys.exit(5)", 5, "FAILED"),
    "with block": ("with run:\n    run.log({'a': 2})", 0, "COMPLETED"),
    "with block that fails": ("with run:\n    1 / 0", 1, "FAILED"),
    "with block that exits": ("with run:\n    raise SystemExit(6)", 6, "FAILED"),
    # whoever replaces the hook and does not call the old one has taken the exception upon himself
    "own excepthook": ("sys.excepthook = lambda *a: print('mine')\nraise RuntimeError", 1, "COMPLETED"),
    "handler finishes": (
        "signal.signal(signal.SIGTERM, lambda *_: (run.finish(143), os._exit(9)))\n"
        "os.kill(os.getpid(), signal.SIGTERM)",
        9,
        "TERMINATED",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDS)
def test_the_status_is_what_the_end_means(root: Path, scripts: Scripts, name: str) -> None:
    code, exit_code, status = ENDS[name]
    program = scripts.run(START + code, check=False)
    assert program.returncode == (-signal.SIGINT if exit_code == 130 else exit_code), program.stderr
    (folder,) = writers(root)
    ended = end(folder)
    assert ended is not None and ended.status == status
    assert points(folder, "a")[0] == (1, 1)


def test_what_failed_is_told_with_the_status(root: Path, scripts: Scripts) -> None:
    program = scripts.run(START + "def train():\n    raise ValueError('bad batch 7')\ntrain()", check=False)
    assert "ValueError: bad batch 7" in program.stderr
    (folder,) = writers(root)
    facts = json.loads(end(folder).metadata)  # type: ignore[union-attr,arg-type]
    assert (facts["type"], facts["message"]) == ("ValueError", "bad batch 7")
    assert "in train" in facts["trace"]


@pytest.mark.parametrize(
    "death", ["os._exit(0)", "os.kill(os.getpid(), signal.SIGKILL)", "os.kill(os.getpid(), signal.SIGTERM)"]
)
def test_a_process_that_just_goes_leaves_no_end_and_a_free_lock(root: Path, scripts: Scripts, death: str) -> None:
    import fcntl

    scripts.run(START + death, check=False)
    (folder,) = writers(root)
    assert end(folder) is None
    assert points(folder, "a") == [(1, 1)]
    with (root / "sync" / "processes" / json.loads((folder / "writer.json").read_text())["process"]).open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_no_signal_handler_is_installed_and_hooks_are_given_back(scripts: Scripts) -> None:
    program = scripts.run(
        """
        import signal, sys
        before = sys.excepthook, sys.exit, [signal.getsignal(s) for s in signal.valid_signals()]
        """
        + START.replace("\n", "\n        ")
        + """
        assert [signal.getsignal(s) for s in signal.valid_signals()] == before[2]
        run.finish()
        assert (sys.excepthook, sys.exit) == before[:2]
        second = pluto.init(project="p", mode="offline", disable_console=True, disable_system_metrics=True)
        mine = sys.excepthook
        sys.excepthook = lambda *a: mine(*a)
        wrapped = sys.excepthook
        second.finish()
        assert sys.excepthook is wrapped
        third = pluto.init(project="p", mode="offline", disable_console=True, disable_system_metrics=True)
        raise LookupError("once")
        """,
        check=False,
    )
    assert program.stderr.count("LookupError: once") == 1, program.stderr
    assert program.returncode == 1

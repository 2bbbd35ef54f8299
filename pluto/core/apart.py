"""Work in a short-lived process of its own. It is no child of this one: a script's own `os.wait()` never meets it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

TIME_LIMIT_S: Final = 20.0
"""All of one piece of work."""


def ask(function: str, order: Any) -> Any:
    """What `function`, written as `module:name`, gives for `order` in the other process. Both are JSON values.

    The module is one of Pluto's, and needs the standard library alone. May be called from any thread, which waits, 20
    seconds at most. Raises `OSError`, `ValueError` and `subprocess.SubprocessError`.
    """
    told = json.dumps(order).encode("utf-8", "surrogatepass")
    with subprocess.Popen(
        # Isolated: a `json.py` beside the user's script must not be taken for the library.
        [sys.executable, "-I", "-S", "-c", _BOOT, str(Path(__file__).parents[1]), function],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
    ) as helper:
        try:
            helper.wait(TIME_LIMIT_S)
            return json.loads(helper.communicate(told, TIME_LIMIT_S)[0])
        except BaseException:
            with contextlib.suppress(OSError):
                os.killpg(helper.pid, signal.SIGKILL)
            raise


# A bare package stands in for `pluto`, whose own start the helper does not need.
_BOOT = """
import os
if os.fork():
    os._exit(0)
import importlib, json, sys, types
package = types.ModuleType("pluto")
package.__path__ = [sys.argv[1]]
sys.modules["pluto"] = package
module, name = sys.argv[2].split(":")
answer = getattr(importlib.import_module(module), name)(json.loads(sys.stdin.buffer.read()))
sys.stdout.write(json.dumps(answer))
"""

"""Whether the code runs in a notebook, and which one."""

from __future__ import annotations

import os
import sys
from typing import Any


def in_ipython() -> bool:
    """Whether IPython runs the code, in a terminal or a notebook."""
    return _shell() is not None


def in_jupyter() -> bool:
    """Whether a notebook's kernel does."""
    shell = _shell()
    return shell is not None and (hasattr(shell, "kernel") or type(shell).__module__.startswith("google.colab"))


def in_notebook() -> bool:
    """The same, by its other name."""
    return in_jupyter()


def in_vscode_notebook() -> bool:
    """Whether that notebook is shown by VS Code."""
    return in_jupyter() and "VSCODE_PID" in os.environ


def _shell() -> Any:
    """IPython's shell, if IPython is there at all: it is not loaded to find out."""
    ipython = sys.modules.get("IPython")
    return None if ipython is None else getattr(ipython, "get_ipython", lambda: None)()

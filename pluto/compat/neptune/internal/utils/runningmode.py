"""Whether a person sits at a prompt or in a notebook."""

from __future__ import annotations

import sys

__all__ = ["in_interactive", "in_notebook"]


def in_interactive() -> bool:
    """Whether this is a Python prompt."""
    return hasattr(sys, "ps1")


def in_notebook() -> bool:
    """Whether this is a notebook's kernel."""
    shell = sys.modules.get("IPython")
    running = shell.get_ipython() if shell is not None and hasattr(shell, "get_ipython") else None
    config = getattr(running, "config", None)
    return isinstance(config, dict) and "IPKernelApp" in config

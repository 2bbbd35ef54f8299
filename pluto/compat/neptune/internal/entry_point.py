"""The script that is run."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

__all__ = ["executed_script"]


def executed_script() -> Path | None:
    """The file of the main script, resolved; None at a prompt, in a notebook, or where it is no file."""
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    for named in (main, *sys.argv[:1]):
        with contextlib.suppress(OSError, ValueError):  # what a host put there need not be a path at all
            if named and (path := Path(str(named).split("::", 1)[0])).is_file():
                return path.resolve()
    return None

"""Notebooks: `%wandb` shows the run that is open, or one that is named; `%%wandb` shows it below a cell."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.sdk.lib import module
from pluto.compat.wandb.sdk.lib.ipython import in_jupyter

_HEIGHT = 420


def show(path: str | None = None, height: int = _HEIGHT) -> bool:
    """Shows a run, named by `entity/project/id`, or the one that is open. False where there is none to show."""
    run = module.current()
    if path:
        from pluto.compat.wandb.apis.public import Api

        run = Api().run(path)
    if run is None:
        termwarn("there is no run to show: call wandb.init() first, or name one, as in %wandb entity/project/id")
        return False
    return bool(run.display(height))


def offer_magic() -> None:
    """Gives the notebook that this runs in, if it is one, the magic `%wandb`."""
    if in_jupyter():
        load_ipython_extension(sys.modules["IPython"].get_ipython())


def load_ipython_extension(shell: Any) -> None:
    """Gives a notebook the magic `%wandb`."""
    shell.register_magic_function(_magic, magic_kind="line_cell", magic_name="wandb")


_load_ipython_extension = load_ipython_extension


def _magic(line: str, cell: str | None = None) -> None:
    parser = argparse.ArgumentParser("%wandb", add_help=False, exit_on_error=False)
    parser.add_argument("path", nargs="?")
    parser.add_argument("--height", "-h", type=int, default=_HEIGHT)
    parser.add_argument("--quiet", "-q", action="store_true")
    try:
        given = parser.parse_args(line.split())
    except (argparse.ArgumentError, SystemExit) as error:
        termwarn(f"%wandb: {error}")
        return
    if cell is not None:
        from IPython import get_ipython

        get_ipython().run_cell(cell)
    show(given.path, given.height)

"""Notebooks: what they are asked, as a kernel with a shell that only takes magics."""

from __future__ import annotations

from tests.programs import Scripts

KERNEL = """
import os, sys, types
class Shell:
    kernel = object()
    magics = {}
    def register_magic_function(self, function, magic_kind, magic_name):
        self.magics[magic_name] = (magic_kind, function)
    def run_cell(self, cell):
        exec(cell, globals())
shell = Shell()
IPython = types.SimpleNamespace(get_ipython=lambda: shell)
shown = []
display = types.ModuleType("IPython.display")
display.HTML = lambda text: text
display.display = shown.append
IPython.display = display
sys.modules |= {"IPython": IPython, "IPython.display": display}
import pluto.compat.wandb as wandb
kind, magic = shell.magics["wandb"]
"""


def test_the_magic_is_there(scripts: Scripts) -> None:
    done = scripts.run(
        KERNEL
        + """
assert kind == "line_cell"
magic("")
run = wandb.init(project="p", mode="offline")
magic("", "run.log({'a': 1})")
assert run.summary["a"] == 1
magic("--height nonsense")
assert len(shown) >= 1, shown
run.finish()
"""
    )
    assert "there is no run to show" in done.stderr
    assert "%wandb: argument --height" in done.stderr


def test_a_run_without_a_notebook_has_no_magic(scripts: Scripts) -> None:
    scripts.run(
        """
import sys, types
sys.modules["IPython"] = types.SimpleNamespace(get_ipython=lambda: None)
import pluto.compat.wandb as wandb
assert "pluto.compat.wandb.jupyter" in sys.modules
assert wandb.run is None
"""
    )

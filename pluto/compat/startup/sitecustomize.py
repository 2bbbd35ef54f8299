"""Run by the Python processes of a script that `python -m pluto.compat.alias` runs; then the machine's own, if any."""

import importlib
import importlib.machinery
import importlib.util
import os
import sys

_here = os.path.dirname(os.path.abspath(__file__))
_path = [place for place in sys.path if os.path.abspath(place or ".") != _here]
_other = importlib.machinery.PathFinder.find_spec("sitecustomize", _path)
if _other is not None and _other.loader is not None:
    _other.loader.exec_module(importlib.util.module_from_spec(_other))

if os.environ.get("PLUTO_ALIAS"):
    importlib.import_module("pluto.compat.alias").install(*os.environ["PLUTO_ALIAS"].split(","))

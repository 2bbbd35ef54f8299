"""Pluto, an experiment tracker.

    import pluto

    with pluto.init(project="digits", config={"lr": 0.1}) as run:
        run.log({"loss": 0.5})

Everything here is loaded when it is first used: importing Pluto costs next to nothing.
"""

from __future__ import annotations

import importlib as _importlib
import typing as _typing

from pluto.core.live import latest as _latest
from pluto.core.live import ops

if _typing.TYPE_CHECKING:
    from pluto import query as query
    from pluto.core.auth import login as login
    from pluto.core.auth import logout as logout
    from pluto.core.data import Data as Data
    from pluto.core.data import Graph as Graph
    from pluto.core.data import Histogram as Histogram
    from pluto.core.data import Table as Table
    from pluto.core.errors import RunExistsError as RunExistsError
    from pluto.core.init import finish as finish
    from pluto.core.init import init as init
    from pluto.core.media import Artifact as Artifact
    from pluto.core.media import Audio as Audio
    from pluto.core.media import File as File
    from pluto.core.media import Image as Image
    from pluto.core.media import Text as Text
    from pluto.core.media import Video as Video
    from pluto.core.names import generate_run_id as generate_run_id
    from pluto.core.op import Op as Op
    from pluto.core.settings import Settings as Settings
    from pluto.core.settings import setup as setup
    from pluto.core.system import System as System
    from pluto.sweeps import agent as agent
    from pluto.sweeps import sweep as sweep

__all__ = [
    "Artifact",
    "Audio",
    "Data",
    "File",
    "Graph",
    "Histogram",
    "Image",
    "Op",
    "RunExistsError",
    "Settings",
    "System",
    "Table",
    "Text",
    "Video",
    "agent",
    "alert",
    "finish",
    "generate_run_id",
    "init",
    "log",
    "login",
    "logout",
    "ops",
    "query",
    "setup",
    "sweep",
    "watch",
]

__version__ = "0.1.0"

_HOMES = {
    "pluto.core.auth": ("login", "logout"),
    "pluto.core.data": ("Data", "Graph", "Histogram", "Table"),
    "pluto.core.errors": ("RunExistsError",),
    "pluto.core.init": ("finish", "init"),
    "pluto.core.media": ("Artifact", "Audio", "File", "Image", "Text", "Video"),
    "pluto.core.names": ("generate_run_id",),
    "pluto.core.op": ("Op",),
    "pluto.core.settings": ("Settings", "setup"),
    "pluto.core.system": ("System",),
    "pluto.sweeps": ("agent", "sweep"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def log(
    data: _typing.Mapping[str, _typing.Any],
    step: int | float | None = None,
    commit: bool | None = None,
    timestamp: float | None = None,
) -> None:
    """Logs values to the latest run; see `Op.log`. Raises `RuntimeError` before `init`."""
    _latest("log").log(data, step, commit, timestamp)


def watch(module: _typing.Any, **kwargs: _typing.Any) -> _typing.Any:
    """Watches a torch module in the latest run; see `Op.watch`. Raises `RuntimeError` before `init`."""
    return _latest("watch").watch(module, **kwargs)


def alert(*args: _typing.Any, **kwargs: _typing.Any) -> None:
    """Sends a message from the latest run; see `Op.alert`. Raises `RuntimeError` before `init`."""
    _latest("alert").alert(*args, **kwargs)


def __getattr__(name: str) -> _typing.Any:
    if name == "query":
        return _importlib.import_module("pluto.query")
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'pluto' has no attribute {name!r}")
    value = globals()[name] = getattr(_importlib.import_module(home), name)
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, "__version__"})

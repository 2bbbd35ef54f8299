"""One small adapter for each tracker; one that is not installed is left out. None needs an account or a network."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any, Protocol

# name here: the package it needs
PACKAGES = {
    "pluto": "pluto",
    "wandb": "wandb",
    "neptune": "neptune",
    "neptune_scale": "neptune_scale",
    "trackio": "trackio",
    "tensorboard": "tensorboardX",
}


class Peer(Protocol):
    """A tracker with one run."""

    def start(self, folder: Path) -> None: ...
    def log(self, values: dict[str, float], step: int) -> None: ...
    def log_image(self, values: dict[str, Any], step: int) -> None: ...
    def finish(self) -> None: ...


def installed() -> list[str]:
    """Names of the trackers, Pluto aside, that can be measured here."""
    return [name for name, package in PACKAGES.items() if name != "pluto" and importlib.util.find_spec(package)]


def load(name: str) -> Peer:
    """The adapter of a tracker, not started."""
    adapter: Peer = importlib.import_module(f"benchmarks.peers.{name}_peer").Adapter()
    return adapter

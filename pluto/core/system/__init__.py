"""The machine a run is on: samples of its use over time (`Monitor`), and what it is (`System`)."""

from __future__ import annotations

from pluto.core.system.monitor import Monitor
from pluto.core.system.system import System

__all__ = ["Monitor", "System"]

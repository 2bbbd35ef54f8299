"""Sweeps: many runs of one function, each with another choice of parameters, to find the best one.

`sweep` and `agent` are `pluto.sweep` and `pluto.agent`. Several agents, in processes of their own, share a sweep
through a file under the root and try no combination twice.
"""

from __future__ import annotations

from pluto.sweeps.agent import SweepError, agent, sweep
from pluto.sweeps.config import SweepConfigError
from pluto.sweeps.trial import Trial, TrialStopped, active

__all__ = ["SweepConfigError", "SweepError", "Trial", "TrialStopped", "active", "agent", "sweep"]

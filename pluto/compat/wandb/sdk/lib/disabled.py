"""What stands for a run that keeps nothing."""

from __future__ import annotations

from typing import Any

from pluto.compat.wandb.errors.term import termwarn


class SummaryDisabled(dict[str, Any]):
    """The summary of a disabled run: a dict whose items are attributes, too."""

    __setattr__ = dict.__setitem__
    __delattr__ = dict.__delitem__

    def __getattr__(self, key: str) -> Any:
        return self[key]

    def __getitem__(self, key: str) -> Any:
        value = dict.__getitem__(self, key)
        if isinstance(value, dict) and not isinstance(value, SummaryDisabled):
            value = self[key] = SummaryDisabled(value)
        return value


class RunDisabled:
    """Only there to be compared with: `init(mode="disabled")` gives a `Run`."""

    def __getattr__(self, name: str) -> Any:
        termwarn("RunDisabled does nothing: a disabled run is an instance of wandb.Run", repeat=False)
        return None

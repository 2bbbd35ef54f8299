"""A limit to how full the disk may get."""

from __future__ import annotations

import os
from pathlib import Path

from pluto.compat.neptune.common.warnings import NeptuneWarning, warn_once
from pluto.compat.neptune.envs import NEPTUNE_MAX_DISK_USAGE, NEPTUNE_RAISE_ERROR_ON_DISK_USAGE_EXCEEDED
from pluto.compat.neptune.exceptions import NeptuneMaxDiskUtilizationExceeded

__all__ = ["DiskLimit"]


class DiskLimit:
    """The limit that `NEPTUNE_MAX_DISK_USAGE` sets, in percent; without it there is none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._limit = _percent(os.environ.get(NEPTUNE_MAX_DISK_USAGE))
        wish = os.environ.get(NEPTUNE_RAISE_ERROR_ON_DISK_USAGE_EXCEEDED, "true")
        self._raises = wish.lower() in ("true", "t", "1")

    def __bool__(self) -> bool:
        return self._limit is not None

    def reached(self) -> bool:
        """Whether nothing more may be written; says so once.

        Raises `NeptuneMaxDiskUtilizationExceeded` instead, unless `NEPTUNE_RAISE_ERROR_ON_DISK_USAGE_EXCEEDED` says no.
        """
        if self._limit is None:
            return False
        import psutil

        try:
            used = float(psutil.disk_usage(str(self._folder)).percent)
        except OSError:
            return False
        if used < self._limit:
            return False
        if self._raises:
            raise NeptuneMaxDiskUtilizationExceeded(used, self._limit)
        warn_once(
            f"{used}% of the disk are used, and the limit is {self._limit}%: nothing is recorded",
            exception=NeptuneWarning,
        )
        return True


def _percent(text: str | None) -> float | None:
    if not text:
        return None
    try:
        percent = float(text)
    except ValueError:
        percent = 0.0
    if 0 < percent <= 100:
        return percent
    warn_once(f"{NEPTUNE_MAX_DISK_USAGE} is a percentage above 0, not {text!r}: no limit", exception=NeptuneWarning)
    return None

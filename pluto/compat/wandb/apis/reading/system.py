"""How W&B names what a machine is measured by."""

from __future__ import annotations

import re
from typing import Final

from pluto.compat.wandb.sdk.lib.stored import SYSTEM

PREFIX: Final = "system."
_MIB: Final = 1 << 20
_GIB: Final = 1 << 30

_NAMES: Final[tuple[tuple[str, str, float], ...]] = (
    (r"cpu\.percentage\.(\d+)", r"cpu.\1.cpu_percent", 1),
    (r"process\.cpu", "cpu", 1),
    (r"process\.rss", "proc.memory.rssMB", 1 / _MIB),
    (r"disk\.used", r"disk./.usageGB", 1 / _GIB),
    (r"network\.bytes_sent", "network.sent", 1),
    (r"network\.bytes_recv", "network.recv", 1),
    (r"gpu\.(\d+)\..*\.memory\.utilization", r"gpu.\1.memory", 1),
    (r"gpu\.(\d+)\..*\.memory\.used", r"gpu.\1.memoryAllocatedBytes", 1),
    (r"gpu\.(\d+)\..*\.utilization", r"gpu.\1.gpu", 1),
    (r"gpu\.(\d+)\..*\.power", r"gpu.\1.powerWatts", 1e-3),
    (r"gpu\.(\d+)\..*\.temp", r"gpu.\1.temp", 1),
)
"""Names in the store after `sys/`, those of W&B after `system.`, and what values are to be multiplied with."""


def shown(name: str) -> tuple[str, float]:
    """W&B's name for a metric of the machine, and the factor between the units."""
    own = name.removeprefix(SYSTEM)
    for pattern, theirs, factor in _NAMES:
        found = re.fullmatch(pattern, own)
        if found is not None:
            return PREFIX + found.expand(theirs), factor
    return PREFIX + own, 1

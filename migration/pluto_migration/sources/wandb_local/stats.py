"""W&B's names of what a machine is measured by, as the store has them: the way back of `apis/reading/system.py`."""

from __future__ import annotations

import re
from typing import Final

SYSTEM: Final = "sys/"
_MIB: Final = float(1 << 20)
_GIB: Final = float(1 << 30)

_NAMES: Final[tuple[tuple[str, str, float], ...]] = (
    (r"cpu\.(\d+)\.cpu_percent", r"cpu.percentage.\1", 1.0),
    (r"cpu", r"process.cpu", 1.0),
    (r"proc\.memory\.rssMB", r"process.rss", _MIB),
    (r"disk\./\.usageGB", r"disk.used", _GIB),
    (r"network\.sent", r"network.bytes_sent", 1.0),
    (r"network\.recv", r"network.bytes_recv", 1.0),
    (r"gpu\.(\d+)\.gpu", r"gpu.\1.gpu.utilization", 1.0),
    (r"gpu\.(\d+)\.memory", r"gpu.\1.gpu.memory.utilization", 1.0),
    (r"gpu\.(\d+)\.memoryAllocatedBytes", r"gpu.\1.gpu.memory.used", 1.0),
    (r"gpu\.(\d+)\.temp", r"gpu.\1.gpu.temp", 1.0),
)
"""Only those with factors that lose nothing: watts in thousandths would."""


def label(name: str) -> tuple[str, float]:
    """The store's name for what W&B calls `name` (without `system.`), and what values are to be multiplied with."""
    for pattern, ours, factor in _NAMES:
        found = re.fullmatch(pattern, name)
        if found is not None:
            return SYSTEM + found.expand(ours), factor
    return SYSTEM + name, 1.0

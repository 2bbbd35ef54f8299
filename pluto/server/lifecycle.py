"""The statuses of a run, and which change may follow which."""

from __future__ import annotations

from typing import Final

RUNNING: Final = "RUNNING"
FAILED: Final = "FAILED"
CANCELLED: Final = "CANCELLED"

RANK: Final = {"COMPLETED": 0, "TERMINATED": 1, CANCELLED: 2, FAILED: 3}
"""The statuses of a run that has ended, from the weakest claim to the strongest."""

STATUSES: Final = frozenset({RUNNING, *RANK})

API: Final = "api"
RESUME: Final = "resume"
STALE: Final = "stale-monitor"
CANCEL: Final = "cancel-trigger"
HEARTBEAT: Final = "heartbeat"
THRESHOLD: Final = "threshold-trigger"

GROUP_PREFIX: Final = "group:"
GROUP_ERROR: Final = "A run can have at most one group:* tag."


def ended(status: str) -> bool:
    return status in RANK


def allowed(current: str, new: str, source: str, *, guessed: bool) -> bool:
    """Whether a run may go from `current` to `new`.

    Among the statuses of ended runs the API moves only up, so that of several ranks the worst news stays. A status that
    was `guessed` (a run found quiet and taken for dead) gives way to whatever the run itself says.
    """
    if current == new:
        return False
    if current == RUNNING or new == RUNNING or guessed or source != API:
        return True
    return RANK[new] > RANK[current]

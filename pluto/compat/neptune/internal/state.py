"""The states of an object."""

import enum

__all__ = ["ContainerState"]


class ContainerState(enum.Enum):
    """Where an object is in its life; `get_state()` gives the value."""

    CREATED = "created"
    STARTED = "started"
    STOPPING = "stopping"
    STOPPED = "stopped"

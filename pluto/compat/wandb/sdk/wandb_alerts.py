"""How urgent an alert is."""

from __future__ import annotations

from enum import Enum


class AlertLevel(Enum):
    """INFO, WARN or ERROR."""

    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"

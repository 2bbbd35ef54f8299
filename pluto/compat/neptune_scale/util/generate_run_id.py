"""Ids of runs whose script names none."""

from __future__ import annotations

import secrets
import string
from datetime import datetime, timezone

from pluto.core.names import generate_run_id as readable_name

__all__ = ["generate_run_id"]

_LETTERS = string.ascii_lowercase + string.digits


def generate_run_id() -> str:
    """A new id that can be read: `<adjective>-<noun>-<UTC time to the millisecond>-<5 letters>`."""
    moment = datetime.now(timezone.utc).strftime("%Y%m%d%H%M%S%f")[:-3]
    return f"{'-'.join(readable_name().split('-')[:2])}-{moment}-{''.join(secrets.choice(_LETTERS) for _ in range(5))}"

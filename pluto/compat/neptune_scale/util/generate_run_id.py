"""Ids of runs whose script names none."""

from __future__ import annotations

from datetime import datetime, timezone

__all__ = ["generate_run_id"]


def generate_run_id() -> str:
    """A new id that can be read: `<adjective>-<noun>-<UTC time to the millisecond>-<5 letters>`."""
    from pluto.core.names import generate_run_id as readable  # which loads what makes random numbers

    adjective, noun, letters = readable().split("-")
    moment = datetime.now(timezone.utc).strftime("%Y%m%d%H%M%S%f")[:-3]
    return f"{adjective}-{noun}-{moment}-{letters}"

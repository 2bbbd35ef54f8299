"""Steps that a writer counted without knowing where its run stood."""

from __future__ import annotations

from pluto.protocol import records


def step_of(step: records.Step, base: int | None) -> records.ResolvedStep:
    """The step as a number: a relative one counts from where the run stood."""
    return (base or 0) + step[0] if isinstance(step, list) else step

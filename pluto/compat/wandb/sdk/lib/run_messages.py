"""What is told at the terminal when a run begins and ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from pluto.compat.wandb.errors.term import termlog

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.wandb_run import Run

_TICKS: Final = "▁▂▃▄▅▆▇█"
_WIDTH: Final = 40
_TEXT_CHARS: Final = 20


def header(run: Run) -> None:
    """Says where the run goes."""
    settings = run._settings
    if settings.silent:
        return
    if not settings.quiet:
        termlog(f"Run data is saved locally in {settings.sync_dir}")
    if settings._offline:
        termlog("the run is offline: it is kept on this disk until `pluto sync`")
    else:
        termlog(f"{'Resuming' if settings.resumed else 'Syncing'} run {run.name}")


def footer(run: Run) -> None:
    """Says what came of it: how metrics went, the summary, and where the run is."""
    settings = run._settings
    if settings.silent or settings.quiet:
        return
    history = [(name, sparkline(values)) for name, values in sorted(run._rows.sketch.curves().items())]
    _table("Run history:", history, settings.max_end_of_run_history_metrics)
    summary = [
        (name, _shown(value))
        for name, value in sorted(run._rows.tally.tree().items())
        if not name.startswith("_") and isinstance(value, (int, float, str))
    ]
    _table("Run summary:", summary, settings.max_end_of_run_summary_metrics)
    if settings.run_url:
        termlog(f"View run {run.name} at: {settings.run_url}")
    termlog(f"Find logs at: {settings.log_dir}")


def sparkline(values: Sequence[Any]) -> str:
    """Values as bars of eight heights."""
    numbers = [value for value in values if value == value and abs(value) != float("inf")]
    if not numbers:
        return ""
    low, high = min(numbers), max(numbers)
    step = (high - low) / (len(_TICKS) - 1) or 1
    return "".join(_TICKS[round((value - low) / step)] for value in _thinned(numbers))


def _thinned(values: Sequence[Any]) -> Sequence[Any]:
    if len(values) <= _WIDTH:
        return values
    return [values[index * len(values) // _WIDTH] for index in range(_WIDTH)]


def _table(title: str, rows: list[tuple[str, str]], most: int) -> None:
    shown = [row for row in rows if row[1]][:most]
    if not shown:
        return
    width = max(len(name) for name, _ in shown)
    termlog("\n".join(["", title, *(f"{name:>{width}} {text}" for name, text in shown)]))
    if len(rows) > len(shown):
        termlog(f"{'+' + str(len(rows) - len(shown)):>{width}} ...")


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value if len(value) < _TEXT_CHARS else value[:_TEXT_CHARS] + "..."
    return str(round(value, 5) if isinstance(value, float) else value)

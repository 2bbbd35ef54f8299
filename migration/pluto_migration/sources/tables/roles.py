"""Which column of a table is what: told by the user, else by its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pluto_migration.source import SourceError
from pluto_migration.sources.tables.times import PER_SECOND, Unit, iso_of

SETTINGS: Final[Mapping[str, str]] = {
    "form": "wide: a column for each metric; long: a row for each value, with columns for metric and value",
    "step-column": "the column of steps; # counts the rows of each run",
    "run-column": "the column that says which run a row is of; none: each file is a run",
    "time-column": "the column of times; none: there is none",
    "time-unit": "s, ms, us or ns, of times that are numbers",
    "metric-column": "the column of the metrics' names (long)",
    "value-column": "the column of values (long)",
    "text-columns": "columns, with commas between, that are texts though they look like numbers (wide)",
    "created": "when the runs were made, 2024-05-01T12:00:00; the time of all values where there is no column of times",
}
ROWS: Final = "#"
"""Stands for the number of a row in the place of a column."""
NONE: Final = "none"
_STEPS: Final = ("step", "_step", "global_step", "trainer/global_step", "steps", "iteration", "iter", "epoch", "index")
_RUNS: Final = ("run", "run_id", "runid", "run_name")
_TIMES: Final = ("timestamp", "_timestamp", "time", "wall_time", "wall time", "datetime", "created_at")
_METRICS: Final = ("metric", "metric_name", "attribute", "attribute_path", "key", "tag", "variable", "name")
_VALUES: Final = ("value", "metric_value", "float_value")


@dataclass(frozen=True, slots=True)
class Roles:
    """The columns of a table by what they are for."""

    form: Literal["wide", "long"]
    step: str
    """A column, or `ROWS`."""
    run: str | None = None
    time: str | None = None
    metric: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What the user said about tables, the same for all of them."""

    settings: Mapping[str, str]
    unit: Unit | None
    created: int | None
    texts: frozenset[str]

    @classmethod
    def of(cls, settings: Mapping[str, str], known: Mapping[str, str]) -> Said:
        """Checked. Raises `SourceError`."""
        unknown = set(settings) - set(known)
        if unknown:
            raise SourceError(f"--set {min(unknown)}: unknown; known are {', '.join(known)}")
        if settings.get("form", "wide") not in ("wide", "long"):
            raise SourceError(f"--set form={settings['form']}: wide or long")
        unit = settings.get("time-unit")
        if unit is not None and unit not in PER_SECOND:
            raise SourceError(f"--set time-unit={unit}: {', '.join(PER_SECOND)}")
        created = None
        if "created" in settings and (created := iso_of(settings["created"])) is None:
            raise SourceError(f"--set created={settings['created']}: a time such as 2024-05-01T12:00:00 is needed")
        texts = frozenset(filter(None, settings.get("text-columns", "").split(",")))
        return cls(dict(settings), unit, created, texts)

    def roles(self, names: Sequence[str], where: object) -> Roles:
        """What the columns of a table are for. Raises `SourceError`, which names them, where that can't be told."""
        metric = self._chosen("metric-column", names, _METRICS, where)
        value = self._chosen("value-column", names, _VALUES, where)
        told = self.settings.get("form") or ("long" if "metric-column" in self.settings else None)
        long = told == "long" or (told is None and metric is not None and value is not None)
        if long and (metric is None or value is None):
            which = "metric-column" if metric is None else "value-column"
            raise SourceError(f"{where}: --set {which}=NAME is needed; {_listed(names)}")
        step = self._chosen("step-column", names, _STEPS, where)
        if step is None:
            raise SourceError(
                f"{where}: which column has the steps can't be told: --set step-column=NAME, or step-column={ROWS} to"
                f" count the rows; {_listed(names)}"
            )
        run = self._chosen("run-column", names, _RUNS, where)
        time = self._chosen("time-column", names, _TIMES, where)
        if long:
            assert metric is not None
            assert value is not None
            return Roles("long", step, run, time, metric, value)
        return Roles("wide", step, run, time)

    def _chosen(self, key: str, names: Sequence[str], usual: Sequence[str], where: object) -> str | None:
        said = self.settings.get(key)
        if said == NONE and key in ("run-column", "time-column"):
            return None
        if said == ROWS and key == "step-column":
            return ROWS
        if said is not None:
            if said not in names:
                raise SourceError(f"{where}: there is no column {said!r} ({key}); {_listed(names)}")
            return said
        lower = {name.lower(): name for name in reversed(names)}
        return next((lower[name] for name in usual if name in lower), None)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:50])
    return f"its columns are {shown}{', …' if len(names) > 50 else ''}" if names else "it has no columns"

"""Metrics: samples, every point, ranges for drawing, summaries, comparisons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal

from pluto.query import frames, raw
from pluto.query.runs import Runs
from pluto.query.values import Buckets, Points, Summary, restored, whole

_SAMPLES: Final = 10_000
_NAMES: Final = 500
_COMPARED: Final = 100
_PAGE_POINTS: Final = 1_000_000
_PAIRS: Final = 2_000
_COLUMNS: Final = (("steps", "<f8"), ("times", "<i8"), ("values", "<f8"))
_FLOATS: Final = ("steps", "min", "max", "mean", "last", "last_steps")
_INTEGERS: Final = ("counts", "nonfinite", "times")


class Metrics(Runs):
    """Reads of numbers."""

    def get_metric_names(
        self, project: str, run_ids: list[int] | None = None, search: str | None = None, limit: int = 500
    ) -> list[str]:
        """Up to `limit` (at most 500) names of metrics of the project or the runs; `get_names` has all of one run."""
        params = {
            "projectName": project,
            "limit": min(limit, _NAMES),
            "runIds": None if run_ids is None else ",".join(str(self._id(project, run)) for run in run_ids),
            "search": search,
        }
        return list(self._connection.get("/api/runs/metric-names", params)["metricNames"])

    def get_names(self, project: str, run_id: int | str) -> dict[str, str]:
        """Every name logged in the run and its type: `METRIC`, `IMAGE`, `HISTOGRAM`, … (a stock server gives 1,000)."""
        number = self._id(project, run_id)
        if self._connection.extended:
            return dict(self._connection.extension(f"/runs/{number}/names")["names"])
        return {row["logName"]: row["logType"] for row in self.get_run(project, number).get("logNames", [])}

    def get_metrics(
        self,
        project: str,
        run_id: int | str,
        metric_names: list[str] | None = None,
        limit: int = 10000,
        step_min: int | None = None,
        step_max: int | None = None,
    ) -> Any:
        """Metrics as a DataFrame with `metric`, `step`, `value`, `time`, …; without pandas as a list of dicts.

        A metric with more than `limit` points (at most 10,000) is thinned out evenly by the server; `points` gives
        every one. `step_min` and `step_max` are inclusive. `value` is NaN or ±inf where that was logged (`valueFlag`
        says so too). Raises `ValueError` for a negative bound or an empty range; `points` takes any.
        """
        if limit < 1:
            raise ValueError(f"limit is at least 1, not {limit}")
        for name, bound in (("step_min", step_min), ("step_max", step_max)):
            if bound is not None and bound < 0:
                raise ValueError(f"{name} can't be negative here ({bound}); points() takes negative steps")
        if step_min is not None and step_max is not None and step_min > step_max:
            raise ValueError(f"step_min ({step_min}) is greater than step_max ({step_max})")
        params = {
            "runId": self._id(project, run_id),
            "projectName": project,
            "limit": min(limit, _SAMPLES),
            "stepMin": step_min,
            "stepMax": step_max,
        }
        rows: list[dict[str, Any]] = []
        names: list[str | None] = [None] if metric_names is None else [*metric_names]
        for logged in names:
            rows.extend(self._connection.get("/api/runs/metrics", {**params, "logName": logged})["metrics"])
        return frames.frame_or_list([_tidy(row) for row in rows], ["metric", "step", "value", "time"])

    def points(
        self,
        project: str,
        run_id: int | str,
        name: str,
        *,
        step_min: float | None = None,
        step_max: float | None = None,
        order: Literal["step", "logged"] = "step",
    ) -> Points:
        """Every point of one metric as logged, repeats, fractions, negative steps, NaN and ±inf included.

        By rising step, or in the order logged. A stock server gives them by step only, in pieces of 50,000.
        """
        import numpy as np

        pages = list(self.iter_points(project, run_id, name, step_min=step_min, step_max=step_max, order=order))
        if len(pages) == 1:
            return pages[0]
        return Points(*(np.concatenate([getattr(page, key) for page in pages]) for key, _ in _COLUMNS))

    def iter_points(
        self,
        project: str,
        run_id: int | str,
        name: str,
        *,
        step_min: float | None = None,
        step_max: float | None = None,
        order: Literal["step", "logged"] = "step",
    ) -> Iterator[Points]:
        """The same points, a million at a time: for series that need not fit into memory. At least one page."""
        import numpy as np

        number = self._id(project, run_id)
        if not self._connection.extended:
            yield raw.points(self._connection, project, number, name, step_min, step_max, order)
            return
        asked = {"name": name, "stepMin": step_min, "stepMax": step_max, "order": order, "limit": _PAGE_POINTS}
        cursor: str | None = None
        while True:
            page = self._connection.extension(
                f"/runs/{number}/points", {**asked, "cursor": cursor}, fresh=cursor is None
            )
            yield Points(*(np.frombuffer(page[key], kind) for key, kind in _COLUMNS))
            cursor = page.get("next")
            if cursor is None:
                return

    def many_points(
        self,
        project: str,
        pairs: Sequence[tuple[int, str]],
        *,
        step_min: float | None = None,
        step_max: float | None = None,
        tail: int | None = None,
    ) -> list[Points]:
        """The points of many metrics, each given by the server's number of its run and its name, as `points` gives one.

        In the order asked for, and in few requests; `tail`: of each the last so many. A stock server is asked for one
        after the other.
        """
        import numpy as np

        found: list[Points] = []
        if not self._connection.extended:
            for run, name in pairs:
                one = self.points(project, run, name, step_min=step_min, step_max=step_max)
                last = slice(None) if tail is None else slice(-tail, None)
                found.append(Points(one.steps[last], one.times[last], one.values[last]))
            return found
        while len(found) < len(pairs):
            some = pairs[len(found) : len(found) + _PAIRS]
            body = {"pairs": some, "stepMin": step_min, "stepMax": step_max, "tail": tail}
            for row in self._connection.ask("/points", body, fresh=not found)["series"]:
                columns = (np.frombuffer(row[key], kind) for key, kind in _COLUMNS)
                found.append(Points(*columns))
        return found

    def iter_metrics(
        self, project: str, run_id: int | str, metric_names: Sequence[str] | None = None
    ) -> Iterator[tuple[str, Points]]:
        """Each metric of the run with every point of it, one after another; all of them where no names are given."""
        number = self._id(project, run_id)
        if metric_names is None:
            metric_names = [name for name, type in self.get_names(project, number).items() if type == "METRIC"]
        for name in metric_names:
            yield name, self.points(project, number, name)

    def get_frame(self, project: str, run_id: int | str, metric_names: Sequence[str] | None = None) -> Any:
        """Every point of the run's metrics as one DataFrame: a row for each step, a column for each metric.

        Where a metric has several values at one step, the one logged last. Needs pandas; `iter_metrics` does not.
        """
        pd = frames.pandas("get_frame")
        columns = {}
        for name, points in self.iter_metrics(project, run_id, metric_names):
            series = pd.Series(points.values, index=pd.Index(points.steps, name="step"), name=name)
            columns[name] = series[~series.index.duplicated(keep="last")]
        if not columns:
            return pd.DataFrame(index=pd.Index([], name="step", dtype="float64"))
        return pd.concat(columns, axis=1).sort_index().rename_axis(index="step")

    def buckets(
        self,
        project: str,
        run_ids: Sequence[int | str],
        names: Sequence[str],
        count: int = 1000,
        *,
        step_min: float | None = None,
        step_max: float | None = None,
    ) -> list[Buckets]:
        """Metrics of several runs in `count` ranges of steps, for drawing. A stock server has to send all points."""
        import numpy as np

        if count < 1:
            raise ValueError(f"count is at least 1, not {count}")
        numbers = [self._id(project, run) for run in run_ids]
        if not self._connection.extended:
            points = (
                (run, name, self.points(project, run, name, step_min=step_min, step_max=step_max))
                for run in numbers
                for name in names
            )
            return [raw.bucketed(run, name, found, count) for run, name, found in points if len(found)]
        asked = {
            "runIds": ",".join(map(str, numbers)),
            "names": list(names),
            "buckets": count,
            "stepMin": step_min,
            "stepMax": step_max,
        }
        series = self._connection.extension("/buckets", asked)["series"]
        return [
            Buckets(
                row["runId"],
                row["name"],
                **{column: np.frombuffer(row[column], "<f8") for column in _FLOATS},
                **{column: np.frombuffer(row[column], "<i8") for column in _INTEGERS},
            )
            for row in series
        ]

    def summaries(self, project: str, run_id: int | str, names: Sequence[str] | None = None) -> dict[str, Summary]:
        """Each metric in a few numbers: count, min, last, … Needs Pluto's own server, `get_statistics` does not."""
        self._connection.demand("summaries", "use get_statistics")
        params = None if names is None else {"names": list(names)}
        found = self._connection.extension(f"/runs/{self._id(project, run_id)}/summaries", params)["summaries"]
        return {name: Summary(**{field: row[field] for field in Summary.__slots__}) for name, row in found.items()}

    def get_statistics(self, project: str, run_id: int | str, metric_names: list[str] | None = None) -> Any:
        """A dict whose `metrics` has count, min, max, mean, stddev, last of each; the first 100 if none are named."""
        number = self._id(project, run_id)
        params = {"runId": number, "projectName": project}
        if metric_names is None or not metric_names:
            return self._connection.get("/api/runs/statistics", params)
        answers = [self._connection.get("/api/runs/statistics", {**params, "logName": name}) for name in metric_names]
        return {**answers[0], "metrics": [row for answer in answers for row in answer["metrics"]]}

    def compare_runs(self, project: str, run_ids: list[int | str], metric_name: str) -> dict[str, Any]:
        """A dict whose `runs` holds each run's config, status and `stats` of the metric, None where it has none."""
        numbers = [self._id(project, run) for run in run_ids]
        answers = [
            self._connection.get(
                "/api/runs/compare",
                {
                    "runIds": ",".join(map(str, numbers[start : start + _COMPARED])),
                    "projectName": project,
                    "logName": metric_name,
                },
            )
            for start in range(0, max(len(numbers), 1), _COMPARED)
        ]
        return {**answers[0], "runs": [run for answer in answers for run in answer["runs"]]}

    def leaderboard(
        self,
        project: str,
        metric_name: str,
        aggregation: str = "LAST",
        direction: str = "ASC",
        limit: int = 50,
        offset: int = 0,
    ) -> dict[str, Any]:
        """A dict whose `runs` are ranked by `MIN`, `MAX`, `AVG`, `LAST` or `VARIANCE` of a metric; `total` counts all.

        At most 100 at a time; `offset` gives the next ones.
        """
        params = {
            "projectName": project,
            "logName": metric_name,
            "aggregation": aggregation.upper(),
            "direction": direction.upper(),
            "limit": min(limit, _COMPARED),
            "offset": offset,
        }
        return dict(self._connection.get("/api/runs/leaderboard", params))


def _tidy(row: dict[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in row.items() if name not in ("logName", "metric", "step", "value", "time")}
    name = row["metric"] if "metric" in row else row["logName"]
    return {"metric": name, "step": whole(row["step"]), "value": restored(row), "time": row["time"], **rest}

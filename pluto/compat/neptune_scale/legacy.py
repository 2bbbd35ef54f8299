"""A `Run` that is also written as one of the 1.x client: `run["lr"] = 0.1`, `run["loss"].append(0.5, step=1)`."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from itertools import repeat
from typing import Any

from pluto.compat.neptune_scale.api.run import Run as ScaleRun
from pluto.compat.neptune_scale.api.run import Tags

__all__ = ("Run",)


class Attribute:
    """A path of a run. Keyword arguments of the 1.x client that mean nothing here are named in a warning."""

    def __init__(self, run: Run, path: str) -> None:
        self._run = run
        self._path = path

    def assign(self, value: Any, *, wait: bool = False) -> None:
        """Logs a single value; of a dict, each of its values below the path."""
        _heed(wait, {})
        self._run.log_configs(_below(value, self._path))

    def append(
        self,
        value: dict[str, Any] | float,
        *,
        step: float | int,
        preview: bool = False,
        preview_completion: float | None = None,
        timestamp: float | datetime | None = None,
        wait: bool = False,
        **kwargs: Any,
    ) -> None:
        """Logs a number as a point of a series; of a dict, each of its numbers below the path."""
        _heed(wait, kwargs)
        self._run.log_metrics(
            _below(value, self._path),
            step,
            timestamp=_moment(timestamp),
            preview=preview,
            preview_completion=preview_completion,
        )

    def extend(
        self,
        values: Collection[float | int],
        *,
        steps: Collection[float | int],
        timestamps: Collection[float | datetime] | None = None,
        previews: Collection[bool] | None = None,
        preview_completions: Collection[float] | None = None,
        wait: bool = False,
        **kwargs: Any,
    ) -> None:
        """Logs several numbers as points of a series. Raises `ValueError` unless all collections are as long."""
        _heed(wait, kwargs)
        given = {"steps": steps, "timestamps": timestamps, "previews": previews, "completions": preview_completions}
        for name, other in given.items():
            if other is not None and len(other) != len(values):
                raise ValueError(f"there are {len(values)} values and {len(other)} {name}")
        for value, step, timestamp, preview, completion in zip(
            values,
            steps,
            timestamps or repeat(None),
            previews or repeat(False),
            preview_completions or repeat(None),
            strict=False,  # some never end
        ):
            self.append(value, step=step, timestamp=timestamp, preview=preview, preview_completion=completion)

    def add(self, values: str | Tags, *, wait: bool = False) -> None:
        """Adds texts to a set."""
        _heed(wait, {})
        self._run.log(tags_add={self._path: [values] if isinstance(values, str) else values})

    def remove(self, values: str | Tags, *, wait: bool = False) -> None:
        """Removes texts from a set."""
        _heed(wait, {})
        self._run.log(tags_remove={self._path: [values] if isinstance(values, str) else values})


class Run(ScaleRun):
    """A run with paths in brackets."""

    def __getitem__(self, path: str) -> Attribute:
        return Attribute(self, cleanup_path(path))

    def __setitem__(self, key: str, value: Any) -> None:
        self[key].assign(value)


def cleanup_path(path: str) -> str:
    """The path without a slash in front. Raises `ValueError` where a part of it is empty, or has blanks around."""
    parts = path.removeprefix("/").split("/")
    if not all(parts) or any(part != part.strip() for part in parts):
        raise ValueError(f"{path!r} is no path: its parts are not empty, and have no blanks around them")
    return "/".join(parts)


def _below(value: Any, path: str) -> dict[str, Any]:
    return dict(_leaves(value, path)) if isinstance(value, dict) else {path: value}


def _leaves(data: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    if not data:
        raise ValueError(f"a dict without values can't be logged ({path!r})")
    for key, value in data.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{path}/{key}")
        else:
            yield f"{path}/{key}", value


def _moment(timestamp: float | datetime | None) -> datetime | None:
    return datetime.fromtimestamp(timestamp) if isinstance(timestamp, (int, float)) else timestamp


def _heed(wait: bool, others: Mapping[str, Any]) -> None:
    named = ["wait"] * bool(wait) + list(others)
    if named:
        warnings.warn(f"has no effect here and is ignored: {', '.join(named)}", stacklevel=3)

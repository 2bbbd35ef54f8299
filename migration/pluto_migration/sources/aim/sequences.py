"""What a run of Aim tracked: numbers, texts, images, audio, figures, distributions, its terminal and its messages."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from pluto.core.jsonable import plain
from pluto_migration.gather import Gather
from pluto_migration.model import POINTS_AT_ONCE, Alert, Console, Data, Facts, File, Item, Points, Texts
from pluto_migration.source import Problems
from pluto_migration.sources.aim.objects import item_of
from pluto_migration.sources.aim.parameters import contexts, flattened

_SYSTEM: Final = "__system__"
_OBJECTS: Final = {"images": "image", "audios": "audio", "figures": "figure", "distributions": "distribution"}
_KINDS: Final = ("metric", "texts", *_OBJECTS, "logs", "log_records")
_WITHOUT_STEPS: Final = ("logs", "log_records")
_LINES_AT_ONCE: Final = 4_096
_CHANGES: Final = 1_000
"""Changes of the epoch that are kept beside a metric; with more of them the epochs become a metric, too."""
_TIME_S: Final = 1 << 42
_EXACT: Final = 1 << 53


class Sequences:
    """Of one run that Aim has opened."""

    def __init__(self, run: Any, problems: Problems, where: Path) -> None:
        self._run = run
        self._problems = problems
        self._where = where
        self._epochs: dict[str, list[list[float]]] = {}

    def items(self) -> Iterator[Item]:
        """All of it, one sequence after another. One that can't be read is noted."""
        for kind, name, context, last in self._known():
            called = name + contexts(context)
            if name.startswith(_SYSTEM) and len(name) > len(_SYSTEM):
                called = "sys/" + called[len(_SYSTEM) :]
            try:
                reached = -math.inf
                for item in self._of(kind, name, called, context):
                    reached = max(reached, _highest(item))
                    yield item
                if isinstance(last, int) and reached < last:
                    self._problems.note(self._where, f"{called} of run {self._run.hash} ends before step {last}")
            except Exception as error:  # noqa: BLE001 - whatever the package raises: the others are not harmed
                self._problems.note(
                    self._where, f"{called} of run {self._run.hash} can't be read whole: {_said(error)}"
                )
        if self._epochs:
            # Step from which on, and epoch: they change rarely, and are no series of their own.
            yield Facts(extras={"epochs": plain(self._epochs)})

    def _known(self) -> list[tuple[str, str, Mapping[Any, Any], Any]]:
        """Kind, name, context and last step of each; those of a kind that this does not know are noted."""
        import aim.sdk.sequences  # noqa: F401 - makes the kinds known
        from aim.sdk.sequence import Sequence as OfAim

        kinds = {dtype: kind for kind in _KINDS if kind in OfAim.registry for dtype in _dtypes(OfAim.registry[kind])}
        found: list[tuple[str, str, Mapping[Any, Any], Any]] = []
        try:
            traces = self._run.meta_run_tree.subtree("traces").collect(resolve_objects=True)
            for index, sequences in traces.items():
                context = self._run.idx_to_ctx(index).to_dict()
                for name, about in sequences.items():
                    dtype = str(about.get("dtype", "float"))
                    kind = kinds.get(dtype) or kinds.get(dtype.removeprefix("list(").removesuffix(")"))
                    if kind is None:
                        self._problems.note(
                            self._where, f"{name} of run {self._run.hash} is of type {dtype}, and stays"
                        )
                    else:
                        last = None if kind in _WITHOUT_STEPS else about.get("last_step")
                        found.append((kind, str(name), dict(context), last))
        except KeyError:
            return found
        except Exception as error:  # noqa: BLE001 - as above
            self._problems.note(self._where, f"what run {self._run.hash} tracked can't be listed: {_said(error)}")
        return sorted(found, key=lambda one: (one[0], one[1], contexts(one[2])))

    def _of(self, kind: str, name: str, called: str, context: Mapping[Any, Any]) -> Iterator[Item]:
        from aim.sdk.sequence import Sequence as OfAim
        from aim.storage.context import Context

        sequence = OfAim.registry[kind](name, Context(dict(context)), self._run)
        if kind == "metric":
            yield from self._metric(sequence, called)
        elif kind == "texts":
            yield from self._texts(sequence, called)
        elif kind == "logs":
            yield from self._terminal(sequence)
        elif kind == "log_records":
            yield from self._messages(sequence)
        else:
            yield from self._objects(sequence, _OBJECTS[kind], called)

    def _metric(self, sequence: Any, called: str) -> Iterator[Item]:
        data = sequence.data
        if getattr(data, "version", 1) == 1:
            steps, columns = data.items_list()
            steps, columns = np.array(steps, np.int64), [np.array(column, np.float64) for column in columns]
        else:
            steps, columns = data.numpy()
        values, epochs, times = (np.asarray(column, np.float64) for column in columns)
        if not len(steps) == len(values) == len(times) == len(epochs):
            raise ValueError("its steps, values and times are not equally many")
        order = np.argsort(steps, kind="stable")
        if len(steps) and np.abs(steps.astype(np.float64)).max() > _EXACT:
            self._problems.note(self._where, f"a step of {called} beyond 2^53 was rounded")
        at, moments = steps[order].astype(np.float64), _times(times[order])
        values = values[order]
        for start in range(0, len(at), POINTS_AT_ONCE):
            part = slice(start, start + POINTS_AT_ONCE)
            yield Points(called, at[part], moments[part], values[part])
        epochs = epochs[order]
        changed = np.r_[True, epochs[1:] != epochs[:-1]][: len(epochs)]
        changes = np.flatnonzero(~np.isnan(epochs) & changed)
        if 0 < len(changes) <= _CHANGES:
            self._epochs[called] = [[float(at[one]), float(epochs[one])] for one in changes]
        elif len(changes):
            known = ~np.isnan(epochs)
            at, moments, epochs = at[known], moments[known], epochs[known]
            for start in range(0, len(at), POINTS_AT_ONCE):
                part = slice(start, start + POINTS_AT_ONCE)
                yield Points(f"{called}/epoch", at[part], moments[part], epochs[part])

    def _texts(self, sequence: Any, called: str) -> Iterator[Item]:
        gather = Gather()
        for step, time, value in sorted(self._values(sequence), key=_by_step):
            for text in flattened(value):
                gather.text(called, step, time, str(text.data))
            if gather.full:
                yield from gather.drain()
        yield from gather.drain()

    def _objects(self, sequence: Any, kind: str, called: str) -> Iterator[Item]:
        for step, time, value in self._values(sequence):
            for index, one in enumerate(flattened(value)):
                try:
                    item = item_of(kind, one.storage, called, step, time, index)
                except Exception as error:  # noqa: BLE001 - as above
                    self._problems.note(self._where, f"{called} at step {step:g} can't be read: {_said(error)}")
                else:
                    yield item

    def _terminal(self, sequence: Any) -> Iterator[Item]:
        times: list[int] = []
        lines: list[str] = []
        for _, time, value in sorted(self._values(sequence), key=_by_step):
            for line in flattened(value):
                times.append(time)
                lines.append(str(line.data).rstrip("\r\n"))
            if len(lines) > _LINES_AT_ONCE:
                yield Console("stdout", times[:-1], lines[:-1])
                times, lines = times[-1:], lines[-1:]
        if lines and not lines[-1]:
            # Aim puts one behind the last line feed.
            times, lines = times[:-1], lines[:-1]
        if lines:
            yield Console("stdout", times, lines)

    def _messages(self, sequence: Any) -> Iterator[Item]:
        for _, time, value in sorted(self._values(sequence), key=_by_step):
            for record in flattened(value):
                said = record.json()
                more = said.get("args")
                text = json.dumps(plain(more)) if more else ""
                yield Alert(time, str(record.message), text, _level(record.level))

    def _values(self, sequence: Any) -> Iterator[tuple[float, int, Any]]:
        """Step, time and value of each, one in memory at a time, in whichever order they lie."""
        if getattr(sequence.data, "version", 1) != 1:
            steps, (values, _, moments) = sequence.data.items_list()
            for step, value, second in zip(steps, values, moments, strict=True):
                yield float(step), _time(second), value
            return
        seconds = dict(sequence.timestamps.items())
        for step, value in sequence.values.items():
            yield float(step), _time(seconds.get(step, 0.0)), value


def _highest(item: Item) -> float:
    if isinstance(item, Points):
        return float(item.steps.max()) if len(item.steps) else -math.inf
    if isinstance(item, Texts):
        return max(item.steps, default=-math.inf)
    return item.step if isinstance(item, (File, Data)) else -math.inf


def _by_step(one: tuple[float, int, Any]) -> float:
    return one[0]


def _dtypes(kind: Any) -> Sequence[str]:
    """The types of values that make a sequence one of a kind."""
    told = kind.allowed_dtypes()
    return (told,) if isinstance(told, str) else tuple(told)


def _time(second: Any) -> int:
    return int(_times(np.array([second], np.float64))[0])


def _times(seconds: Any) -> Any:
    """Microseconds; 0 for what is no time."""
    fine = np.isfinite(seconds) & (np.abs(seconds) < _TIME_S)
    return np.round(np.where(fine, seconds, 0.0) * 1e6).astype(np.int64)


def _level(level: Any) -> Literal["DEBUG", "INFO", "WARNING", "ERROR"]:
    if not isinstance(level, int) or level < logging.INFO:
        return "DEBUG"
    if level < logging.WARNING:
        return "INFO"
    return "WARNING" if level < logging.ERROR else "ERROR"


def _said(error: BaseException) -> str:
    lines: Sequence[str] = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__

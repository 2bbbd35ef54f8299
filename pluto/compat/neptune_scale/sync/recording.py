"""An open run: from checked calls to Pluto's journal, by the rules that the original's server held."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pluto.compat.attributes.kinds import AttributeKind
from pluto.compat.neptune_scale.exceptions import NeptuneAttributePathNonWritable, NeptuneAttributeTypeMismatch
from pluto.compat.neptune_scale.sync.files import prepared
from pluto.compat.neptune_scale.sync.series import Steps
from pluto.compat.neptune_scale.sync.values import Intake, micro
from pluto.compat.neptune_scale.util import get_logger
from pluto.core import fork
from pluto.core.errors import RunError

if TYPE_CHECKING:
    from pluto.compat.attributes import Atom, AttributeWriter, HistogramValue
    from pluto.compat.neptune_scale.sync.errors_tracking import ErrorsMonitor
    from pluto.compat.neptune_scale.sync.history import History
    from pluto.core.media import File

WRITABLE: Final = frozenset({"sys/name", "sys/description", "sys/failed", "sys/tags", "sys/group_tags"})
"""What a script may write of `sys/`."""

_SERIES: Final = (
    AttributeKind.FLOAT_SERIES, AttributeKind.STRING_SERIES, AttributeKind.HISTOGRAM_SERIES, AttributeKind.FILE_SERIES,
)  # fmt: skip
_STEPLESS: Final = frozenset({"configs", "tags_add", "tags_remove", "files"})
_ATOMS: Final = {
    bool: AttributeKind.BOOL, int: AttributeKind.INT, float: AttributeKind.FLOAT, str: AttributeKind.STRING,
    datetime: AttributeKind.DATETIME, frozenset: AttributeKind.STRING_SET,
}  # fmt: skip


Later = list[tuple[str, Callable[[], None]]]
"""What is to be done for paths afterwards."""


class Moment(NamedTuple):
    """When something is logged."""

    step: float | None
    """None: each series goes on behind its last step."""
    time: float
    preview: float | None
    """How complete numbers are that may yet change."""


class Recording:
    """Writes one run. Safe from several threads, and in a forked child."""

    def __init__(
        self, writer: AttributeWriter, monitor: ErrorsMonitor, history: History, fork_step: float | None = None
    ) -> None:
        self.writer = writer
        self.closed = False
        self._monitor = monitor
        self._history = history
        self._intake = intake = Intake(monitor.tell)
        self._steps = {kind: Steps(monitor.tell, fork_step) for kind in _SERIES}
        self._floats = self._steps[AttributeKind.FLOAT_SERIES]
        self._kinds: dict[str, AttributeKind] = {}
        self._now = 0.0
        # What a call may hand over: how it is checked, and how it is written.
        self._ways: dict[str, tuple[Callable[[Any], dict[str, Any]], Callable[[Any, Moment], Later | None]]] = {
            "configs": (intake.atoms, self._write_atoms),
            "metrics": (intake.floats, self._write_floats),
            "string_series": (intake.texts, self._write_texts),
            "histograms": (intake.histograms, self._write_histograms),
            "tags_add": (intake.tags, self._add_tags),
            "tags_remove": (intake.tags, self._remove_tags),
            "files": (lambda data: prepared(data, intake), self._write_files),
            "file_series": (lambda data: prepared(data, intake), self._write_file_series),
        }

    def log_floats(self, data: dict[Any, Any], step: float) -> None:
        """Metrics, now. The case that has to be fast: the same names as before, plain numbers, a step further on."""
        if type(step) is not int:
            step = micro(step)
        try:
            with fork.sqlite_lock():
                now = self._clock()
                if not self.closed and self._floats.again(data, step, now):
                    try:
                        self.writer.log_floats(data, step, now)
                    except OverflowError:  # an int beyond every float
                        self.writer.log_floats(self._intake.floats(data), step, now)
                    return
        except RunError:  # ended by somebody else, `pluto.finish()` for one
            self.closed = True
        self.log({"metrics": data}, step)

    def log(
        self,
        given: Mapping[str, Any],
        step: float | None = None,
        timestamp: datetime | None = None,
        preview: float | None = None,
    ) -> None:
        """What a call hands over: all of it is checked before any of it is written.

        Files are taken when the lock is free again: a big one must not hold up other threads.
        """
        if self.closed:
            return
        checked = [(self._ways[what], data) for what, data in given.items() if data]
        entry = [(write, take(data)) for (take, write), data in checked]
        step = None if step is None else micro(step)
        if not given.keys() <= _STEPLESS:
            self._catch_up(step)
        later: Later = []
        try:
            with fork.sqlite_lock():
                moment = Moment(step, self._clock() if timestamp is None else timestamp.timestamp(), preview)
                for write, data in entry if self._takes() else ():  # another thread may have closed it since
                    later += write(data, moment) or ()
            for path, upload in later:
                with _missing_file(path):
                    upload()
        except RunError:
            self.closed = True

    def _takes(self) -> bool:
        return not self.closed

    def _clock(self) -> float:
        """Now. A machine's clock may be set back, a series does not go back."""
        self._now = max(self._now, time.time())
        return self._now

    # each kind

    def _write_atoms(self, atoms: dict[str, Atom], _: Moment) -> None:
        kept: dict[str, Atom] = {}
        for path, value in atoms.items():
            kept.update(self._of_kind(_ATOMS[type(value)], {path: value}))
        if kept:
            self.writer.assign(kept)

    def _write_floats(self, data: dict[str, float], moment: Moment) -> None:
        log, settles = self.writer.log_floats, moment.preview is None
        for step, floats in self._points(AttributeKind.FLOAT_SERIES, data, moment, settles=settles):
            if moment.preview is None:
                log(floats, step, moment.time)
            else:
                self.writer.log_previews(floats, step, moment.preview, moment.time)

    def _write_texts(self, data: dict[str, str], moment: Moment) -> None:
        for step, texts in self._points(AttributeKind.STRING_SERIES, data, moment):
            self.writer.log_texts(texts, step, moment.time)

    def _write_histograms(self, data: dict[str, HistogramValue], moment: Moment) -> None:
        for step, histograms in self._points(AttributeKind.HISTOGRAM_SERIES, data, moment):
            for path, histogram in histograms.items():
                self.writer.append_histograms(path, [histogram], [step], [moment.time])

    def _write_files(self, data: dict[str, File], _: Moment) -> Later:
        files = self._of_kind(AttributeKind.FILE, data)
        return [(path, partial(self.writer.upload, path, file)) for path, file in files.items()]

    def _write_file_series(self, data: dict[str, File], moment: Moment) -> Later:
        return [
            (path, partial(self.writer.append_files, path, [file], [step], [moment.time]))
            for step, files in self._points(AttributeKind.FILE_SERIES, data, moment)
            for path, file in files.items()
        ]

    def _add_tags(self, data: dict[str, list[str]], _: Moment) -> None:
        for path, tags in self._of_kind(AttributeKind.STRING_SET, data).items():
            self.writer.change_set(path, add=tags)

    def _remove_tags(self, data: dict[str, list[str]], _: Moment) -> None:
        for path, tags in self._of_kind(AttributeKind.STRING_SET, data).items():
            self.writer.change_set(path, remove=tags)

    # by the rules

    def _points(
        self, kind: AttributeKind, data: dict[str, Any], moment: Moment, *, settles: bool = True
    ) -> Iterator[tuple[float, dict[str, Any]]]:
        """The points that go in, with their step. `settles`: they count for the steps to come; previews do not."""
        data = self._of_kind(kind, data)
        steps = self._steps[kind]
        step = moment.step
        calls = [({path: value}, steps.next(path)) for path, value in data.items()] if step is None else [(data, step)]
        for points, at in calls:
            if not points:
                continue
            admitted = steps.admit(points, at, moment.time) if settles else steps.preview(points, at)
            if admitted:
                yield at, admitted

    def _of_kind(self, kind: AttributeKind, data: dict[str, Any]) -> dict[str, Any]:
        """What may stand under its path: an attribute keeps its kind, and most of `sys/` is not the script's."""
        kinds = self._kinds
        if set(map(kinds.get, data)) == {kind}:
            return data
        kept = {}
        for path, value in data.items():
            known = kinds.get(path)
            if known is None and path.startswith("sys/") and (path not in WRITABLE or kind in _SERIES):
                self._monitor.tell(NeptuneAttributePathNonWritable(path=path))
            elif known is not None and known is not kind:
                self._monitor.tell(NeptuneAttributeTypeMismatch(path=path, kept=_article(known), given=_article(kind)))
            else:
                kinds[path] = kind
                kept[path] = value
        return kept

    def _catch_up(self, step: float | None) -> None:
        """Where the run was there before, learns where its series stand, should it matter for this step."""
        before = self._history.needed(step)
        if before is None:
            return
        with fork.sqlite_lock():
            for kind in _SERIES:
                self._steps[kind].follow(before.series.get(kind, {}))
            for path, known in before.kinds.items():
                self._kinds.setdefault(path, known)


@contextlib.contextmanager
def _missing_file(path: str) -> Iterator[None]:
    """A file that is gone by now keeps none of the others from being logged."""
    try:
        yield
    except OSError as error:
        get_logger().warning("Skipping file attribute `%s`: %s", path, error)


def _article(kind: AttributeKind) -> str:
    name = kind.value.replace("_", " ")
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"

"""An open run: from checked calls to Pluto's journal, by the rules that the original's server held."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from pluto.compat.attributes.kinds import AttributeKind
from pluto.compat.neptune_scale.exceptions import NeptuneAttributePathNonWritable, NeptuneAttributeTypeMismatch
from pluto.compat.neptune_scale.sync import files as given_files
from pluto.compat.neptune_scale.sync.series import Steps
from pluto.compat.neptune_scale.sync.values import Intake, micro
from pluto.compat.neptune_scale.util import get_logger
from pluto.core import fork
from pluto.core.errors import RunError

if TYPE_CHECKING:
    from pluto.compat.attributes import Atom, AttributeWriter
    from pluto.compat.neptune_scale.sync.errors_tracking import ErrorsMonitor
    from pluto.compat.neptune_scale.sync.history import History
    from pluto.core.media import File

TAGS: Final = {"sys/tags": False, "sys/group_tags": True}
"""The sets of tags, and whether it is that of group tags."""
WRITABLE: Final = frozenset({"sys/name", "sys/description", "sys/failed", *TAGS})
"""What a script may write of `sys/`."""

_SERIES: Final = (
    AttributeKind.FLOAT_SERIES, AttributeKind.STRING_SERIES, AttributeKind.HISTOGRAM_SERIES, AttributeKind.FILE_SERIES,
)  # fmt: skip
_ATOMS: Final = {
    bool: AttributeKind.BOOL, int: AttributeKind.INT, float: AttributeKind.FLOAT, str: AttributeKind.STRING,
    datetime: AttributeKind.DATETIME, frozenset: AttributeKind.STRING_SET,
}  # fmt: skip


class Entry:
    """What one call hands over, checked: only what can be kept is in it."""

    def __init__(self, intake: Intake, given: Mapping[str, Any]) -> None:
        self.atoms = _some(intake.atoms, given.get("configs"))
        self.floats = _some(intake.floats, given.get("metrics"))
        self.texts = _some(intake.texts, given.get("string_series"))
        self.histograms = _some(intake.histograms, given.get("histograms"))
        self.added = _some(intake.tags, given.get("tags_add"))
        self.removed = _some(intake.tags, given.get("tags_remove"))
        self.files: dict[str, File] = given_files.prepared(given.get("files") or {}, intake)
        self.file_series: dict[str, File] = given_files.prepared(given.get("file_series") or {}, intake)


class Recording:
    """Writes one run. Safe from several threads, and in a forked child."""

    def __init__(
        self, writer: AttributeWriter, monitor: ErrorsMonitor, history: History, fork_step: float | None = None
    ) -> None:
        self.writer = writer
        self.closed = False
        self._monitor = monitor
        self._history = history
        self._intake = Intake(monitor.tell)
        self._steps = {kind: Steps(monitor.tell, fork_step) for kind in _SERIES}
        self._floats = self._steps[AttributeKind.FLOAT_SERIES]
        self._kinds: dict[str, AttributeKind] = {}
        self._now = 0.0

    def log_floats(self, data: dict[Any, Any], step: float) -> None:
        """Metrics, now. The case that has to be fast: the same names as before, plain numbers, a step further on."""
        if type(step) is not int:
            step = micro(step)
        try:
            with fork.sqlite_lock():
                now = self._clock()
                if not self.closed and self._floats.again(data, step, now):
                    self.writer.log_floats(data, step, now)
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
        """What a call hands over; `preview` is how complete metrics are that may yet change."""
        if self.closed:
            return
        entry = Entry(self._intake, given)
        step = None if step is None else micro(step)
        if entry.floats or entry.texts or entry.histograms or entry.file_series:
            self._catch_up(step)
        try:
            with fork.sqlite_lock():
                moment = self._clock() if timestamp is None else timestamp.timestamp()
                if self._takes():  # another thread may have closed it since
                    self._write(entry, step, moment, preview)
        except RunError:
            self.closed = True
        except OSError as error:
            get_logger().warning("A file was not logged: %s", error)

    def _takes(self) -> bool:
        return not self.closed

    def _clock(self) -> float:
        """Now. A machine's clock may be set back, a series does not go back."""
        self._now = max(self._now, time.time())
        return self._now

    def _write(self, entry: Entry, step: float | None, moment: float, preview: float | None) -> None:
        writer = self.writer
        self._assign(entry.atoms)
        if preview is None:
            for at, floats in self._points(AttributeKind.FLOAT_SERIES, entry.floats, step, moment):
                writer.log_floats(floats, at, moment)
        elif entry.floats:
            self._preview(entry.floats, step, moment, preview)
        for at, texts in self._points(AttributeKind.STRING_SERIES, entry.texts, step, moment):
            writer.log_texts(texts, at, moment)
        for at, histograms in self._points(AttributeKind.HISTOGRAM_SERIES, entry.histograms, step, moment):
            for path, histogram in histograms.items():
                writer.append_histograms(path, [histogram], [at], [moment])
        for path, tags in entry.added.items():
            self._tag(path, tags, True)
        for path, tags in entry.removed.items():
            self._tag(path, tags, False)
        for path, file in self._of_kind(AttributeKind.FILE, entry.files).items():
            writer.upload(path, file)
        for at, files in self._points(AttributeKind.FILE_SERIES, entry.file_series, step, moment):
            for path, file in files.items():
                writer.append_files(path, [file], [at], [moment])

    def _assign(self, atoms: Mapping[str, Atom]) -> None:
        kept: dict[str, Atom] = {}
        for path, value in atoms.items():
            kept.update(self._of_kind(_ATOMS[type(value)], {path: value}))
        if kept:
            self.writer.assign(kept)

    def _points(
        self, kind: AttributeKind, data: dict[str, Any], step: float | None, moment: float
    ) -> Iterable[tuple[float, dict[str, Any]]]:
        """The points that go in, with their step. Without a step, each series goes on behind its last one."""
        data = self._of_kind(kind, data)
        steps = self._steps[kind]
        if step is not None:
            admitted = steps.admit(data, step, moment) if data else {}
            if admitted:
                yield step, admitted
            return
        for path, value in data.items():
            at = steps.next(path)
            if steps.admit({path: value}, at, moment):
                yield at, {path: value}

    def _preview(self, data: dict[str, float], step: float | None, moment: float, completion: float) -> None:
        data = self._of_kind(AttributeKind.FLOAT_SERIES, data)
        calls = [(step, data)] if step is not None else [(self._floats.next(path), {path: data[path]}) for path in data]
        for at, floats in calls:
            admitted = self._floats.preview(floats, at) if floats else {}
            if admitted:
                self.writer.log_previews(admitted, at, completion, moment)

    def _tag(self, path: str, tags: list[str], add: bool) -> None:
        if not self._of_kind(AttributeKind.STRING_SET, {path: tags}):
            return
        if path in TAGS:
            change = self.writer.add_tags if add else self.writer.remove_tags
            change(tags, group=TAGS[path])
        else:
            self.writer.change_set(path, add=tags if add else (), remove=() if add else tags)

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


def _some(take: Any, data: Any) -> Any:
    return take(data) if data else {}


def _article(kind: AttributeKind) -> str:
    name = kind.value.replace("_", " ")
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"

"""Writing attributes to a run."""

from __future__ import annotations

import array
import json
import os
import sys
import time as clock
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from pluto.compat.attributes import atoms, layout
from pluto.compat.attributes.kinds import Atom, AttributeKind, TrackedFiles
from pluto.compat.attributes.steps import Steps
from pluto.compat.attributes.values import HistogramValue
from pluto.core import fork
from pluto.core.jsonable import to_json
from pluto.core.op import Op
from pluto.core.shutdown import End
from pluto.core.wire import GROUP
from pluto.protocol import records
from pluto.protocol.records import ATTRIBUTES

if TYPE_CHECKING:
    from pathlib import Path

    from pluto.core.media import File
    from pluto.core.receipt import RunFacts

_PATIENCE_S: Final = 60.0
_SLICE_S: Final = 1.0


class AttributeWriter:
    """Writes the attributes of one open run. Safe from several threads; every call is on disk when it returns.

    Paths are parts joined with `/`, none of them empty. Nothing here checks what may be written where: that one path is
    not both a value and a namespace, that a kind does not change without a `delete`, that steps rise, is the door's to
    hold, by the rules of its original. Times are seconds since the epoch; None is now.

    `flat`: whole paths are the keys of the config, so that a path may be a value and a namespace, too.
    """

    def __init__(self, op: Op, *, flat: bool = False) -> None:
        self.op = op
        self._flat = flat
        self._steps = Steps(op)
        self._kinds: dict[str, AttributeKind] = {}
        self._sets: dict[str, frozenset[str]] = {}

    # values

    def assign(self, values: Mapping[str, Atom]) -> None:
        """Sets attributes that hold one value; one record, however many.

        `sys/name`, `sys/description`, `sys/tags` and `sys/group_tags` set the run's own; other `sys/…` paths (such as
        `sys/failed`, `sys/stage`) are kept as they are given, and win over what would be derived.
        """
        plain: dict[str, Atom] = {}
        for path, value in values.items():
            own = _OWN.get(path)
            if own is not None:
                own(self, value)
            else:
                plain[path] = value
        if not plain:
            return
        was = {path: self._kinds[path] for path in self._kinds.keys() & plain.keys()}
        change, special = change_of(plain, {}, flat=self._flat, was=was)
        self._config(change)
        self._kinds.update(special)
        for path, value in plain.items():
            if isinstance(value, TrackedFiles) and value.files:
                self._manifest(path, value)

    def change_set(self, path: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
        """Adds texts to a string set and removes others, as far as this writer knows the set.

        `sys/tags` and `sys/group_tags` are changed wherever they were written from.
        """
        if path in ("sys/tags", "sys/group_tags"):
            self.add_tags(add, group=path == "sys/group_tags")
            self.remove_tags(remove, group=path == "sys/group_tags")
            return
        now = (self._sets.get(path, frozenset()) | frozenset(add)) - frozenset(remove)
        self._sets[path] = now
        self.assign({path: now})

    def declare(self, kinds: Mapping[str, AttributeKind]) -> None:
        """Makes attributes that have nothing in them yet: series, files and file sets."""
        new = {path: kind for path, kind in kinds.items() if self._kinds.get(path) is not kind}
        if new:
            self._note({layout.TYPES: layout.nest({path: kind.value for path, kind in new.items()}, flat=self._flat)})
            self._kinds.update(new)

    def configure(
        self, path: str, *, min: float | None = None, max: float | None = None, unit: str | None = None
    ) -> None:
        """Keeps beside a float series what its values may be, and their unit."""
        said = {name: value for name, value in (("min", min), ("max", max), ("unit", unit)) if value is not None}
        if said:
            self._note({layout.SERIES: {path: said}})

    # series

    def log_floats(self, values: Mapping[str, float], step: float, time: float | None = None) -> None:
        """One point for each of many float series, all at one step: one record. Values are `float` or `int`.

        For doors that count steps themselves: `last_step` and the steps of `append_floats` do not know of it.
        """
        self.op.log_at(values, step, clock.time_ns() // 1000 if time is None else int(time * 1_000_000))

    def log_previews(
        self, values: Mapping[str, float], step: float, completion: float, time: float | None = None
    ) -> None:
        """The same for points that may yet change; `completion` is from 0 to 1."""
        both: dict[str, int | float] = {}
        for path, value in values.items():
            both[path + layout.PREVIEW] = value
            both[path + layout.COMPLETION] = completion
        self.op.log_at(both, step, _moment(time))

    def append_floats(
        self,
        path: str,
        values: Sequence[float],
        steps: Sequence[float] | None = None,
        times: Sequence[float] | None = None,
    ) -> None:
        """Points of one float series. Without `steps` they get the next ones: the last one plus 1, from 0."""
        if len(values) == 1:
            moment = clock.time_ns() // 1000 if times is None else int(times[0] * 1_000_000)
            if steps is None:
                self._steps.begin(path)
            with fork.sqlite_lock():
                step = self._steps.next(path) if steps is None else self._steps.use(path, steps[0])
                self.op.log_at({path: values[0]}, step, moment)
            return
        if not values:
            return
        self._begin(path, steps)
        with fork.sqlite_lock():
            chosen = self._steps.choose(path, len(values), steps)
            columns = records.Columns(path, _doubles(chosen), _integers(_moments(len(values), times)), _doubles(values))
            self.op.record(columns)

    def append_texts(
        self,
        path: str,
        values: Sequence[str],
        steps: Sequence[float] | None = None,
        times: Sequence[float] | None = None,
    ) -> None:
        """Points of one string series, likewise."""
        self._begin(path, steps)
        moments = _moments(len(values), times)
        with fork.sqlite_lock():
            chosen = self._steps.choose(path, len(values), steps)
            for text, step, moment in zip(values, chosen, moments, strict=True):
                self.op.record(records.Texts(moment, step, {path: _storable(text)}))

    def log_texts(self, values: Mapping[str, str], step: float, time: float | None = None) -> None:
        """One point for each of many string series, all at one step: one record. As `log_floats`."""
        texts = {path: _storable(text) for path, text in values.items()}
        self.op.record(records.Texts(_moment(time), step, texts))

    def append_files(
        self,
        path: str,
        files: Sequence[File],
        steps: Sequence[float] | None = None,
        times: Sequence[float] | None = None,
        names: Sequence[str | None] | None = None,
        descriptions: Sequence[str | None] | None = None,
    ) -> None:
        """Files (or images, …) of one file series, likewise. A file that can't be read raises `OSError`."""
        self.declare({path: AttributeKind.FILE_SERIES})
        self._begin(path, steps, files=True)
        moments = _moments(len(files), times)
        with fork.sqlite_lock():
            chosen = self._steps.choose(path, len(files), steps)
        for at, (file, step, moment) in enumerate(zip(files, chosen, moments, strict=True)):
            changes: dict[str, Any] = {}
            if names is not None and names[at] is not None:
                changes["metadata"] = {"name": names[at]}
            if descriptions is not None and descriptions[at] is not None:
                changes["caption"] = descriptions[at]
            self.op.log_file(path, file, step, moment, **changes)

    def append_histograms(
        self,
        path: str,
        histograms: Sequence[HistogramValue],
        steps: Sequence[float] | None = None,
        times: Sequence[float] | None = None,
    ) -> None:
        """Points of one histogram series, likewise."""
        self._begin(path, steps)
        moments = _moments(len(histograms), times)
        with fork.sqlite_lock():
            chosen = self._steps.choose(path, len(histograms), steps)
            for histogram, step, moment in zip(histograms, chosen, moments, strict=True):
                self.op.record(records.Data(moment, step, path, "HISTOGRAM", _histogram(histogram)))

    def last_step(self, path: str) -> float | None:
        """The highest step of a series, own writes included; None where it has none.

        Of a run that was there before the store is asked, once a series.
        """
        self._steps.begin(path, files=self._kinds.get(path) is AttributeKind.FILE_SERIES)
        return self._steps.last(path)

    # files

    def upload(self, path: str, file: File, *, extension: str | None = None) -> None:
        """Sets a File attribute, in the place of what it was. A file that can't be read raises `OSError`.

        `extension`, without dot, is what the file is to have in the place of its own.
        """
        moment = _moment(None)
        replacing = path in self._kinds or not self._steps.fresh
        self.declare({path: AttributeKind.FILE})
        if replacing:
            self.op.record(records.Forget(moment, [path], replaced=True))
        changes = {} if extension is None else {"metadata": {"extension": extension}}
        self.op.log_file(path, file, 0, moment, **changes)

    def upload_set(self, path: str, entries: Mapping[str, str | os.PathLike[str] | bytes]) -> None:
        """Adds files to a file set, by their relative paths in it; one that is there is replaced."""
        if not entries:
            return
        from pluto.core.media import File

        moment = _moment(None)
        replacing = path in self._kinds or not self._steps.fresh
        self.declare({path: AttributeKind.FILE_SET})
        if replacing:
            self.op.record(records.Forget(moment, [path], list(entries), replaced=True))
        for entry, content in entries.items():
            file = File(content, name=os.path.basename(entry)) if isinstance(content, bytes) else File(content)
            self.op.log_file(path, file, 0, moment, type="ARTIFACT", metadata={"artifact_path": entry})

    def remove_from_set(self, path: str, names: Iterable[str]) -> None:
        """Removes files from a file set; a name ending with `/` stands for all below it."""
        gone = list(names)
        if gone:
            self.op.record(records.Forget(_moment(None), [path], gone))

    # tags

    def add_tags(self, names: Iterable[str], *, group: bool = False) -> None:
        """Adds tags (`sys/tags`), or group tags (`sys/group_tags`)."""
        self._tags(list(names), group, there=True)

    def remove_tags(self, names: Iterable[str], *, group: bool = False) -> None:
        """Removes tags; those the run has not are no error."""
        self._tags(list(names), group, there=False)

    def set_tags(self, names: Iterable[str], *, group: bool = False) -> None:
        """Puts tags in the place of all there are, whoever added them."""
        wanted = list(names)
        part = layout.GROUP_TAGS if group else layout.TAGS
        body = to_json({ATTRIBUTES: {part: {name: True for name in wanted if group or name.startswith(GROUP)}}})
        with fork.sqlite_lock():
            self.op.record(records.Config(_moment(None), body, remove=[f"{ATTRIBUTES}/{part}"]))
            if not group:
                own = [name for name in wanted if not name.startswith(GROUP)]
                self.op.record(records.Tags(_moment(None), add=own, replace=True))

    def _tags(self, names: list[str], group: bool, *, there: bool) -> None:
        if not names:
            return
        # A server takes one tag of a group at most: those lie beside the run's own.
        aside = [name for name in names if group or name.startswith(GROUP)]
        if aside:
            self._note({layout.GROUP_TAGS if group else layout.TAGS: dict.fromkeys(aside, there)})
        own = [] if group else names if not there else [name for name in names if not name.startswith(GROUP)]
        if own:
            change = records.Tags(_moment(None), add=own) if there else records.Tags(_moment(None), remove=own)
            self.op.record(change)

    # deletion

    def delete(self, paths: Iterable[str]) -> None:
        """Removes attributes of whatever kind, by their whole paths. They may be made anew, as another kind."""
        gone = list(paths)
        if not gone:
            return
        removed: list[str] = []
        for path in gone:
            removed.append(f"{ATTRIBUTES}/{path}" if path.startswith("sys/") else layout.key_of(path))
            removed += [f"{ATTRIBUTES}/{layout.TYPES}/{path}", f"{ATTRIBUTES}/{layout.SERIES}/{path}"]
        with fork.sqlite_lock():
            self.op.record(records.Config(_moment(None), "{}", remove=removed))
            self._forget(gone)
            for path in gone:
                self._kinds.pop(path, None)
                self._sets.pop(path, None)

    def clear(self, path: str) -> None:
        """Empties a series or a file set, which stays what it is. The next step is 0 again."""
        with fork.sqlite_lock():
            self._forget([path])

    def _forget(self, paths: list[str]) -> None:
        names = [name for path in paths for name in (path, path + layout.PREVIEW, path + layout.COMPLETION)]
        self.op.record(records.Forget(_moment(None), names))
        for path in paths:
            self._steps.restart(path)

    # delivery

    def kind(self, path: str) -> AttributeKind | None:
        """The kind of a path that this writer has made a file, a file set, a file series, or declared."""
        return self._kinds.get(path)

    def progress(self) -> tuple[int, int]:
        """How many records the store has of this writer, and how many there are."""
        return self.op.progress()

    def problem(self) -> str | None:
        """Why delivery is not getting on just now; None while it is."""
        return self.op.problem

    def rejected(self) -> int:
        """How many records the server has refused for good."""
        return self.op.rejected

    def flush(self, timeout: float | None = None) -> bool:
        """Waits until the store has everything written so far; None: without limit while it gets on.

        False when it was not enough, and always offline.
        """
        if timeout is not None or not self.op.online:
            return self.op.flush(timeout or 0)
        moved, known = clock.monotonic(), -1
        while not self.op.flush(_SLICE_S):
            done = self.op.progress()[0]
            if done != known or self.op.problem is None:
                moved, known = clock.monotonic(), done
            if self.op.refused or clock.monotonic() - moved > _PATIENCE_S:
                return False
        return True

    def stop(
        self,
        status: str = "COMPLETED",
        *,
        seconds: float | None = None,
        idle: float = _PATIENCE_S,
        tell: Callable[[int], None] | None = None,
    ) -> int:
        """Ends the run and waits for delivery; gives the number of records left for the uploader, 0 for none.

        `seconds`: how long at most; None: as long as it gets on. `idle`: how long to wait while nothing gets on.
        `tell` is called about once a second with the number of records left. An empty `status` ends this process's part
        alone. Harmless when repeated.
        """
        limit = float("inf") if seconds is None else seconds
        end = End(status, 0 if status == "COMPLETED" else None)
        delivery = self.op.stop(end, limit, idle=idle, tell=tell)
        return 0 if delivery is None or delivery.done() else delivery.left()

    @property
    def folder(self) -> Path | None:
        """The folder in which this process's part of the run waits to be delivered; None where nothing is recorded."""
        return self.op.folder

    def facts(self) -> RunFacts | None:
        """What the server has answered to the opening of the run, if it has. Never waits."""
        return self.op.facts

    # ------------------------------------------------------------------------------------------------------------------

    def _begin(self, path: str, steps: object, *, files: bool = False) -> None:
        """Where steps are to be counted, sees to it that what the store holds is known."""
        if steps is None:
            self._steps.begin(path, files=files)

    def _note(self, notes: dict[str, Any]) -> None:
        self._config({ATTRIBUTES: notes})

    def _config(self, change: dict[str, Any]) -> None:
        self.op.record(records.Config(_moment(None), to_json(change)))

    def _set_name(self, value: Atom) -> None:
        self.op.record(records.Name(_moment(None), str(value)))

    def _set_description(self, value: Atom) -> None:
        self.op.record(records.Notes(_moment(None), str(value)))

    def _set_tags(self, value: Atom) -> None:
        self.set_tags(value if isinstance(value, frozenset) else [str(value)])

    def _set_group_tags(self, value: Atom) -> None:
        self.set_tags(value if isinstance(value, frozenset) else [str(value)], group=True)

    def _manifest(self, path: str, tracked: TrackedFiles) -> None:
        from pluto.core.media import File

        rows = [[file.path, file.hash, file.kind, dict(file.metadata), file.size] for file in tracked.files]
        moment = _moment(None)
        self.op.record(records.Forget(moment, [path], replaced=True))
        self.op.log_file(path, File(json.dumps(rows).encode(), name="files.json"), 0, moment, type="ARTIFACT")


_OWN: Final[dict[str, Callable[[AttributeWriter, Atom], None]]] = {
    "sys/name": AttributeWriter._set_name,
    "sys/description": AttributeWriter._set_description,
    "sys/tags": AttributeWriter._set_tags,
    "sys/group_tags": AttributeWriter._set_group_tags,
}


def change_of(
    values: Mapping[str, Atom], notes: dict[str, Any], *, flat: bool, was: Mapping[str, AttributeKind] | None = None
) -> tuple[dict[str, Any], dict[str, AttributeKind]]:
    """What atoms change of a config, `notes` included, and the kinds that had to be said.

    `was`: kinds that were said of the paths before.
    """
    plain: dict[str, Any] = {}
    own: dict[str, Any] = {}
    types: dict[str, str | None] = {}
    special: dict[str, AttributeKind] = {}
    for path, value in values.items():
        content, kind = atoms.kept(value)
        if path.startswith("sys/"):
            own[path[4:]] = content
        else:
            plain[path] = content
        if kind is not None:
            types[path], special[path] = kind.value, kind
        elif was and path in was:
            types[path] = None
    change = layout.nest(plain, flat=flat)
    if own:
        notes = {**notes, layout.SYS: layout.nest(own, flat=flat)}
    if types:
        notes = {**notes, layout.TYPES: layout.nest(types, flat=flat)}
    if notes:
        change[ATTRIBUTES] = notes
    return change, special


def _moment(time: float | None) -> int:
    return clock.time_ns() // 1000 if time is None else int(time * 1_000_000)


def _moments(count: int, times: Sequence[float] | None) -> list[int]:
    if times is None:
        return [clock.time_ns() // 1000] * count
    return [int(time * 1_000_000) for time in times]


def _doubles(values: Sequence[float]) -> bytes:
    return _packed(array.array("d", values))


def _integers(values: Sequence[int]) -> bytes:
    return _packed(array.array("q", values))


def _packed(column: array.array[Any]) -> bytes:
    if sys.byteorder == "big":
        column.byteswap()
    return column.tobytes()


def _histogram(histogram: HistogramValue) -> str:
    """In the layout of the stock API; the edges themselves, since even ones would come back rounded."""
    payload = {
        "freq": list(histogram.values),
        "maxFreq": max(histogram.values, default=0),
        "bins": list(histogram.edges),
        "shape": "generic",
        "type": "Histogram",
        "v": 1,
    }
    if histogram.density:
        payload["density"] = True
    return json.dumps(payload)


def _storable(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode()

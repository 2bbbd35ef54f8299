"""Writing attributes to a run."""

from __future__ import annotations

import time as clock
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from pluto.compat.attributes import layout
from pluto.compat.attributes.changes import change_of, microseconds
from pluto.compat.attributes.kinds import Atom, TrackedFiles
from pluto.compat.attributes.series import SeriesWriter
from pluto.compat.attributes.uploads import FileWriter
from pluto.core import fork
from pluto.core.jsonable import to_json
from pluto.core.op import Op
from pluto.core.shutdown import End
from pluto.core.wire import GROUP
from pluto.protocol import records
from pluto.protocol.records import ATTRIBUTES

if TYPE_CHECKING:
    from pathlib import Path

    from pluto.core.receipt import RunFacts

_PATIENCE_S: Final = 60.0
_SLICE_S: Final = 1.0


class AttributeWriter(SeriesWriter, FileWriter):
    """Writes the attributes of one open run. Safe from several threads; every call is on disk when it returns.

    Paths are parts joined with `/`, none of them empty. Nothing here checks what may be written where: that one path is
    not both a value and a namespace, that a kind does not change without a `delete`, that steps rise, is the door's to
    hold, by the rules of its original. Times are seconds since the epoch; None is now.

    `flat`: whole paths are the keys of the config, so that a path may be a value and a namespace, too.
    """

    def __init__(self, op: Op, *, flat: bool = False) -> None:
        super().__init__(op, flat=flat)
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
                self._write_manifest(path, value)

    def change_set(self, path: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
        """Adds texts to a string set and removes others, as far as this writer knows the set.

        `sys/tags` and `sys/group_tags` are changed wherever they were written from.
        """
        if path in ("sys/tags", "sys/group_tags"):
            self.add_tags(add, group=path == "sys/group_tags")
            self.remove_tags(remove, group=path == "sys/group_tags")
            return
        with fork.sqlite_lock():
            self._sets[path] = now = (self._sets.get(path, frozenset()) | frozenset(add)) - frozenset(remove)
            self.assign({path: now})

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
            self.op.write(records.Config(microseconds(None), body, remove=[f"{ATTRIBUTES}/{part}"]))
            if not group:
                own = [name for name in wanted if not name.startswith(GROUP)]
                self.op.write(records.Tags(microseconds(None), add=own, replace=True))

    def _tags(self, names: list[str], group: bool, *, there: bool) -> None:
        if not names:
            return
        # A server takes one tag of a group at most: those lie beside the run's own.
        aside = [name for name in names if group or name.startswith(GROUP)]
        if aside:
            self._note({layout.GROUP_TAGS if group else layout.TAGS: dict.fromkeys(aside, there)})
        own = [] if group else names if not there else [name for name in names if not name.startswith(GROUP)]
        if own:
            change = (
                records.Tags(microseconds(None), add=own) if there else records.Tags(microseconds(None), remove=own)
            )
            self.op.write(change)

    # deletion

    def delete(self, paths: Iterable[str], *, plain: Collection[str] = ()) -> None:
        """Removes attributes of whatever kind, by their whole paths. They may be made anew, as another kind.

        `plain`: those of them under which nothing was ever logged, since they hold one value: this spares the store
        the search.
        """
        gone = list(paths)
        if not gone:
            return
        removed: list[str] = []
        for path in gone:
            removed.append(f"{ATTRIBUTES}/{path}" if path.startswith("sys/") else layout.key_of(path))
            removed += [f"{ATTRIBUTES}/{layout.TYPES}/{layout.key_of(path)}", f"{ATTRIBUTES}/{layout.SERIES}/{path}"]
        with fork.sqlite_lock():
            self.op.write(records.Config(microseconds(None), "{}", remove=removed))
            self._forget([path for path in gone if path not in plain])
            for path in gone:
                self._kinds.pop(path, None)
                self._sets.pop(path, None)

    def clear(self, path: str) -> None:
        """Empties a series or a file set, which stays what it is. The next step is 0 again."""
        with fork.sqlite_lock():
            self._forget([path])

    def _forget(self, paths: list[str]) -> None:
        if not paths:
            return
        names = [name for path in paths for name in (path, path + layout.PREVIEW, path + layout.COMPLETION)]
        self.op.write(records.Forget(microseconds(None), names))
        for path in paths:
            self._steps.restart(path)

    # delivery

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

    def _set_name(self, value: Atom) -> None:
        self.op.write(records.Name(microseconds(None), str(value)))

    def _set_description(self, value: Atom) -> None:
        self.op.write(records.Notes(microseconds(None), str(value)))

    def _set_tags(self, value: Atom) -> None:
        self.set_tags(value if isinstance(value, frozenset) else [str(value)])

    def _set_group_tags(self, value: Atom) -> None:
        self.set_tags(value if isinstance(value, frozenset) else [str(value)], group=True)


_OWN: Final[dict[str, Callable[[AttributeWriter, Atom], None]]] = {
    "sys/name": AttributeWriter._set_name,
    "sys/description": AttributeWriter._set_description,
    "sys/tags": AttributeWriter._set_tags,
    "sys/group_tags": AttributeWriter._set_group_tags,
}

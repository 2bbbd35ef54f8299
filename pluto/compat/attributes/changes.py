"""What a writer changes of a run's config: values, and what lies beside them."""

from __future__ import annotations

import time as clock
from collections.abc import Mapping
from typing import Any

from pluto.compat.attributes import atoms, layout
from pluto.compat.attributes.kinds import Atom, AttributeKind
from pluto.compat.attributes.steps import Steps
from pluto.core.jsonable import to_json
from pluto.core.op import Op
from pluto.protocol import records
from pluto.protocol.records import ATTRIBUTES


class ConfigWriter:
    """The part of an `AttributeWriter` that the others stand on."""

    def __init__(self, op: Op, *, flat: bool = False) -> None:
        self.op = op
        self._flat = flat
        self._steps = Steps(op)
        self._kinds: dict[str, AttributeKind] = {}

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

    def kind(self, path: str) -> AttributeKind | None:
        """The kind of a path that this writer has made a file, a file set, a file series, or declared."""
        return self._kinds.get(path)

    def _note(self, notes: dict[str, Any]) -> None:
        self._config({ATTRIBUTES: notes})

    def _config(self, change: dict[str, Any]) -> None:
        self.op.write(records.Config(microseconds(None), to_json(change)))


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


def microseconds(time: float | None) -> int:
    """Microseconds since the epoch of seconds, or of now."""
    return clock.time_ns() // 1000 if time is None else int(time * 1_000_000)

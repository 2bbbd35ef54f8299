"""What the records of a run say of it, beside what it logged."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pluto.core import protobuf
from pluto_migration.model import Parent
from pluto_migration.sources.wandb_local.rows import LATEST

GROUP: Final = "group:"
JOB_TYPE: Final = "job_type:"
KEPT: Final = frozenset(
    {"visualize", "viz", "labels", "pinned_keys", "code_path", "mask/class_labels", "bounding_box/class_labels"}
)
"""What the key `_wandb` of W&B's own configs has that the door has there, too."""

_TEXTS: Final = {
    1: "id",
    2: "entity",
    3: "project",
    6: "group",
    7: "job_type",
    8: "name",
    9: "notes",
    12: "sweep_id",
    13: "host",
    16: "storage_id",
}
_KINDS: Final = ("min", "max", "mean", "best", "last", "none", "copy", "first")
_GOALS: Final = {1: "minimize", 2: "maximize"}


def tags(given: Sequence[str], group: str | None, job_type: str | None) -> list[str]:
    """The tags as the door keeps them: group and job type are tags, too."""
    found = [*given, *([f"{GROUP}{group}"] if group else []), *([f"{JOB_TYPE}{job_type}"] if job_type else [])]
    return list(dict.fromkeys(found))


def run(record: bytes) -> dict[str, Any]:
    """What a run's record says, under names of its own; only what it says. Raises `protobuf.DamagedError`."""
    found: dict[str, Any] = {}
    for number, kind, value in protobuf.fields(record):
        if kind == protobuf.LENGTH:
            if number in _TEXTS:
                found[_TEXTS[number]] = protobuf.text(value)
            elif number == 10:
                found.setdefault("tags", []).append(protobuf.text(value))
            elif number in (4, 5):
                found.setdefault({4: "config", 5: "summary"}[number], []).append(bytes(value))
            elif number == 17:
                found["started"] = moment(value)
            elif number == 21:
                found["git"] = git(value)
            elif number == 23:
                found["branch_point"] = branch_point(value)
        elif kind == protobuf.VARINT:
            if number == 14:
                found["first_step"] = protobuf.signed(value)
            elif number == 18:
                found["resumed"] = bool(value)
            elif number == 20:
                found["runtime"] = protobuf.signed(value)
            elif number == 22:
                found["forked"] = bool(value)
    return {name: value for name, value in found.items() if value not in (None, "")}


def parent(project: str, id: str, point: Mapping[str, Any] | None) -> Parent | None:
    """The run that a run was forked from; None where it only goes on from an earlier step of its own."""
    if not point or not point.get("run") or point["run"] == id:
        return None
    step = point.get("value")
    counts = point.get("metric", "_step") == "_step" and step is not None and math.isfinite(step)
    return Parent(project, str(point["run"]), step if counts else None)


def definition(record: bytes) -> tuple[str, dict[str, Any]] | None:
    """A metric's definition by name, as the door keeps it; None for one that follows from another."""
    name = glob = step_metric = ""
    options: dict[int, int] = {}
    kinds: list[str] = []
    goal = 0
    for number, kind, value in protobuf.fields(record):
        if kind == protobuf.LENGTH:
            if number == 1:
                name = protobuf.text(value)
            elif number == 2:
                glob = protobuf.text(value)
            elif number == 4:
                step_metric = protobuf.text(value)
            elif number == 6:
                options.update({field: said for field, of, said in protobuf.fields(value) if of == protobuf.VARINT})
            elif number == 7:
                said = {field for field, of, one in protobuf.fields(value) if of == protobuf.VARINT and one}
                kinds = [word for place, word in enumerate(_KINDS, 1) if place in said]
        elif kind == protobuf.VARINT:
            if number == 8:
                goal = value
            elif number == 10 and value:
                return None
    if not (name or glob):
        return None
    return name or glob, {
        "step_metric": step_metric or None,
        "step_sync": bool(options.get(1)),
        "hidden": bool(options.get(2)),
        "summary": kinds,
        "goal": _GOALS.get(goal),
    }


def of_wandb(said: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """W&B's own key of the config: what the door has there, too, and the rest."""
    kept = {name: value for name, value in said.items() if name in KEPT}
    return kept, {name: value for name, value in said.items() if name not in KEPT}


def exit_of(record: bytes) -> tuple[int, int | None]:
    """Exit code and runtime in seconds. Raises `protobuf.DamagedError`."""
    code, runtime = 0, None
    for number, kind, value in protobuf.fields(record):
        if kind == protobuf.VARINT and number == 1:
            code = protobuf.signed(value)
        elif kind == protobuf.VARINT and number == 2:
            runtime = protobuf.signed(value)
    return code, runtime


def texts(record: bytes) -> dict[int, str]:
    """The fields of a message that are texts, by number. Raises `protobuf.DamagedError`."""
    return {number: protobuf.text(value) for number, kind, value in protobuf.fields(record) if kind == protobuf.LENGTH}


def moment(stamp: bytes) -> int | None:
    """A time in microseconds; None for one that is not set. Raises `protobuf.DamagedError`."""
    seconds = nanos = 0
    for number, kind, value in protobuf.fields(stamp):
        if kind == protobuf.VARINT:
            if number == 1:
                seconds = protobuf.signed(value)
            elif number == 2:
                nanos = protobuf.signed(value)
    time = seconds * 1_000_000 + nanos // 1000
    return time if 0 < seconds < LATEST else None


def iso(time: int | None) -> str | None:
    """A time as W&B's files have it."""
    from datetime import datetime, timedelta, timezone

    if time is None:
        return None
    try:
        found = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=time)
    except OverflowError:
        return None
    return found.isoformat().replace("+00:00", "Z")


def git(record: bytes) -> dict[str, str] | None:
    """Remote and commit. Raises `protobuf.DamagedError`."""
    names = {1: "remote", 2: "commit"}
    found = {names[number]: text for number, text in texts(record).items() if number in names and text}
    return found or None


def branch_point(record: bytes) -> dict[str, Any]:
    """`run`, `value`, `metric`. Raises `protobuf.DamagedError`."""
    found: dict[str, Any] = {}
    for number, kind, value in protobuf.fields(record):
        if kind == protobuf.LENGTH and number in (1, 3):
            found[{1: "run", 3: "metric"}[number]] = protobuf.text(value)
        elif kind == protobuf.FIXED64 and number == 2:
            found["value"] = protobuf.double(value)
    return found


def merged(into: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Puts a value at a path of a config, and merges dicts at its first level, as W&B does."""
    for part in path[:-1]:
        inner = into.get(part)
        if not isinstance(inner, dict):
            inner = into[part] = {}
        into = inner
    old = into.get(path[-1])
    if type(old) is int and type(value) is float and old == value:
        return  # newer writers repeat the config, with whole numbers of any size as floats
    if path[0] == "_wandb" and isinstance(old, dict) and isinstance(value, dict):
        old.update(value)
    else:
        into[path[-1]] = value


def taken_out(of: dict[str, Any], path: Sequence[str]) -> None:
    """Takes the value at a path away."""
    for part in path[:-1]:
        inner = of.get(part)
        if not isinstance(inner, dict):
            return
        of = inner
    of.pop(path[-1], None)

"""What is known of an object beside what it logged, from its outline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pluto.compat.attributes import layout
from pluto.compat.attributes.monitoring import MAIN
from pluto.core.wire import GROUP
from pluto_migration.model import Facts
from pluto_migration.sources.neptune1.folders import Left
from pluto_migration.sources.neptune1.outline import Outline, Value

FAILED: Final = "sys/failed"
"""The run's status tells it, also should the run go on."""
_OWN: Final = ("sys/name", "sys/description")
_TAGS: Final = ("sys/tags", "sys/group_tags")
_MONITORING: Final = MAIN.split("/", 1)[0]
STREAMS: Final = ("stdout", "stderr")
_GB: Final = float(2**30)
_GAUGES: Final[dict[str, tuple[str, float]]] = {
    "cpu": ("cpu.percentage.0", 1.0),
    "memory": ("memory.used", _GB),
    "gpu": ("gpu.{}.nvidia.utilization", 1.0),
    "gpu_memory": ("gpu.{}.nvidia.memory.used", _GB),
    "gpu_power": ("gpu.{}.nvidia.power", 1000.0),
}
"""What the client measures: its name among system metrics, and what its values are multiplied by for their unit."""


@dataclass(slots=True)
class Namespaces:
    """Where the console and the hardware of each process lie in an outline."""

    streams: dict[str, tuple[str, str]] = field(default_factory=dict)
    """String series that are console: by path the namespace, and `stdout` or `stderr`."""
    gauges: dict[str, tuple[str, float]] = field(default_factory=dict)
    """Float series that are system metrics: by path the metric within the namespace, and the factor."""

    @classmethod
    def of(cls, outline: Outline) -> Namespaces:
        """Of series that have no steps of their own, in `monitoring/…` or where a process has put its id."""
        found = cls()
        for path, kinds in outline.series.items():
            namespace, _, name = path.rpartition("/")
            watched = namespace == _MONITORING or namespace.startswith(f"{_MONITORING}/")
            if not watched and not {f"{namespace}/pid", f"{namespace}/tid"} <= outline.values.keys():
                continue
            texts, floats = kinds.get("string_series"), kinds.get("float_series")
            if name in STREAMS and texts is not None and not texts.stepped and not texts.deleted:
                found.streams[path] = namespace, name
            gauge = _gauge(name)
            if gauge is not None and floats is not None and not floats.stepped and not floats.deleted:
                found.gauges[path] = gauge
        return found


def _gauge(name: str) -> tuple[str, float] | None:
    base, _, card = name.rpartition("_")
    if name in _GAUGES:
        metric, factor = _GAUGES[name]
        return metric.format(0), factor
    if card.isdecimal() and base.startswith("gpu") and base in _GAUGES:
        metric, factor = _GAUGES[base]
        return metric.format(int(card)), factor
    return None


def facts(
    left: Left,
    outline: Outline,
    values: Mapping[str, Value],
    namespaces: Namespaces,
    artifacts: Mapping[str, dict[str, Any]],
    extras: Mapping[str, Any],
) -> Facts:
    """Everything but how it ended. `values`: those of the outline, with those that lie in other objects."""
    texts = {path: frozenset(some) for path, some in outline.sets.items()}
    own: dict[str, Any] = {path: value for path, value in {**values, **texts}.items() if path.startswith("sys/")}
    plain: dict[str, Any] = {
        path: value for path, value in {**values, **texts, **artifacts}.items() if not path.startswith("sys/")
    }
    name, notes = (own.pop(path, None) for path in _OWN)
    tags, group_tags = (sorted(texts.get(path, ())) for path in _TAGS)
    hostname = own.get("sys/hostname")
    for path in (*_TAGS, FAILED):
        own.pop(path, None)
    if left.type == "model_version":
        own.setdefault("sys/model_id", "")  # not known, but none of the models
    said: dict[str, Any] = {
        layout.SYS: nested({path.removeprefix("sys/"): value for path, value in own.items()}),
        layout.TYPES: nested(_kinds(outline, namespaces) | dict.fromkeys(artifacts, "artifact")),
        layout.GROUP_TAGS: dict.fromkeys(group_tags, True),
        layout.TAGS: {tag: True for tag in tags if tag.startswith(GROUP)},
        layout.SERIES: {path: hints for path, hints in outline.hints.items() if hints},
        layout.MONITORING: _watched(namespaces),
        layout.MADE_ID: True,
    }
    about = left.executions[0].about
    system = {"hostname": hostname, "os": about.get("os"), "python": about.get("pythonVersion")}
    return Facts(
        name=name if isinstance(name, str) else None,
        notes=notes if isinstance(notes, str) else None,
        tags=[tag for tag in tags if not tag.startswith(GROUP)] if _TAGS[0] in texts else None,
        config=nested(plain),
        metadata={"os_info": {key: value for key, value in system.items() if isinstance(value, str)}},
        attributes={key: value for key, value in said.items() if value},
        extras=extras,
    )


def _kinds(outline: Outline, namespaces: Namespaces) -> dict[str, str]:
    """What no value, and no point, tells of an attribute."""
    kinds: dict[str, str] = dict.fromkeys(outline.uploads, "file") | dict.fromkeys(outline.file_sets, "file_set")
    for path, series in outline.series.items():
        for kind, one in series.items():
            seen = path in namespaces.streams or path in namespaces.gauges
            if not one.deleted and not seen and (one.values == 0 or kind == "file_series"):
                kinds.setdefault(path, kind)
    return kinds


def _watched(namespaces: Namespaces) -> dict[str, dict[str, bool]]:
    watched: dict[str, dict[str, bool]] = {}
    for namespace, stream in namespaces.streams.values():
        watched.setdefault(namespace, {})[stream] = True
    for path in namespaces.gauges:
        watched.setdefault(path.rpartition("/")[0], {})["hardware"] = True
    return watched


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by path, nested as the door nests them; what lies below a path that has a value itself, by its path."""
    deep: dict[str, Any] = {}
    flat: dict[str, Any] = {}
    for path, value in values.items():
        parts = path.split("/")
        below = any("/".join(parts[:count]) in values for count in range(1, len(parts)))
        (flat if below else deep)[path] = value
    return layout.nest(deep) | layout.nest(flat, flat=True)

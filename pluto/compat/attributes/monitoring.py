"""Console lines and system metrics as Neptune's namespaces have them: recorded once, natively, and read so.

| attribute | is read from |
|---|---|
| `<ns>/stdout`, `<ns>/stderr` | console lines whose source is the namespace |
| `<ns>/cpu` | mean of `sys/<label>/cpu.percentage.<i>`, in percent |
| `<ns>/memory` | `memory.used`, in GB |
| `<ns>/gpu`, `gpu_memory`, `gpu_power` | `utilization` (%), `memory.used` (GB), `power` (W) of the only GPU |
| `<ns>/gpu_<i>`, `gpu_memory_<i>`, `gpu_power_<i>` | the same of one of several |
| `<ns>/<name>` | whatever else is measured, as it is |

The label of `monitoring/<name>` is the name, that of another namespace `@` and the namespace. What has no label, as of
a run made by `pluto.init`, is read as `monitoring/main`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pluto.compat.attributes import layout

SYSTEM: Final = "sys/"
MAIN: Final = "monitoring/main"
STREAMS: Final = {"stdout": "INFO", "stderr": "ERROR"}
_ROOT: Final = "monitoring/"
_GB: Final = float(2**30)
_CPU: Final = re.compile(r"cpu\.percentage\.\d+")
_GPU: Final = re.compile(r"gpu\.(\d+)\.(.+)\.(utilization|memory\.used|power)")
_GPU_NAMES: Final = {"utilization": ("gpu", 1.0), "memory.used": ("gpu_memory", _GB), "power": ("gpu_power", 1000.0)}


@dataclass(frozen=True, slots=True)
class Gauge:
    """A float series made of system metrics: their mean, divided."""

    metrics: tuple[str, ...]
    divisor: float = 1.0


@dataclass(frozen=True, slots=True)
class Stream:
    """A string series made of console lines."""

    stream: str
    source: str | None
    """None: whoever printed them."""

    def step(self, line: int, fork_step: float | None) -> float:
        """The step of a line, counted from 0.

        Lines in `monitoring/` have whole steps. Those of another namespace have steps of millionths behind the fork,
        as Neptune's newer client counts them.
        """
        if self.source is None or self.source.startswith(_ROOT):
            return float(line)
        return (fork_step or 0.0) + (line + 1) / 1_000_000


def label_of(namespace: str) -> str:
    """The label of the system metrics that are read in a namespace."""
    short = namespace.removeprefix(_ROOT)
    return SYSTEM + (short if namespace.startswith(_ROOT) and short and not short.startswith("@") else f"@{namespace}")


def namespace_of(label: str) -> str:
    """The namespace of a label (without `sys/`)."""
    if not label:
        return MAIN
    return label[1:] if label.startswith("@") else _ROOT + label


def gauges(names: Iterable[str]) -> dict[str, Gauge]:
    """The float series that the system metrics among names make, by path."""
    by_place: dict[str, dict[str, str]] = {}
    for name in names:
        if name.startswith(SYSTEM):
            label, _, metric = name[len(SYSTEM) :].rpartition("/")
            by_place.setdefault(namespace_of(label), {})[metric] = name
    found: dict[str, Gauge] = {}
    for namespace, metrics in by_place.items():
        processors = sorted(name for metric, name in metrics.items() if _CPU.fullmatch(metric))
        if processors:
            found[f"{namespace}/cpu"] = Gauge(tuple(processors))
        cards = {match[1] for match in map(_GPU.fullmatch, metrics) if match}
        for metric, name in metrics.items():
            card = _GPU.fullmatch(metric)
            if card is not None:
                short, divisor = _GPU_NAMES[card[3]]
                found[f"{namespace}/{short}" + (f"_{card[1]}" if len(cards) > 1 else "")] = Gauge((name,), divisor)
            elif metric == "memory.used":
                found[f"{namespace}/memory"] = Gauge((name,), _GB)
            elif not _CPU.fullmatch(metric):
                found[f"{namespace}/{metric}"] = Gauge((name,))
    return found


def streams(notes: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Stream]:
    """The string series that console lines make, by path: of a run with these notes, opened with these settings."""
    watched = layout.part_of(notes, layout.MONITORING)
    if not watched:
        if settings.get("disable_console") is not False:
            return {}
        return {f"{MAIN}/{name}": Stream(stream, None) for name, stream in STREAMS.items()}
    return {
        f"{namespace}/{name}": Stream(stream, namespace)
        for namespace, what in watched.items()
        if isinstance(what, dict)
        for name, stream in STREAMS.items()
        if what.get(name)
    }

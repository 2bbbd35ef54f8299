"""The sensors of system metrics: each reads one part of the machine, cheaply."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

Reading = tuple[dict[str, float], dict[str, float]]
"""Gauges and counters by name; a counter also gives a `.rate` per second."""


MANY_PROCESSES = 1_000


class Sensor(Protocol):
    """One part of the machine."""

    def read(self) -> Reading:
        """The values now. May raise whatever it likes: the sensor is then dropped."""
        ...

    def close(self) -> None:
        """Gives back what it holds."""
        ...


class Processor:
    """`cpu.percentage.<i>`: busy share of each logical processor since the last reading, in percent."""

    def __init__(self) -> None:
        import psutil

        self._psutil = psutil
        psutil.cpu_percent(percpu=True)

    def read(self) -> Reading:
        """One gauge per processor."""
        return {f"cpu.percentage.{i}": share for i, share in enumerate(self._psutil.cpu_percent(percpu=True))}, {}

    def close(self) -> None:
        """Holds nothing."""


class Memory:
    """`memory.used`, `memory.active` and, in a container with a limit, `memory.limit` and `memory.container`: bytes."""

    def __init__(self, cgroup: Path = Path("/sys/fs/cgroup")) -> None:
        import psutil

        self._psutil = psutil
        self._files = container_memory(cgroup, psutil.virtual_memory().total)

    def read(self) -> Reading:
        """The host's memory, and the container's."""
        memory = self._psutil.virtual_memory()
        values = {"memory.used": float(memory.used)}
        if hasattr(memory, "active"):
            values["memory.active"] = float(memory.active)
        if self._files is not None:
            current, limit = self._files
            values["memory.container"] = float(current.read_text())
            values["memory.limit"] = limit
        return values, {}

    def close(self) -> None:
        """Holds nothing."""


class Disk:
    """`disk.used`: bytes in use on the file system of the root."""

    def __init__(self, folder: Path) -> None:
        self._folder = next(place for place in (folder, *folder.parents) if place.exists())

    def read(self) -> Reading:
        """One gauge."""
        disk = os.statvfs(self._folder)
        return {"disk.used": float((disk.f_blocks - disk.f_bfree) * disk.f_frsize)}, {}

    def close(self) -> None:
        """Holds nothing."""


class Network:
    """`network.bytes_sent` and `network.bytes_recv`, counted since the machine started, and their rates."""

    def __init__(self) -> None:
        import psutil

        self._psutil = psutil

    def read(self) -> Reading:
        """Two counters."""
        total = self._psutil.net_io_counters()
        return {}, {"network.bytes_sent": float(total.bytes_sent), "network.bytes_recv": float(total.bytes_recv)}

    def close(self) -> None:
        """Holds nothing."""


class Infiniband:
    """`ib.<device>.<port>.rcv_bytes`, `xmit_bytes`, `rcv_packets`, `xmit_packets`, and their rates."""

    _COUNTERS = (
        # The adapters count words of four bytes.
        ("port_rcv_data", "rcv_bytes", 4),
        ("port_xmit_data", "xmit_bytes", 4),
        ("port_rcv_packets", "rcv_packets", 1),
        ("port_xmit_packets", "xmit_packets", 1),
    )

    def __init__(self, base: Path = Path("/sys/class/infiniband")) -> None:
        self._files = [
            (f"ib.{port.parent.parent.name}.{port.name}.{name}", port / "counters" / file, factor)
            for port in sorted(base.glob("*/ports/*"))
            for file, name, factor in self._COUNTERS
            if (port / "counters" / file).exists()
        ]

    def read(self) -> Reading:
        """Four counters a port."""
        return {}, {name: float(int(file.read_text()) * factor) for name, file, factor in self._files}

    def close(self) -> None:
        """Holds nothing."""


class Processes:
    """`process.cpu` (percent of one processor), `process.rss` (bytes), `process.count`: this process and its tree."""

    def __init__(self) -> None:
        import psutil

        self._psutil = psutil
        self._own = psutil.Process()
        self._known: dict[int, psutil.Process] = {self._own.pid: self._own}
        self._own.cpu_percent()

    def read(self) -> Reading:
        """Three gauges. A child counts towards `process.cpu` from its second reading."""
        known = {self._own.pid: self._own}
        for pid in descendants(self._own.pid):
            try:
                known[pid] = self._known.get(pid) or self._psutil.Process(pid)
            except self._psutil.NoSuchProcess:
                continue
        self._known = known
        busy = rss = 0.0
        for process in known.values():
            try:
                with process.oneshot():
                    busy += process.cpu_percent()
                    rss += process.memory_info().rss
            except (self._psutil.NoSuchProcess, self._psutil.AccessDenied):
                continue
        return {"process.cpu": busy, "process.rss": rss, "process.count": float(len(known))}, {}

    def close(self) -> None:
        """Holds nothing."""


def descendants(pid: int) -> list[int]:
    """Children, grandchildren and so on; none on a machine where finding them would mean reading thousands of files."""
    tasks = Path(f"/proc/{pid}/task")
    if not any(tasks.glob("*/children")):
        return _searched(pid)
    found: list[int] = []
    for task in tasks.glob("*/children"):
        try:
            children = [int(child) for child in task.read_text().split()]
        except OSError:
            continue
        for child in children:
            found += [child, *descendants(child)]
    return found


def _searched(pid: int) -> list[int]:
    # A kernel built without the lists of children, or no Linux.
    import psutil

    if len(psutil.pids()) > MANY_PROCESSES:
        return []
    return [child.pid for child in psutil.Process(pid).children(recursive=True)]


def container_memory(cgroup: Path, total: float) -> tuple[Path, float] | None:
    """The file with the container's memory in use and its limit in bytes; None without a limit below the machine's."""
    for current, limit in (
        ("memory.current", "memory.max"),
        ("memory/memory.usage_in_bytes", "memory/memory.limit_in_bytes"),
    ):
        try:
            most = float((cgroup / limit).read_text())  # "max" is no number: no limit
        except (OSError, ValueError):
            continue
        if 0 < most < total:
            return cgroup / current, most
    return None


def host_sensors(folder: Path) -> list[Sensor]:
    """All sensors this machine has; what can't be set up is left out."""
    import logging

    from pluto.core.system.gpu import Gpus

    makers = (Processor, Memory, lambda: Disk(folder), Network, Infiniband, Processes, Gpus)
    sensors: list[Sensor] = []
    for make in makers:
        try:
            sensors.append(make())
        except Exception as error:  # noqa: BLE001  drivers raise what they like
            logging.getLogger("pluto").debug("no system metrics from %s: %r", getattr(make, "__name__", make), error)
    return sensors

"""Console and hardware of a run in debug mode, which has no journal that records them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pluto.compat.attributes.kinds import AttributeKind

if TYPE_CHECKING:
    from pluto.compat.neptune.internal.backends.backend import Backend
    from pluto.compat.neptune.metadata_containers.run import Run

__all__ = ["Monitoring"]


class Monitoring:
    """Writes what is printed, and how busy the machine is, into series of a run, until it is stopped."""

    def __init__(self, run: Run, backend: Backend, *, stdout: bool, stderr: bool, hardware: bool) -> None:
        self._run = run
        self._backend = backend
        self._streams = {"INFO": "stdout"} if stdout else {}
        if stderr:
            self._streams["ERROR"] = "stderr"
        self._running: list[Any] = []
        from pluto.core.settings import resolve

        settings = resolve({"x_console_fd_capture": False, "x_sys_sampling_interval": 10})
        if self._streams:
            from pluto.core.console import Capture

            self._begin(Capture(settings, self._line))
        if hardware:
            from pluto.core.system import Monitor

            for name in ("cpu", "memory"):
                run._write_empty(self._path(name), AttributeKind.FLOAT_SERIES)
            self._begin(Monitor(settings, self._measured))

    def stop(self) -> None:
        """Ends it."""
        while self._running:
            self._running.pop().stop()

    def forget(self) -> None:
        """In a forked child: the threads are the parent's."""
        self._running = []

    def _begin(self, observer: Any) -> None:
        observer.start()
        self._running.append(observer)

    def _path(self, name: str) -> str:
        return f"{self._run.monitoring_namespace}/{name}"

    def _line(self, stream: str, first_line: int, lines: list[str], time_us: int) -> None:  # noqa: ARG002
        if name := self._streams.get(stream):
            times = [time_us / 1e6] * len(lines)
            self._backend.perform(lambda fields: fields.append_texts(self._path(name), lines, None, times))

    def _measured(self, values: dict[str, float]) -> None:
        shares = [value for name, value in values.items() if name.startswith("sys/cpu.percentage.")]
        if shares:
            self._backend.log_float(self._path("cpu"), sum(shares) / len(shares), None, None)
        if "sys/memory.used" in values:
            self._backend.log_float(self._path("memory"), values["sys/memory.used"] / (1 << 30), None, None)

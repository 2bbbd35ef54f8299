"""Samples of the machine's use, taken by a daemon thread."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from pluto.core.settings import Settings
from pluto.core.system.sensors import Sensor, host_sensors

logger = logging.getLogger("pluto")

SLOW_S = 1.0
"""A sensor whose reading takes longer than this is read no more: it would hold up the others, and the training."""


class Monitor:
    """Hands a sample to `emit` every `x_sys_sampling_interval` seconds, from a thread of its own.

    A sample maps names such as `sys/cpu.percentage.0` to numbers; the first comes at once, rates from the second on.
    A sensor that fails or is slow is dropped, with a line at level DEBUG.
    """

    def __init__(self, settings: Settings, emit: Callable[[dict[str, float]], object]) -> None:
        self._label = settings.x_sys_label
        self._interval = float(settings.x_sys_sampling_interval)
        self._folder: Path = settings.root
        self._emit = emit
        self._halt = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins; once only."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="pluto-system", daemon=True)
            self._thread.start()

    def stop(self, timeout: float = 1.0) -> None:
        """Ends; waits `timeout` seconds at most for a sample under way."""
        self._halt.set()
        if self._thread is not None and self._thread is not threading.current_thread() and self._thread.is_alive():
            self._thread.join(timeout)

    def _run(self) -> None:
        sampler = Sampler(self._label, host_sensors(self._folder))
        due = time.monotonic()
        while not self._halt.is_set():
            try:
                values = sampler.sample()
                if values and not self._halt.is_set():
                    self._emit(values)
            except Exception:
                logger.debug("a sample of the system metrics was lost", exc_info=True)
            # A machine that slept does not owe the samples it missed.
            due = max(due + self._interval, time.monotonic())
            self._halt.wait(due - time.monotonic())
        sampler.close()


class Sampler:
    """Reads sensors; remembers counters so as to give their rates."""

    def __init__(self, label: str, sensors: list[Sensor]) -> None:
        self._label = label
        self._sensors = sensors
        self._counters: Mapping[str, float] = {}
        self._counted = 0.0

    def sample(self) -> dict[str, float]:
        """The values now, by full name."""
        values: dict[str, float] = {}
        counters: dict[str, float] = {}
        for sensor in list(self._sensors):
            began = time.monotonic()
            try:
                gauges, counts = sensor.read()
            except Exception as error:  # noqa: BLE001  drivers raise what they like
                self._drop(sensor, repr(error))
                continue
            values.update(gauges)
            counters.update(counts)
            if time.monotonic() - began > SLOW_S:
                self._drop(sensor, f"a reading took {time.monotonic() - began:.1f} s")
        now = time.monotonic()
        elapsed = now - self._counted
        for name, count in counters.items():
            values[name] = count
            before = self._counters.get(name)
            if before is not None and elapsed > 0:
                # A counter that went back was reset: what it shows was counted since.
                values[f"{name}.rate"] = (count - before if count >= before else count) / elapsed
        self._counters, self._counted = counters, now
        return {f"{self._label}/{name}": value for name, value in values.items()}

    def close(self) -> None:
        """Gives back what the sensors hold."""
        for sensor in self._sensors:
            sensor.close()
        self._sensors = []

    def _drop(self, sensor: Sensor, reason: str) -> None:
        logger.debug("no more system metrics from %s: %s", type(sensor).__name__, reason)
        self._sensors.remove(sensor)
        sensor.close()

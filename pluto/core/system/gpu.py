"""NVIDIA GPUs, through the driver's management library (NVML). A machine without the driver has none, silently."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from typing import Any

from pluto.core.system.sensors import Reading


class Gpus:
    """`gpu.<i>.<name>.` + `utilization`, `memory.utilization` (%), `memory.used` (bytes), `power` (mW), `temp` (°C)."""

    def __init__(self) -> None:
        self._nvml: Any = None
        self._readings: list[tuple[str, Callable[[], float]]] = []
        nvml = open_nvml()
        if nvml is None:
            return
        self._nvml = nvml
        for index in range(nvml.nvmlDeviceGetCount()):
            handle = nvml.nvmlDeviceGetHandleByIndex(index)
            prefix = f"gpu.{index}.{metric_name(device_name(nvml, handle))}"
            for suffix, read in (
                ("utilization", lambda h=handle: nvml.nvmlDeviceGetUtilizationRates(h).gpu),
                ("memory.used", lambda h=handle: nvml.nvmlDeviceGetMemoryInfo(h).used),
                ("memory.utilization", lambda h=handle: nvml.nvmlDeviceGetUtilizationRates(h).memory),
                ("power", lambda h=handle: nvml.nvmlDeviceGetPowerUsage(h)),
                ("temp", lambda h=handle: nvml.nvmlDeviceGetTemperature(h, nvml.NVML_TEMPERATURE_GPU)),
            ):
                self._readings.append((f"{prefix}.{suffix}", read))

    def read(self) -> Reading:
        """Up to five gauges a GPU; one the card does not have (a MIG slice has no utilization) is read no more."""
        values: dict[str, float] = {}
        lasting = []
        for name, read in self._readings:
            try:
                values[name] = float(read())
            except self._nvml.NVMLError_NotSupported:
                continue
            except self._nvml.NVMLError:
                pass
            lasting.append((name, read))
        self._readings = lasting
        return values, {}

    def close(self) -> None:
        """Lets go of the library."""
        nvml, self._nvml, self._readings = self._nvml, None, []
        if nvml is not None:
            try:
                nvml.nvmlShutdown()
            except nvml.NVMLError:
                return


def open_nvml() -> Any:
    """The library, initialised, or None on a machine without NVIDIA's driver. Call `nvmlShutdown` when done."""
    if sys.platform == "linux" and "pynvml" not in sys.modules:
        # Asked for what it opens itself: on a machine without, pynvml would take 3 MB and 20 ms for nothing.
        try:
            ctypes.CDLL("libnvidia-ml.so.1")
        except OSError:
            return None
    try:
        import pynvml
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return None
    return pynvml


def device_name(nvml: Any, handle: Any) -> str:
    """The card's name; older libraries give bytes."""
    name = nvml.nvmlDeviceGetName(handle)
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)


def metric_name(name: str) -> str:
    """`NVIDIA H100 80GB` → `nvidia_h100_80gb`."""
    return name.lower().replace(" ", "_").replace("-", "_")

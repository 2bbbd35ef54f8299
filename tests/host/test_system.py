"""System metrics: names, rates, sensors that fail, GPUs through a stand-in for NVML and through the real one."""

from __future__ import annotations

import logging
import sys
import threading
import time
import types
from pathlib import Path
from typing import Any

import pytest

from pluto.core.settings import resolve
from pluto.core.system import Monitor, System, sensors
from pluto.core.system.gpu import Gpus, metric_name, open_nvml
from pluto.core.system.monitor import Sampler
from pluto.core.system.sensors import Infiniband, Memory, Reading, container_memory
from tests.programs import Scripts
from tests.waiting import until


class Steps:
    """A sensor that goes through given readings."""

    def __init__(self, *readings: Reading | Exception) -> None:
        self.readings = list(readings)
        self.closed = False

    def read(self) -> Reading:
        reading = self.readings.pop(0)
        if isinstance(reading, Exception):
            raise reading
        return reading

    def close(self) -> None:
        self.closed = True


def test_what_a_machine_without_gpu_tells(root: Path) -> None:
    samples: list[dict[str, float]] = []
    monitor = Monitor(resolve(x_sys_sampling_interval=0.1), samples.append)
    monitor.start()
    until(lambda: len(samples) >= 2, 60, "two samples")
    monitor.stop()
    names = set(samples[-1])
    assert {
        "sys/cpu.percentage.0", "sys/memory.used", "sys/disk.used", "sys/network.bytes_sent",
        "sys/network.bytes_sent.rate", "sys/network.bytes_recv", "sys/network.bytes_recv.rate",
        "sys/process.cpu", "sys/process.rss", "sys/process.count",
    } <= names  # fmt: skip
    assert not any(name.endswith(".rate") for name in samples[0]), "a rate needs two samples"
    assert all(isinstance(value, float) for sample in samples for value in sample.values())
    assert samples[-1]["sys/process.rss"] > 1 << 20
    count = len(samples)
    assert not [t for t in threading.enumerate() if t.name == "pluto-system"]
    assert len(samples) == count


def test_label_and_interval() -> None:
    samples: list[dict[str, float]] = []
    monitor = Monitor(resolve(x_sys_label="node", x_sys_sampling_interval=3600), samples.append)
    monitor.start()
    until(lambda: samples, 60, "the first sample")
    began = time.monotonic()
    monitor.stop()
    assert time.monotonic() - began < 30, "stopping does not wait for the next sample"
    assert all(name.startswith("node/") for name in samples[0])


def test_rates_and_counters_that_start_over(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.0, 10.0, 10.0, 10.0, 12.0, 12.0, 12.0, 14.0])
    monkeypatch.setattr("pluto.core.system.monitor.time", types.SimpleNamespace(monotonic=lambda: next(clock)))
    monkeypatch.setattr("pluto.core.system.monitor.SLOW_S", 100)
    sampler = Sampler("sys", [Steps(({"g": 1.0}, {"n": 100.0}), ({}, {"n": 130.0}), ({}, {"n": 8.0}))])
    assert sampler.sample() == {"sys/g": 1.0, "sys/n": 100.0}
    assert sampler.sample() == {"sys/n": 130.0, "sys/n.rate": 15.0}
    assert sampler.sample() == {"sys/n": 8.0, "sys/n.rate": 4.0}


def test_a_failing_sensor_is_dropped_with_one_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "pluto")
    bad, good = Steps(RuntimeError("driver")), Steps(({"a": 1.0}, {}), ({"a": 2.0}, {}))
    sampler = Sampler("sys", [bad, good])
    assert sampler.sample() == {"sys/a": 1.0}
    assert sampler.sample() == {"sys/a": 2.0}
    assert bad.closed
    assert caplog.text.count("driver") == 1


def test_an_error_in_emit_does_not_end_the_monitor() -> None:
    calls: list[int] = []

    def emit(_: dict[str, float]) -> None:
        calls.append(1)
        raise RuntimeError("no")

    monitor = Monitor(resolve(x_sys_sampling_interval=0.1), emit)
    monitor.start()
    until(lambda: len(calls) >= 2, 60, "the monitor to go on")
    monitor.stop()


def test_children_count(scripts: Scripts) -> None:
    """In a program of its own: children that earlier tests have left here would come and go meanwhile."""
    scripts.run(
        """
        import subprocess, sys
        from pluto.core.system.sensors import Processes
        sensor = Processes()
        assert sensor.read()[0]["process.count"] == 1
        code = "import sys; data = b'x' * 50_000_000; print('ready', flush=True); sys.stdin.read()"
        with subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1) as child:
            child.stdout.readline()
            values = sensor.read()[0]
            child.communicate(b"")
        assert values["process.count"] == 2
        assert values["process.rss"] > 50_000_000
        """
    )


@pytest.mark.parametrize(
    ("current", "limit"),
    [("memory.current", "memory.max"), ("memory/memory.usage_in_bytes", "memory/memory.limit_in_bytes")],
)
def test_the_limit_of_a_container(tmp_path: Path, current: str, limit: str) -> None:
    (tmp_path / "memory").mkdir()
    (tmp_path / current).write_text("300\n")
    (tmp_path / limit).write_text("1000\n")
    values, _ = Memory(tmp_path).read()
    assert (values["memory.container"], values["memory.limit"]) == (300.0, 1000.0)
    for none in ("max\n", "9223372036854771712\n"):
        (tmp_path / limit).write_text(none)
        assert container_memory(tmp_path, 1e12) is None
        assert "memory.limit" not in Memory(tmp_path).read()[0]


def test_infiniband(tmp_path: Path) -> None:
    port = tmp_path / "mlx5_0" / "ports" / "1"
    (port / "counters").mkdir(parents=True)
    for name, value in (
        ("port_rcv_data", 10),
        ("port_xmit_data", 20),
        ("port_rcv_packets", 3),
        ("port_xmit_packets", 4),
    ):
        (port / "counters" / name).write_text(f"{value}\n")
    (port / "link_layer").write_text("InfiniBand\n")
    (port / "rate").write_text("400 Gb/sec (4X NDR)\n")
    (tmp_path / "mlx5_0" / "fw_ver").write_text("28.1\n")
    assert Infiniband(tmp_path).read() == (
        {},
        {
            "ib.mlx5_0.1.rcv_bytes": 40.0, "ib.mlx5_0.1.xmit_bytes": 80.0,
            "ib.mlx5_0.1.rcv_packets": 3.0, "ib.mlx5_0.1.xmit_packets": 4.0,
        },
    )  # fmt: skip
    assert System(resolve()).get_infiniband_info(str(tmp_path)) == {
        "devices": [
            {
                "name": "mlx5_0",
                "fw_ver": "28.1",
                "ports": [{"port": "1", "link_layer": "InfiniBand", "rate": "400 Gb/sec (4X NDR)"}],
            }
        ]
    }


def test_the_real_library_without_a_driver(caplog: pytest.LogCaptureFixture) -> None:
    if open_nvml() is not None:
        pytest.skip("this machine has a driver")
    caplog.set_level(logging.DEBUG)
    assert Gpus().read() == ({}, {})
    assert System(resolve()).get_gpu() == {}
    assert not caplog.records


class FakeNvml(types.ModuleType):
    """Two cards; the second is a slice that tells no utilization."""

    NVML_TEMPERATURE_GPU = 0

    class NVMLError(Exception):
        pass

    class NVMLError_NotSupported(NVMLError):
        pass

    def __init__(self) -> None:
        super().__init__("pynvml")
        self.open = 0
        self.asked: list[str] = []
        self.flaky = False

    def nvmlInit(self) -> None:
        self.open += 1

    def nvmlShutdown(self) -> None:
        self.open -= 1

    def nvmlDeviceGetCount(self) -> int:
        return 2

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        return index

    def nvmlDeviceGetName(self, handle: int) -> Any:
        return b"NVIDIA H100 80GB-HBM3" if handle == 0 else "NVIDIA A100"

    def nvmlDeviceGetUtilizationRates(self, handle: int) -> Any:
        self.asked.append(f"utilization {handle}")
        if handle == 1:
            raise self.NVMLError_NotSupported
        return types.SimpleNamespace(gpu=97, memory=40)

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> Any:
        return types.SimpleNamespace(used=5 << 30, total=80 << 30)

    def nvmlDeviceGetPowerUsage(self, handle: int) -> int:
        if self.flaky:
            raise self.NVMLError("not now")
        return 350_000

    def nvmlDeviceGetTemperature(self, handle: int, kind: int) -> int:
        return 61

    def nvmlSystemGetDriverVersion(self) -> str:
        return "550.1"

    def nvmlSystemGetCudaDriverVersion(self) -> int:
        return 12040

    def nvmlDeviceGetComputeRunningProcesses(self, handle: int) -> list[Any]:
        return [types.SimpleNamespace(pid=42)]


@pytest.fixture
def nvml(monkeypatch: pytest.MonkeyPatch) -> FakeNvml:
    fake = FakeNvml()
    monkeypatch.setitem(sys.modules, "pynvml", fake)
    return fake


def test_gpus(nvml: FakeNvml) -> None:
    gpus = Gpus()
    first, second = "gpu.0.nvidia_h100_80gb_hbm3.", "gpu.1.nvidia_a100."
    values = gpus.read()[0]
    assert values == {
        first + "utilization": 97.0, first + "memory.used": float(5 << 30), first + "memory.utilization": 40.0,
        first + "power": 350_000.0, first + "temp": 61.0,
        second + "memory.used": float(5 << 30), second + "power": 350_000.0, second + "temp": 61.0,
    }  # fmt: skip
    nvml.asked.clear()
    nvml.flaky = True
    assert first + "power" not in gpus.read()[0]
    assert nvml.asked == ["utilization 0"] * 2, "what a card does not have is asked for once"
    nvml.flaky = False
    assert gpus.read()[0] == values, "a passing error costs one sample"
    gpus.close()
    assert nvml.open == 0


def test_gpu_facts(nvml: FakeNvml) -> None:
    facts = System(resolve()).get_info()
    assert facts["gpu"]["nvidia"]["driver"] == "550.1"
    assert facts["gpu"]["nvidia"]["devices"][0] == {
        "name": "NVIDIA H100 80GB-HBM3", "memory": {"total": 80 << 30}, "temp": 61, "pid": [42],
    }  # fmt: skip
    assert facts["cuda"]["cuda_driver"] == "12.4"
    assert nvml.open == 0
    assert metric_name("A B-c") == "a_b_c"


def test_facts_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NCCL_DEBUG", "INFO")
    monkeypatch.setenv("NCCL_AUTH_TOKEN", "very-secret")
    monkeypatch.setenv("KONDUKTOR_JOB_NAME", "job")
    monkeypatch.setenv("NUM_NODES", "2")
    monkeypatch.setenv("NUM_GPUS_PER_NODE", "8")
    facts = System(resolve()).get_info()
    assert {"process", "platform", "timezone", "cpu", "memory", "boot_time", "os_info", "nccl", "konduktor"} <= set(
        facts
    )
    assert facts["nccl"]["nccl_env"] == {"NCCL_AUTH_TOKEN": "<redacted>", "NCCL_DEBUG": "INFO"}
    assert facts["konduktor"]["total_gpus"] == 16
    assert facts["os_info"]["python"]["executable"] == sys.executable
    assert "environ" not in facts["process"]


def test_system_samples_for_people() -> None:
    system = System(resolve())
    assert "sys/cpu.percentage.0" in system.monitor()
    human = system.monitor_human
    assert human["sys/cpu.percentage.0"].endswith(" %")
    assert human["sys/process.rss"].endswith(("MB", "GB"))
    assert system.get_psutil("cpu_count")() >= 1
    assert system.get_psutil("no_such_thing") is None


def test_a_sensor_that_can_not_be_made_is_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken() -> None:
        raise OSError("hidden")

    monkeypatch.setattr(sensors, "Network", broken)
    kinds = {type(sensor).__name__ for sensor in sensors.host_sensors(tmp_path)}
    assert "Network" not in kinds
    assert {"Processor", "Memory", "Disk", "Processes"} <= kinds

"""What a machine is: hardware, operating system, libraries."""

from __future__ import annotations

import os
import platform
import socket
import sys
import time
from pathlib import Path
from typing import Any

from pluto.core.settings import Settings
from pluto.core.system.gpu import device_name, open_nvml
from pluto.core.system.monitor import Sampler
from pluto.core.system.sensors import Infiniband, container_memory, host_sensors

MASKED = "<redacted>"
_NCCL_PREFIXES = ("NCCL_", "TORCH_NCCL_", "FI_", "OFI_", "UCX_")
_NCCL_NAMES = frozenset(
    ["TORCH_DISTRIBUTED_DEBUG", "TORCH_CPP_LOG_LEVEL", "TORCH_SHOW_CPP_STACKTRACES", "GLOO_SOCKET_IFNAME"]
)
_SECRET_PARTS = ("TOKEN", "SECRET", "PASSW", "API_KEY", "APIKEY", "CREDENTIAL", "PRIVATE_KEY", "ACCESS_KEY")
_KONDUKTOR = {
    "job_name": "KONDUKTOR_JOB_NAME",
    "num_nodes": "NUM_NODES",
    "num_gpus_per_node": "NUM_GPUS_PER_NODE",
    "rank": "RANK",
    "master_addr": "MASTER_ADDR",
    "accelerator_type": "KONDUKTOR_ACCELERATOR_TYPE",
    "node_name": "KONDUKTOR_NODENAME",
    "restart_attempt": "RESTART_ATTEMPT",
    "namespace": "KONDUKTOR_NAMESPACE",
}


class System:
    """The machine this process runs on. Nothing is looked up before it is asked for; what is not there is left out."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._sampler: Sampler | None = None

    def get_psutil(self, name: str) -> Any:
        """Psutil's attribute of this name, or None where this platform has none."""
        import psutil

        return getattr(psutil, name, None)

    def get_gpu(self) -> dict[str, Any]:
        """`{"nvidia": {"count", "driver", "cuda", "devices": [{"name", "memory", "temp", "pid"}]}}`, or `{}`."""
        nvml = open_nvml()
        if nvml is None:
            return {}
        try:
            devices = [_device(nvml, nvml.nvmlDeviceGetHandleByIndex(i)) for i in range(nvml.nvmlDeviceGetCount())]
            driver, cuda = nvml.nvmlSystemGetDriverVersion(), nvml.nvmlSystemGetCudaDriverVersion()
        except nvml.NVMLError:
            return {}
        finally:
            nvml.nvmlShutdown()
        return {
            "nvidia": {
                "count": len(devices),
                "driver": driver.decode() if isinstance(driver, bytes) else driver,
                "cuda": f"{cuda // 1000}.{cuda % 1000 // 10}",
                "devices": devices,
            }
        }

    def get_git(self) -> dict[str, Any]:
        """What `source.collect` finds about the working directory's git repository; `{}` outside of one."""
        from pluto.core.source import git

        return git(Path.cwd())

    def get_infiniband_counters(self) -> dict[str, int]:
        """`ib.<device>.<port>.rcv_bytes`, `xmit_bytes`, `rcv_packets`, `xmit_packets` since the port was reset."""
        return {name: int(count) for name, count in Infiniband().read()[1].items()}

    def get_konduktor(self) -> dict[str, Any]:
        """The Konduktor job this process belongs to; `{}` outside of one."""
        if not os.environ.get("KONDUKTOR_JOB_NAME"):
            return {}
        facts: dict[str, Any] = {key: os.environ.get(variable) for key, variable in _KONDUKTOR.items()}
        gpus, nodes = facts["num_gpus_per_node"] or "", facts["num_nodes"] or ""
        if gpus.isdigit() and nodes.isdigit():
            facts["total_gpus"] = int(gpus) * int(nodes)
        return facts

    def get_os_info(self) -> dict[str, Any]:
        """`hostname`, `os`, `kernel`, `python`, and `glibc` where that is the C library."""
        try:
            release = platform.freedesktop_os_release()
            system = {
                "name": release.get("NAME", ""),
                "version": release.get("VERSION", release.get("BUILD_ID", "")),
                "pretty_name": release.get("PRETTY_NAME", ""),
                "id": release.get("ID", ""),
            }
        except OSError:
            system = {"name": platform.system(), "version": platform.version()}
        facts: dict[str, Any] = {
            "hostname": socket.gethostname(),
            "os": system,
            "kernel": platform.release(),
            "python": {
                "version": platform.python_version(),
                "implementation": platform.python_implementation(),
                "compiler": platform.python_compiler(),
                "executable": sys.executable,
            },
        }
        library, version = platform.libc_ver()
        if library == "glibc":
            facts["glibc"] = version
        return facts

    def get_cuda_info(self) -> dict[str, Any]:
        """`cuda_driver`, `cuda_pytorch`, `cudnn_pytorch`, `cuda_env`, each where known. Does not import torch."""
        facts: dict[str, Any] = {}
        nvidia = self.get_gpu().get("nvidia")
        if nvidia:
            facts["cuda_driver"] = nvidia["cuda"]
        torch = sys.modules.get("torch")
        if torch is not None:
            facts["cuda_pytorch"] = torch.version.cuda
            if torch.version.cuda is not None:
                facts["cudnn_pytorch"] = str(torch.backends.cudnn.version())
        variables = _variables(lambda name: name.startswith("CUDA_"))
        if variables:
            facts["cuda_env"] = variables
        return facts

    def get_nccl_info(self) -> dict[str, Any]:
        """`nccl_pytorch` and `nccl_env` (secrets masked), each where known. Does not import torch."""
        facts: dict[str, Any] = {}
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_available():
            version = torch.cuda.nccl.version()
            facts["nccl_pytorch"] = ".".join(map(str, version)) if isinstance(version, tuple) else str(version)
        variables = _variables(lambda name: name.startswith(_NCCL_PREFIXES) or name in _NCCL_NAMES)
        if variables:
            facts["nccl_env"] = variables
        return facts

    def get_infiniband_info(self, ib_base: str = "/sys/class/infiniband") -> dict[str, Any]:
        """`{"devices": [{"name", "fw_ver", …, "ports": [{"port", "link_layer", "rate", …}]}]}`, or `{}`."""
        devices = []
        for folder in sorted(Path(ib_base).glob("*")):
            device: dict[str, Any] = {"name": folder.name, **_texts(folder, ("board_id", "fw_ver", "hca_type"))}
            ports = []
            for place in sorted(folder.glob("ports/*")):
                port = {"port": place.name, **_texts(place, ("link_layer", "state", "rate", "phys_state"))}
                gid = _texts(place, ("gids/0",)).get("gids/0", "")
                if gid.strip("0:"):
                    port["gid_0"] = gid
                kind = _texts(place, ("gid_attrs/types/0",))
                if kind:
                    port["roce_type"] = kind["gid_attrs/types/0"]
                ports.append(port)
            if ports:
                device["ports"] = ports
            devices.append(device)
        return {"devices": devices} if devices else {}

    def get_info(self) -> dict[str, Any]:
        """Everything above in one dict, laid out as a run's `systemMetadata`; what fails or is empty is left out."""
        import psutil

        frequency: Any = psutil.cpu_freq()  # None on some machines, which its types do not say
        memory = psutil.virtual_memory().total
        process, uname = psutil.Process(), platform.uname()
        facts: dict[str, Any] = {
            "process": {"exe": sys.executable, "cmdline": _command(process), "pid": process.pid},
            # All but `processor`, which starts a program.
            "platform": {name: getattr(uname, name) for name in ("system", "node", "release", "version", "machine")},
            "timezone": list(time.tzname),
            "cpu": {
                "physical": psutil.cpu_count(logical=False),
                "virtual": psutil.cpu_count(),
                "usable": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else psutil.cpu_count(),
                "freq": {"min": frequency.min, "max": frequency.max} if frequency else {},
            },
            "memory": {"virt": memory, "swap": psutil.swap_memory().total},
            "boot_time": psutil.boot_time(),
        }
        container = container_memory(Path("/sys/fs/cgroup"), memory)
        if container is not None:
            facts["memory"]["container"] = int(container[1])
        for name, part in (
            ("os_info", self.get_os_info),
            ("cuda", self.get_cuda_info),
            ("nccl", self.get_nccl_info),
            ("infiniband", self.get_infiniband_info),
            ("gpu", self.get_gpu),
            ("konduktor", self.get_konduktor),
        ):
            try:
                found = part()
            except Exception:  # noqa: BLE001, S112  a half-installed driver or torch must not cost the other facts
                continue
            if found:
                facts[name] = found
        return facts

    def monitor(self) -> dict[str, float]:
        """One sample of the system metrics now, by name; rates from the second call on."""
        if self._sampler is None:
            self._sampler = Sampler(self.settings.x_sys_label, host_sensors(self.settings.root))
        return self._sampler.sample()

    @property
    def monitor_human(self) -> dict[str, str]:
        """`monitor`, for people: bytes as KB, MB, GB; shares in percent.

        The first client has it as an attribute, too.
        """
        return {name: _human(name, value) for name, value in self.monitor().items()}


def _device(nvml: Any, handle: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {"name": device_name(nvml, handle)}
    for key, read in (
        ("memory", lambda: {"total": nvml.nvmlDeviceGetMemoryInfo(handle).total}),
        ("temp", lambda: nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU)),
        ("pid", lambda: [process.pid for process in nvml.nvmlDeviceGetComputeRunningProcesses(handle)]),
    ):
        try:
            facts[key] = read()
        except nvml.NVMLError:
            continue
    return facts


def _variables(wanted: Any) -> dict[str, str]:
    found = {name: value for name, value in os.environ.items() if wanted(name)}
    return {
        name: MASKED if any(part in name.upper() for part in _SECRET_PARTS) else value
        for name, value in sorted(found.items())
    }


def _texts(folder: Path, names: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for name in names:
        try:
            found[name] = (folder / name).read_text().strip()
        except (OSError, UnicodeDecodeError):
            continue
    return {name: text for name, text in found.items() if text}


def _command(process: Any) -> list[str]:
    from pluto.core.redact import arguments

    return arguments(process.cmdline())


def _human(name: str, value: float) -> str:
    if "percentage" in name or "utilization" in name or name.endswith("process.cpu"):
        return f"{value:.1f} %"
    if name.endswith((".count", ".temp", ".power", "packets", "packets.rate")):
        return f"{value:g}"
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1024:
            return f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TB"

"""Which process of a distributed job this is, and whether something ends all processes together with the job."""

from __future__ import annotations

import dataclasses
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Ranks:
    """This process's place in its job; a process on its own is rank 0 of 1."""

    rank: int = 0
    world_size: int = 1
    local_rank: int = 0
    """Rank among the processes of this machine; 0 where the launcher does not tell and the job has one process."""
    node: str = ""
    """This machine's name."""
    launcher: str | None = None
    """Who set the ranks: `torchrun`, `openmpi`, `mvapich`, `horovod`, `pmi`, `slurm`; None on its own."""

    @property
    def distributed(self) -> bool:
        """Whether there are other processes in the job."""
        return self.world_size > 1

    @property
    def primary(self) -> bool:
        """Whether this process's end decides the run's status."""
        return self.rank == 0

    def within(self, scope: str) -> Ranks:
        """The place among the processes that write one run: those of the `job`, of this `node`, or this `process`."""
        if scope == "process":
            return Ranks(node=self.node)
        return self if scope == "job" else dataclasses.replace(self, rank=self.local_rank)


# launcher: rank, world size, local rank (names tried in order). The innermost launcher comes first: torchrun under
# srun.
_LAUNCHERS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "torchrun": (("RANK",), ("WORLD_SIZE",), ("LOCAL_RANK",)),
    "horovod": (("HOROVOD_RANK",), ("HOROVOD_SIZE",), ("HOROVOD_LOCAL_RANK",)),
    "openmpi": (("OMPI_COMM_WORLD_RANK",), ("OMPI_COMM_WORLD_SIZE",), ("OMPI_COMM_WORLD_LOCAL_RANK",)),
    "mvapich": (("MV2_COMM_WORLD_RANK",), ("MV2_COMM_WORLD_SIZE",), ("MV2_COMM_WORLD_LOCAL_RANK",)),
    # In a batch script SLURM_PROCID is 0 and SLURM_NTASKS what was asked for, though one process runs: only a step
    # counts.
    "slurm": (("SLURM_PROCID",), ("SLURM_STEP_NUM_TASKS",), ("SLURM_LOCALID",)),
    "pmi": (("PMI_RANK", "PMIX_RANK"), ("PMI_SIZE", "PMIX_SIZE"), ("MPI_LOCALRANKID", "PMI_LOCAL_RANK")),
}

# These stay when their first child ends. tini, dumb-init and the like do not: the container ends with the job.
_LASTING = frozenset("systemd init launchd runit s6-svscan openrc-init busybox upstart procd finit".split())


def ranks(environment: Mapping[str, str] | None = None) -> Ranks:
    """The ranks the launcher told this process in its environment; a set that contradicts itself counts as none."""
    environment = os.environ if environment is None else environment
    node = socket.gethostname()
    for launcher, (ranks_, sizes, locals_) in _LAUNCHERS.items():
        rank, size = _number(environment, ranks_), _number(environment, sizes)
        if rank is not None and size is not None and rank < size:
            local = _number(environment, locals_)
            return Ranks(rank, size, rank if local is None else local, node, launcher)
    return Ranks(node=node)


def owner(environment: Mapping[str, str] | None = None, first_process: str | None = None) -> str | None:
    """Who ends every process of the job when it is over, the uploader too: `SLURM`, `Kubernetes`, `CI`, `container`.

    None where processes may outlive the job. `first_process` is the name of process 1, read from /proc when None.
    """
    environment = os.environ if environment is None else environment
    if environment.get("SLURM_JOB_ID"):
        return "SLURM"
    if environment.get("KUBERNETES_SERVICE_HOST"):
        return "Kubernetes"
    if environment.get("CI", "").lower() not in ("", "0", "false", "no"):
        return "CI"
    if first_process is None:
        try:
            first_process = Path("/proc/1/comm").read_text().strip()
        except OSError:
            return None
    return None if first_process in _LASTING else "container"


def _number(environment: Mapping[str, str], names: tuple[str, ...]) -> int | None:
    for name in names:
        text = environment.get(name, "")
        if text.isascii() and text.isdigit():
            return int(text)
    return None

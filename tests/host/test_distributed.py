"""Ranks and owners, from the environments launchers really make."""

from __future__ import annotations

import pytest

from pluto.core.distributed import owner, ranks

ENVIRONMENTS = {
    "torchrun": ({"RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "1"}, (5, 8, 1)),
    "openmpi": (
        {"OMPI_COMM_WORLD_RANK": "3", "OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_LOCAL_RANK": "1"},
        (3, 4, 1),
    ),
    "mvapich": ({"MV2_COMM_WORLD_RANK": "0", "MV2_COMM_WORLD_SIZE": "2", "MV2_COMM_WORLD_LOCAL_RANK": "0"}, (0, 2, 0)),
    "horovod": ({"HOROVOD_RANK": "1", "HOROVOD_SIZE": "2", "HOROVOD_LOCAL_RANK": "1"}, (1, 2, 1)),
    "pmi": ({"PMI_RANK": "2", "PMI_SIZE": "4", "MPI_LOCALRANKID": "0"}, (2, 4, 0)),
    "slurm": ({"SLURM_PROCID": "6", "SLURM_STEP_NUM_TASKS": "8", "SLURM_LOCALID": "2", "SLURM_NTASKS": "8"}, (6, 8, 2)),
}


@pytest.mark.parametrize("launcher", ENVIRONMENTS)
def test_launchers(launcher: str) -> None:
    environment, expected = ENVIRONMENTS[launcher]
    found = ranks(environment)
    assert (found.rank, found.world_size, found.local_rank) == expected
    assert found.launcher == launcher
    assert found.distributed
    assert found.primary == (expected[0] == 0)
    assert found.node


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"RANK": "1"},  # a node's number, in some clouds
        {"RANK": "8", "WORLD_SIZE": "8"},
        {"RANK": "-1", "WORLD_SIZE": "8"},
        {"RANK": "one", "WORLD_SIZE": "2"},
        {"RANK": "²", "WORLD_SIZE": "2"},
        {"SLURM_PROCID": "0", "SLURM_NTASKS": "4", "SLURM_JOB_ID": "7"},  # a batch script, which runs once
    ],
)
def test_on_its_own(environment: dict[str, str]) -> None:
    found = ranks(environment)
    assert (found.rank, found.world_size, found.local_rank, found.launcher) == (0, 1, 0, None)
    assert found.primary
    assert not found.distributed


def test_the_innermost_launcher_counts() -> None:
    srun = {"SLURM_PROCID": "1", "SLURM_STEP_NUM_TASKS": "2", "SLURM_LOCALID": "0"}
    assert ranks({**srun, "RANK": "9", "WORLD_SIZE": "16", "LOCAL_RANK": "1"}).rank == 9
    assert ranks(srun).rank == 1


@pytest.mark.parametrize(
    ("environment", "first", "expected"),
    [
        ({}, "systemd", None),
        ({}, "init", None),
        ({}, "python", "container"),
        ({}, "tini", "container"),
        ({"CI": "true"}, "systemd", "CI"),
        ({"CI": "false"}, "systemd", None),
        ({"SLURM_JOB_ID": "1"}, "systemd", "SLURM"),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "python", "Kubernetes"),
    ],
)
def test_owners(environment: dict[str, str], first: str, expected: str | None) -> None:
    assert owner(environment, first) == expected


def test_this_machine() -> None:
    assert owner() in (None, "SLURM", "Kubernetes", "CI", "container")
    assert ranks().world_size == 1

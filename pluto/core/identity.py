"""Which run a process means: a new one, one of this id, or one the server numbered."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pluto.core.distributed import Ranks
from pluto.core.names import external_id as new_id

Resume = bool | Literal["allow", "must", "never"]


@dataclass(frozen=True, slots=True)
class Fork:
    """The run a new one starts from."""

    run: int | str
    step: int | float
    inherit_config: bool | None = None
    inherit_tags: bool | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Which run is meant, and what is to happen when it exists or not."""

    external_id: str | None
    number: int | None = None
    display_id: str | None = None
    policy: str = "create"
    """As `records.Start.policy`."""
    resuming: bool = False
    """Automatic steps go on where the run stood."""
    waits: bool = False
    """Whether opening the run needs the server's answer."""
    fork: Fork | None = None
    new: bool = False
    """Whether nobody else can have this identity."""

    @property
    def text(self) -> str:
        """The identity as one text, for the folder's name."""
        if self.external_id is not None:
            return self.external_id
        return f"#{self.number}" if self.number is not None else f"@{self.display_id}"


def identify(
    run_id: str | int | None,
    display_id: str | None,
    resume: Resume,
    fork: Fork | None,
    ranks: Ranks,
    *,
    shared: bool,
) -> Identity:
    """The identity that the parameters of `init` name; `shared` says that `run_id` comes from PLUTO_RUN_ID.

    Raises `ValueError` and `TypeError` for a combination that names no run.
    """
    if resume not in (True, False, "allow", "must", "never"):
        raise ValueError(f"resume is True, False, 'allow', 'must' or 'never', not {resume!r}")
    if display_id is not None or (isinstance(run_id, int) and not isinstance(run_id, bool)):
        if display_id is not None and run_id is not None:
            raise ValueError("a run is named by run_id or by display_id, not by both")
        if resume == "never" or fork is not None:
            raise ValueError("a number or display id names a run that exists: it can't be created or forked into")
        number = run_id if isinstance(run_id, int) else None
        return Identity(None, number, display_id, "must", resuming=True, waits=True)
    if run_id is None:
        if resume in (True, "must"):
            raise ValueError("resume needs to know which run: pass run_id, or set PLUTO_RUN_ID")
        job = _job_id(ranks)
        return Identity(job or new_id(), waits=fork is not None, fork=fork, new=job is None)
    if not isinstance(run_id, str):
        raise TypeError(
            f"run_id is a text, or a whole number for a number the server gave, not {type(run_id).__name__}"
        )
    if not run_id.strip() or len(run_id) > 255 or "\0" in run_id:
        raise ValueError("run_id has 1 to 255 characters, not all of them blank")
    if resume == "must":
        return Identity(run_id, policy="must", resuming=True, waits=True)
    if resume in (True, "allow"):
        return Identity(run_id, resuming=True, waits=True, fork=fork)
    if shared or (ranks.distributed and resume is False):
        return Identity(run_id, waits=fork is not None, fork=fork)
    return Identity(run_id, policy="never", waits=True, fork=fork)


def _job_id(ranks: Ranks, environment: Mapping[str, str] | None = None) -> str | None:
    """The id that the ranks of one job agree on without talking; None on its own, or where they can't."""
    if not ranks.distributed:
        return None
    environment = os.environ if environment is None else environment
    job = environment.get("SLURM_JOB_ID")
    if job:
        facts = ("slurm", environment.get("SLURM_CLUSTER_NAME", ""), job, environment.get("SLURM_STEP_ID", ""))
    else:
        local = environment.get("LOCAL_WORLD_SIZE") or environment.get("OMPI_COMM_WORLD_LOCAL_SIZE")
        if local is not None and local != str(ranks.world_size):
            return None
        facts = ("launcher", ranks.node, str(os.getppid()), _started(os.getppid()))
    return "job-" + hashlib.sha256("\0".join(facts).encode()).hexdigest()[:16]


def _started(pid: int) -> str:
    """When a process began, so that its number alone does not stand for it."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return boot + Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return os.environ.get("MASTER_PORT", "")

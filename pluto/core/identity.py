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

_SHELLS = frozenset("ash bash csh dash fish ksh mksh nu pwsh sh tcsh xonsh zsh".split())


@dataclass(frozen=True, slots=True)
class Fork:
    """The run a new one starts from."""

    run: int | str | None
    step: int | float
    inherit_config: bool | None = None
    inherit_tags: bool | None = None
    external_id: str | None = None
    """Names it in the place of `run`."""
    needed: bool = False
    """Whether the run is refused where there is no parent of that external id, and does not begin without."""


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
    scope: str = "job"
    """Which ranks of a distributed job share it without being told: those of the `job`, of a `node`, of a `process`."""

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
        job, scope = _job_id(ranks)
        return Identity(job or new_id(), waits=fork is not None, fork=fork, new=job is None, scope=scope)
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


def _job_id(ranks: Ranks, environment: Mapping[str, str] | None = None) -> tuple[str | None, str]:
    """The id that ranks agree on without talking, and which ones do; None on its own, or where they can't."""
    if not ranks.distributed:
        return None, "job"
    environment = os.environ if environment is None else environment
    scope = "job"
    slurm, torch = environment.get("SLURM_JOB_ID"), environment.get("TORCHELASTIC_RUN_ID", "none")
    local = environment.get("LOCAL_WORLD_SIZE") or environment.get("OMPI_COMM_WORLD_LOCAL_SIZE")
    spread = local is not None and local != str(ranks.world_size)
    if slurm:
        facts = ("slurm", environment.get("SLURM_CLUSTER_NAME", ""), slurm, environment.get("SLURM_STEP_ID", ""))
    elif spread and torch != "none":
        facts = ("torchrun", torch, environment.get("MASTER_ADDR", ""), environment.get("MASTER_PORT", ""))
    else:
        # The launcher is the parent of its node's ranks and ends with the job; a shell goes on to the next one.
        parent = os.getppid()
        if _is_shell(parent):
            return None, "process"
        facts = ("launcher", ranks.node, str(parent), _started(parent))
        scope = "node" if spread else "job"
    return "job-" + hashlib.sha256("\0".join(facts).encode()).hexdigest()[:16], scope


def _is_shell(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip() in _SHELLS
    except OSError:
        return False


def _started(pid: int) -> str:
    """When a process began, so that its number alone does not stand for it."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return boot + Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return os.environ.get("MASTER_PORT", "")

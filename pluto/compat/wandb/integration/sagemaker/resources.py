"""What a job makes of it."""

from __future__ import annotations

import os
import secrets
import socket
import string
from typing import Any

from pluto.compat.wandb.integration.sagemaker import files


def set_run_id(run_settings: Any) -> bool:
    """Gives a run of a job an id made of the job's name and host, and the job as its group; False where not."""
    if os.environ.get("WANDB_RUN_ID"):
        return False
    group = os.environ.get("TRAINING_JOB_NAME")
    if not group or os.environ.get("WANDB_RUN_GROUP"):
        return False
    host = os.environ.get("CURRENT_HOST", socket.gethostname())
    alphabet = string.ascii_lowercase + string.digits
    suffix = "".join(secrets.choice(alphabet) for _ in range(6))
    run_settings.run_id = f"{group}-{suffix}-{host}"
    run_settings.run_group = group
    return True


def set_global_settings(settings: Any) -> None:
    """Takes the key of `secrets.env` over."""
    found = parse_sm_secrets()
    if found.get("WANDB_API_KEY"):
        settings.api_key = found["WANDB_API_KEY"]


def parse_sm_secrets() -> dict[str, str]:
    """What `secrets.env` of the working directory says; empty where there is none."""
    if not os.path.exists(files.SM_SECRETS):
        return {}
    with open(files.SM_SECRETS, encoding="utf-8") as file:
        pairs = [line.strip().split("=", 1) for line in file if "=" in line]
    return dict(pairs)

"""What SageMaker tells a job."""

from __future__ import annotations

import json
import os
import re
import warnings
from typing import Any

from pluto.compat.wandb.integration.sagemaker import files


def is_using_sagemaker() -> bool:
    """Whether this is a job of SageMaker's."""
    return os.path.exists(files.SM_PARAM_CONFIG) or "SM_TRAINING_ENV" in os.environ


def parse_sm_config() -> dict[str, Any]:
    """The job's hyperparameters, numbers as such, and what SM_TRAINING_ENV holds."""
    found: dict[str, Any] = {}
    if os.path.exists(files.SM_PARAM_CONFIG):
        found["sagemaker_training_job_name"] = os.environ.get("TRAINING_JOB_NAME")
        with open(files.SM_PARAM_CONFIG, encoding="utf-8") as file:
            found.update({name: _cast(value) for name, value in json.load(file).items()})
    if os.environ.get("SM_TRAINING_ENV"):
        try:
            found.update(json.loads(os.environ["SM_TRAINING_ENV"]))
        except json.JSONDecodeError:
            warnings.warn("Failed to parse SM_TRAINING_ENV not valid JSON string", stacklevel=2)
    return found


def _cast(value: str) -> Any:
    text = value.strip('"')
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    return float(text) if re.fullmatch(r"-?(\d+\.\d*|\.\d+)", text) else text

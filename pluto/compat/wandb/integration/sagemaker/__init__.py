"""Runs within SageMaker's training jobs."""

from pluto.compat.wandb.integration.sagemaker.auth import sagemaker_auth
from pluto.compat.wandb.integration.sagemaker.config import is_using_sagemaker, parse_sm_config
from pluto.compat.wandb.integration.sagemaker.resources import parse_sm_secrets, set_global_settings, set_run_id

__all__ = [
    "is_using_sagemaker", "parse_sm_config", "parse_sm_secrets", "sagemaker_auth", "set_global_settings", "set_run_id",
]  # fmt: skip

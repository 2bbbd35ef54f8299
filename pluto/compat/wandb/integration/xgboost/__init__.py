"""Training of XGBoost models as rows of a run."""

from pluto.compat.wandb.integration.xgboost.xgboost import WandbCallback, wandb_callback

__all__ = ["WandbCallback", "wandb_callback"]

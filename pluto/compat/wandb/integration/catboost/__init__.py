"""Training of CatBoost models as rows of a run."""

from pluto.compat.wandb.integration.catboost.catboost import WandbCallback, log_summary

__all__ = ["WandbCallback", "log_summary"]

"""Callbacks for `fit`."""

from pluto.compat.wandb.integration.keras.callbacks.metrics_logger import WandbMetricsLogger
from pluto.compat.wandb.integration.keras.callbacks.model_checkpoint import WandbModelCheckpoint
from pluto.compat.wandb.integration.keras.callbacks.tables_builder import WandbEvalCallback

__all__ = ("WandbEvalCallback", "WandbMetricsLogger", "WandbModelCheckpoint")

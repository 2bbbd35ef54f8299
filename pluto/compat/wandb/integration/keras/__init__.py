"""Training of Keras models as rows of a run."""

from pluto.compat.wandb.integration.keras.callbacks import (
    WandbEvalCallback,
    WandbMetricsLogger,
    WandbModelCheckpoint,
)
from pluto.compat.wandb.integration.keras.keras import WandbCallback, patch_tf_keras

__all__ = ("WandbCallback", "WandbEvalCallback", "WandbMetricsLogger", "WandbModelCheckpoint", "patch_tf_keras")

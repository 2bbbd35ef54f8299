"""Training of Stable-Baselines3 models as a run. With `init(sync_tensorboard=True)` its scalars become metrics."""

from pluto.compat.wandb.integration.sb3.sb3 import WandbCallback

__all__ = ["WandbCallback"]

"""The class of a run by its older module path."""

from pluto.compat.wandb.sdk.wandb_run import Run

__all__ = ["Run"]

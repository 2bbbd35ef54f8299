"""Pipelines of diffusers."""

from pluto.compat.wandb.integration.diffusers.autologger import autolog

__all__ = ["autolog"]

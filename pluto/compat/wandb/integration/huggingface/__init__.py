"""Pipelines of transformers."""

from pluto.compat.wandb.integration.huggingface.huggingface import autolog

__all__ = ["autolog"]

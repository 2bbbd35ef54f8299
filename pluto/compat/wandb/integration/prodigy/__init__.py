"""Data sets of Prodigy."""

from __future__ import annotations

from pluto.compat.wandb.integration.needs import instead

__all__ = ["upload_dataset"]


def upload_dataset(dataset_name: str) -> None:  # noqa: ARG001
    """Not part of Pluto: raises `UnsupportedError`, which says what to use."""
    raise instead("prodigy", "read the examples with prodigy's database and log them as a wandb.Table")

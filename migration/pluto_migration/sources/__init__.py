"""The sources, one module or package each, by the name they have on the command line."""

from __future__ import annotations

import importlib
from typing import Final, cast

from pluto_migration.source import Source

SOURCES: Final = {
    "neptune-exporter": "neptune_exporter",
    "neptune": "neptune1",
    "neptune-scale": "neptune_scale",
    "wandb": "wandb_local",
    "wandb-live": "wandb_live",
    "wandb-parquet": "wandb_parquet",
    "tensorboard": "tensorboard",
    "mlflow": "mlflow",
    "trackio": "trackio",
    "aim": "aim",
    "csv": "csv",
    "parquet": "parquet",
    "pluto": "pluto_store",
}


def source_of(name: str) -> Source:
    """The source of a name; loads nothing of the others. Raises `KeyError`."""
    return cast(Source, importlib.import_module(f"pluto_migration.sources.{SOURCES[name]}"))

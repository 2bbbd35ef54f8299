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

TITLES: Final = {
    "neptune-exporter": "Archives that neptune-exporter has made of Neptune 2.x and 3.x projects.",
    "neptune": "What the neptune package has left in .neptune.",
    "neptune-scale": "What the neptune-scale package has left on disk.",
    "wandb": "Run folders of W&B, online and offline ones.",
    "wandb-live": "Runs that are in W&B, through the wandb package.",
    "wandb-parquet": "Histories that W&B has exported as Parquet.",
    "tensorboard": "Event files of TensorBoard.",
    "mlflow": "Runs of MLflow: mlruns folders and databases.",
    "trackio": "Databases of Trackio.",
    "aim": "Repositories of Aim, through the aim package.",
    "csv": "CSV files.",
    "parquet": "Parquet files.",
    "pluto": "Other stores and servers of Pluto.",
}
"""What each of them reads, in a line."""


def source_of(name: str) -> Source:
    """The source of a name; loads nothing of the others. Raises `KeyError`."""
    return cast(Source, importlib.import_module(f"pluto_migration.sources.{SOURCES[name]}"))

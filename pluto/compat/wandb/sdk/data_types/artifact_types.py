"""Which data types an artifact takes."""

from __future__ import annotations


def artifact_types() -> tuple[type, ...]:
    """The classes whose values can be put into an artifact."""
    from pluto.compat.wandb import data_types as types

    return (
        types.Bokeh, types.JoinedTable, types.PartitionedTable, types.Table, types.Classes, types.ImageMask,
        types.BoundingBoxes2D, types.Audio, types.Image, types.Video, types.Html, types.Object3D, types.Molecule,
        types._SavedModel,
    )  # fmt: skip

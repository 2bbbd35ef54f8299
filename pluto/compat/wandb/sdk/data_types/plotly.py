"""Figures of plotly, and what becomes one."""

from __future__ import annotations

import os
from typing import Any

from pluto.compat.wandb.sdk.data_types import figures
from pluto.compat.wandb.sdk.data_types.base_types.layout import json_text
from pluto.compat.wandb.sdk.data_types.base_types.media import Media, _numpy_arrays_to_lists
from pluto.compat.wandb.sdk.data_types.image import Image


class Plotly(Media):
    """A figure of plotly, or one of matplotlib without pictures, turned into one of plotly.

    Raises `ValueError` for anything else, and `Error` where a figure of matplotlib is to be turned and there is no
    plotly.
    """

    _log_type = "plotly-file"

    def __init__(self, val: Any) -> None:
        super().__init__()
        if figures.is_matplotlib(val):
            if figures.contains_images(val):
                raise ValueError(
                    "Plotly does not currently support converting matplotlib figures containing images."
                    " You can convert the plot to a static image with `wandb.Image(plt)`"
                )
            val = figures.as_plotly(val)
        elif not figures.is_plotly(val):
            raise ValueError(
                "Logged plots must be plotly figures, or matplotlib plots convertible to plotly via mpl_to_plotly"
            )
        self._set_content(json_text(_numpy_arrays_to_lists(val.to_plotly_json())), ".plotly.json")

    @classmethod
    def make_plot_media(cls, val: Any) -> Image | Plotly:
        """What is logged for a figure: the figure, or an image of it where it shows pictures."""
        if figures.is_matplotlib(val) and figures.contains_images(val):
            return Image(val)
        return cls(val)

    @classmethod
    def get_media_subdir(cls) -> str:
        """`media/plotly`."""
        return os.path.join("media", "plotly")

    def to_json(self, run_or_artifact: Any) -> dict[str, Any]:
        """The file."""
        return {**super().to_json(run_or_artifact), "_type": self._log_type}


__all__ = ["Plotly"]

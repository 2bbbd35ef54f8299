"""Figures of matplotlib: found from whatever belongs to them, drawn, or turned into plotly's."""

from __future__ import annotations

import sys
from typing import Any

from pluto.compat.wandb.errors.errors import Error


def is_matplotlib(value: Any) -> bool:
    """Whether this belongs to matplotlib: a figure, axes, an artist, or `pyplot` itself."""
    return type(value).__module__.startswith("matplotlib.") or (
        value is not None and value is sys.modules.get("matplotlib.pyplot")
    )


def is_plotly(value: Any) -> bool:
    """Whether this is a figure of plotly."""
    return type(value).__module__.startswith("plotly.")


def figure_of(value: Any) -> Any:
    """The figure that this is, or is part of; for `pyplot` the current one.

    Raises `ValueError` for what belongs to no figure.
    """
    from matplotlib.figure import Figure

    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None and value is pyplot:
        return pyplot.gcf()
    if isinstance(value, Figure):
        return value
    figure = getattr(value, "figure", None)
    while figure is not None and not isinstance(figure, Figure) and getattr(figure, "figure", figure) is not figure:
        figure = figure.figure
    if not isinstance(figure, Figure):
        raise ValueError("Only matplotlib.pyplot or matplotlib.pyplot.Figure objects are accepted.")
    return figure


def contains_images(value: Any) -> bool:
    """Whether the figure shows pictures, which plotly can't."""
    return any(axes.images for axes in figure_of(value).axes)


def as_plotly(value: Any) -> Any:
    """The figure as one of plotly's. Raises `Error` without plotly."""
    figure = figure_of(value)
    try:
        import plotly.tools
    except ImportError as error:
        raise Error(
            "plotly is required to log interactive plots, install with: `pip install plotly` or convert the plot to an"
            " image with `wandb.Image(plt)`"
        ) from error
    _help_plotly()
    return plotly.tools.mpl_to_plotly(figure)


def _help_plotly() -> None:
    """Gives matplotlib's spines a method back which plotly calls, and newer releases lack."""
    from matplotlib.spines import Spine

    def is_frame_like(spine: Any) -> bool:
        named: dict[Any, Any] = {"center": ("axes", 0.5), "zero": ("data", 0), None: ("outward", 0.0)}
        position = named.get(spine._position, spine._position)
        if len(position) != 2:
            raise ValueError("position should be 2-tuple")
        return bool(position[0] == "outward" and position[1] == 0)

    if not hasattr(Spine, "is_frame_like"):
        setattr(Spine, "is_frame_like", is_frame_like)  # noqa: B010  its stubs do not know it

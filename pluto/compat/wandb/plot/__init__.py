"""Charts: a table, and what is drawn of it. All of them can be logged under any name."""

# The functions have the names of their modules: they are taken from there at once, or the modules would stand here.
from pluto.compat.wandb.plot.bar import bar
from pluto.compat.wandb.plot.confusion_matrix import confusion_matrix
from pluto.compat.wandb.plot.custom_chart import CustomChart, plot_table
from pluto.compat.wandb.plot.histogram import histogram
from pluto.compat.wandb.plot.line import line
from pluto.compat.wandb.plot.line_series import line_series
from pluto.compat.wandb.plot.pr_curve import pr_curve
from pluto.compat.wandb.plot.roc_curve import roc_curve
from pluto.compat.wandb.plot.scatter import scatter
from pluto.compat.wandb.plot.viz import Visualize, visualize

__all__ = [
    "CustomChart", "Visualize", "bar", "confusion_matrix", "histogram", "line", "line_series", "plot_table", "pr_curve",
    "roc_curve", "scatter", "visualize",
]  # fmt: skip

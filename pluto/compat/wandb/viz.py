"""Charts by the module path they had in older releases."""

from pluto.compat.wandb.plot.custom_chart import CustomChart
from pluto.compat.wandb.plot.custom_chart import plot_table as custom_chart
from pluto.compat.wandb.plot.viz import Visualize, visualize

__all__ = ["CustomChart", "Visualize", "custom_chart", "visualize"]

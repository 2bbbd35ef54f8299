"""Structured values for `Op.log`: histograms, tables and graphs."""

from pluto.core.data.base import Data
from pluto.core.data.graph import Graph
from pluto.core.data.histogram import Histogram
from pluto.core.data.table import Table

__all__ = ["Data", "Graph", "Histogram", "Table"]

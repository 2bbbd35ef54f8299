"""All data types under one name."""

from pluto.compat.wandb.sdk.data_types.audio import Audio
from pluto.compat.wandb.sdk.data_types.base_types.media import BatchableMedia, Media
from pluto.compat.wandb.sdk.data_types.base_types.wb_value import WBValue
from pluto.compat.wandb.sdk.data_types.bokeh import Bokeh
from pluto.compat.wandb.sdk.data_types.eval_table import EvalTable
from pluto.compat.wandb.sdk.data_types.graph import Graph, Node
from pluto.compat.wandb.sdk.data_types.helper_types.bounding_boxes_2d import BoundingBoxes2D
from pluto.compat.wandb.sdk.data_types.helper_types.classes import Classes
from pluto.compat.wandb.sdk.data_types.helper_types.image_mask import ImageMask
from pluto.compat.wandb.sdk.data_types.histogram import Histogram
from pluto.compat.wandb.sdk.data_types.html import Html
from pluto.compat.wandb.sdk.data_types.image import Image
from pluto.compat.wandb.sdk.data_types.molecule import Molecule
from pluto.compat.wandb.sdk.data_types.object_3d import Object3D, box3d
from pluto.compat.wandb.sdk.data_types.plotly import Plotly
from pluto.compat.wandb.sdk.data_types.saved_model import _SavedModel
from pluto.compat.wandb.sdk.data_types.table import JoinedTable, PartitionedTable, Table
from pluto.compat.wandb.sdk.data_types.trace_tree import WBTraceTree
from pluto.compat.wandb.sdk.data_types.video import Video

__all__ = [
    "Audio", "BatchableMedia", "Bokeh", "BoundingBoxes2D", "Classes", "EvalTable", "Graph", "Histogram", "Html",
    "Image", "ImageMask", "JoinedTable", "Media", "Molecule", "Node", "Object3D", "PartitionedTable", "Plotly",
    "Table", "Video", "WBTraceTree", "WBValue", "_SavedModel", "box3d",
]  # fmt: skip

"""The former place of tables, under their former names."""

from pluto.compat.neptune.exceptions import MetadataInconsistency
from pluto.compat.neptune.internal.backends.api_model import AttributeType
from pluto.compat.neptune.internal.container_type import ContainerType
from pluto.compat.neptune.table import LeaderboardEntry, LeaderboardHandler
from pluto.compat.neptune.table import Table as RunsTable
from pluto.compat.neptune.table import TableEntry as RunsTableEntry

__all__ = [
    "AttributeType",
    "ContainerType",
    "LeaderboardEntry",
    "LeaderboardHandler",
    "MetadataInconsistency",
    "RunsTable",
    "RunsTableEntry",
]

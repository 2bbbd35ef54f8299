"""The former place of `Run` and what belongs to it."""

from pluto.compat.neptune.attributes.attribute import Attribute
from pluto.compat.neptune.attributes.namespace import Namespace as NamespaceAttr
from pluto.compat.neptune.attributes.namespace import NamespaceBuilder
from pluto.compat.neptune.exceptions import (
    InactiveRunException,
    MetadataInconsistency,
    NeptunePossibleLegacyUsageException,
)
from pluto.compat.neptune.handler import Handler
from pluto.compat.neptune.internal.state import ContainerState as RunState
from pluto.compat.neptune.metadata_containers.run import Run
from pluto.compat.neptune.types import Boolean, Datetime, Float, Integer, String
from pluto.compat.neptune.types.namespace import Namespace
from pluto.compat.neptune.types.value import Value

__all__ = [
    "Attribute",
    "Boolean",
    "Datetime",
    "Float",
    "Handler",
    "InactiveRunException",
    "Integer",
    "MetadataInconsistency",
    "Namespace",
    "NamespaceAttr",
    "NamespaceBuilder",
    "NeptunePossibleLegacyUsageException",
    "Run",
    "RunState",
    "String",
    "Value",
]

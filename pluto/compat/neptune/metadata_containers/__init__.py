"""Runs, projects, models and model versions."""

from pluto.compat.neptune.metadata_containers.metadata_container import MetadataContainer
from pluto.compat.neptune.metadata_containers.model import Model
from pluto.compat.neptune.metadata_containers.model_version import ModelVersion
from pluto.compat.neptune.metadata_containers.project import Project
from pluto.compat.neptune.metadata_containers.run import Run

__all__ = ["MetadataContainer", "Model", "ModelVersion", "Project", "Run"]

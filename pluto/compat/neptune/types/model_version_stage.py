"""How far a model version has come."""

import enum

__all__ = ["ModelVersionStage"]


class ModelVersionStage(enum.Enum):
    """What `change_stage` takes."""

    NONE = "none"
    STAGING = "staging"
    PRODUCTION = "production"
    ARCHIVED = "archived"

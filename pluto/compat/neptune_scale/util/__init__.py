"""Small things the client is made of."""

from pluto.compat.neptune_scale.util.logger import get_logger

__all__ = ["get_logger"]

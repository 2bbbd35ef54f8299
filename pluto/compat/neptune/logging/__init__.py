"""Writing lines to a string series."""

from pluto.compat.neptune.logging.logger import Logger

__all__ = ["Logger"]

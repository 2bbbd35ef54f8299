"""Series."""

from pluto.compat.neptune.types.series.file_series import FileSeries
from pluto.compat.neptune.types.series.float_series import FloatSeries
from pluto.compat.neptune.types.series.string_series import StringSeries

__all__ = ["FileSeries", "FloatSeries", "StringSeries"]

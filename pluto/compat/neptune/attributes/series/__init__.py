"""Fields that hold values over steps."""

from pluto.compat.neptune.attributes.series.file_series import FileSeries
from pluto.compat.neptune.attributes.series.float_series import FloatSeries
from pluto.compat.neptune.attributes.series.string_series import StringSeries

__all__ = ["FileSeries", "FloatSeries", "StringSeries"]

"""What a picture, a chart, a table or any object becomes when it is made a file.

Nothing is imported here to find out what a value is: a library whose objects are at hand is loaded already.
"""

from __future__ import annotations

import base64
import io
import sys
import warnings
from typing import Any, Final

from pluto.compat.neptune.exceptions import PlotlyIncompatibilityException
from pluto.compat.neptune.internal.utils.logger import get_logger

__all__ = [
    "get_html_content",
    "get_image_content",
    "get_pickle_content",
    "is_altair_chart",
    "is_bokeh_figure",
    "is_matplotlib_figure",
    "is_numpy_array",
    "is_pandas_dataframe",
    "is_pil_image",
    "is_plotly_figure",
    "is_seaborn_figure",
]

logger = get_logger()

_GRIDS: Final = ("FacetGrid", "PairGrid", "JointGrid")
_PLAIN: Final = frozenset((int, float, bool, str, bytes, dict, list, tuple, set, type(None)))


def _made_by(value: Any, module: str) -> str:
    """The name of the value's class, where it comes from `module` or below; else nothing."""
    kind = type(value)
    home = kind.__module__
    return kind.__name__ if home == module or home.startswith(f"{module}.") else ""


def _is_a(value: Any, module: str, name: str) -> bool:
    loaded = sys.modules.get(module)
    kind = getattr(loaded, name, None)
    return isinstance(kind, type) and isinstance(value, kind)


def is_numpy_array(image: Any) -> bool:
    """Whether it is an array of NumPy."""
    return _is_a(image, "numpy", "ndarray")


def is_pil_image(image: Any) -> bool:
    """Whether it is an image of Pillow."""
    return _is_a(image, "PIL.Image", "Image")


def is_matplotlib_figure(image: Any) -> bool:
    """Whether it is a figure or axes of Matplotlib."""
    return _made_by(image, "matplotlib") in ("Figure", "Axes")


def is_plotly_figure(chart: Any) -> bool:
    """Whether it is a figure of Plotly."""
    return _made_by(chart, "plotly") == "Figure"


def is_altair_chart(chart: Any) -> bool:
    """Whether it is a chart of Altair."""
    return "Chart" in _made_by(chart, "altair")


def is_bokeh_figure(chart: Any) -> bool:
    """Whether it is a figure of Bokeh."""
    return _made_by(chart, "bokeh").lower() == "figure"


def is_seaborn_figure(chart: Any) -> bool:
    """Whether it is a grid of Seaborn."""
    return _made_by(chart, "seaborn") in _GRIDS


def is_pandas_dataframe(table: Any) -> bool:
    """Whether it is a data frame of pandas."""
    return _is_a(table, "pandas", "DataFrame")


def is_picture(value: Any) -> bool:
    """Whether it becomes an image wherever a value is expected."""
    if type(value) in _PLAIN:
        return False
    return is_pil_image(value) or is_matplotlib_figure(value) or is_seaborn_figure(value)


def is_chart(value: Any) -> bool:
    """Whether it becomes a page of HTML wherever a value is expected."""
    if type(value) in _PLAIN:
        return False
    return is_altair_chart(value) or is_bokeh_figure(value) or is_plotly_figure(value) or is_seaborn_figure(value)


def get_image_content(image: Any, autoscale: bool = True) -> bytes:
    """The image as PNG. Raises `TypeError` for what is none, `ValueError` for arrays of other shapes."""
    if image is None:
        raise ValueError("there is no image: it is None")
    if is_numpy_array(image):
        return _array_png(image, autoscale)
    if is_pil_image(image):
        return _saved(image)
    if is_matplotlib_figure(image):
        return _figure_png(image)
    if _made_by(image, "torch") == "Tensor":
        return _array_png(image.detach().cpu().numpy(), autoscale)
    if "Tensor" in _made_by(image, "tensorflow"):
        return _array_png(image.numpy(), autoscale)
    if is_seaborn_figure(image):
        return _figure_png(image.figure)
    raise TypeError(f"a {type(image).__module__}.{type(image).__qualname__} can't be made an image")


def get_html_content(chart: Any, **kwargs: Any) -> str:
    """The chart or table as a page of HTML; `include_plotlyjs` as Plotly takes it.

    A Matplotlib figure becomes a Plotly chart, or an image where Plotly is not installed or can't draw it. Raises
    `ValueError` for anything else.
    """
    if getattr(chart, "__name__", "") == "matplotlib.pyplot":
        chart = chart.gcf()
    if is_matplotlib_figure(chart):
        figure = chart.figure if type(chart).__name__ == "Axes" else chart
        try:
            return _plotly_html(_as_plotly(figure), kwargs)
        except ImportError:
            logger.warning("Plotly is not installed: the figure is kept as an image")
        except PlotlyIncompatibilityException:
            raise
        except Exception as error:  # noqa: BLE001  it knows the figures of some versions of Matplotlib alone
            logger.warning("Plotly can't draw this figure (%r): it is kept as an image", error)
        return f"<img src='data:image/png;base64,{base64.b64encode(_figure_png(figure)).decode()}'/>"
    if is_pandas_dataframe(chart):
        return str(chart.to_html())
    if is_plotly_figure(chart):
        return _plotly_html(chart, kwargs)
    if is_altair_chart(chart):
        page = io.StringIO()
        chart.save(page, format="html")
        return page.getvalue()
    if is_bokeh_figure(chart):
        from bokeh.embed import file_html
        from bokeh.resources import CDN

        return str(file_html(chart, CDN))
    if is_seaborn_figure(chart):
        return _plotly_html(_as_plotly(chart.figure), kwargs)
    raise ValueError(
        f"a {type(chart).__module__}.{type(chart).__qualname__} can't be made HTML; figures of matplotlib, plotly,"
        " altair, bokeh and seaborn, and data frames of pandas can"
    )


def get_pickle_content(obj: Any) -> bytes:
    """The object, pickled."""
    import pickle

    return pickle.dumps(obj)


def _saved(image: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


def _figure_png(figure: Any) -> bytes:
    if type(figure).__name__ == "Axes":
        figure = figure.figure
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight")
    return buffer.getvalue()


def _array_png(array: Any, autoscale: bool) -> bytes:
    from PIL import Image

    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise ValueError(
            f"an image has the shape (height, width) or (height, width, 1, 3 or 4), and not {tuple(array.shape)}"
        )
    if autoscale:
        array = _scaled(array)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    return _saved(Image.fromarray(array.astype("uint8")))


def _scaled(array: Any) -> Any:
    low, high = array.min(), array.max()
    if low >= 0 and high <= 1:
        return array * 255
    if low < 0 or high > 255:
        logger.warning(
            "the image's values go from %s to %s; to be colours they have to lie within 0 to 255, or 0.0 to 1.0",
            low, high,
        )  # fmt: skip
    return array


def _as_plotly(figure: Any) -> Any:
    import matplotlib
    import plotly
    import plotly.tools

    versions = matplotlib.__version__, plotly.__version__
    if int(versions[1].split(".")[0]) < 5:
        raise PlotlyIncompatibilityException(*versions, "plotly 5 or newer is needed, or File.as_image(figure)")
    with warnings.catch_warnings():
        # Plotly warns where what it draws would not be the figure.
        warnings.filterwarnings("error", category=UserWarning, message=".*Plotly can only import path collections")
        try:
            return plotly.tools.mpl_to_plotly(figure)
        except AttributeError as error:
            if "get_offset_position" in str(error):
                raise PlotlyIncompatibilityException(*versions, "use File.as_image(figure)") from error
            raise


def _plotly_html(figure: Any, options: dict[str, Any]) -> str:
    page = io.StringIO()
    figure.write_html(page, include_plotlyjs=options.get("include_plotlyjs", True))
    return page.getvalue()

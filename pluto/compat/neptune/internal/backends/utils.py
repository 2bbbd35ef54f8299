"""Progress bars."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from pluto.compat.neptune.common.warnings import NeptuneWarning, warn_once

if TYPE_CHECKING:
    from pluto.compat.neptune.typing import ProgressBarCallback, ProgressBarType

__all__ = ["construct_progress_bar", "which_progress_bar"]


def which_progress_bar(progress_bar: ProgressBarType | None) -> type[ProgressBarCallback]:
    """The bar that is meant: a class of the user's; None and True: tqdm's, where it is installed; False: none.

    Raises `TypeError` for anything else.
    """
    from pluto.compat.neptune.typing import ProgressBarCallback
    from pluto.compat.neptune.utils import NullProgressBar, TqdmProgressBar

    if isinstance(progress_bar, type) and issubclass(progress_bar, ProgressBarCallback):
        return progress_bar
    if progress_bar is not None and not isinstance(progress_bar, bool):
        raise TypeError(
            f"progress_bar is None, True, False or a subclass of ProgressBarCallback, not {type(progress_bar).__name__}"
        )
    if progress_bar is False:
        return NullProgressBar
    if importlib.util.find_spec("tqdm") is None:
        warn_once("to see a progress bar, pip install tqdm", exception=NeptuneWarning)
        return NullProgressBar
    return TqdmProgressBar


def construct_progress_bar(progress_bar: ProgressBarType | None, description: str) -> ProgressBarCallback:
    """A new bar of that kind."""
    return which_progress_bar(progress_bar)(description=description)

"""Arrays of any library as numpy arrays, importing nothing the caller has not imported."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


def is_tensor(value: Any) -> bool:
    """Whether this is a torch tensor (or behaves like one), whose images put the channels first."""
    return hasattr(value, "detach") and hasattr(value, "cpu") and hasattr(value, "numpy")


def is_array(value: Any) -> bool:
    """Whether `as_numpy` would take this."""
    if isinstance(value, type) or ("numpy" not in sys.modules and not is_tensor(value)):
        return False
    return is_tensor(value) or (hasattr(value, "__array__") and hasattr(value, "shape"))


def as_numpy(value: Any, what: str) -> npt.NDArray[np.generic]:
    """The array as a numpy array in the CPU's memory, without a copy where that can be.

    Tensors are detached, made dense, and moved to the CPU; bfloat16 becomes float32. `what` names the value in errors.
    Raises `TypeError` for what is no array of booleans, integers or floats.
    """
    if is_tensor(value):
        value = value.detach()
        if getattr(value, "is_sparse", False):
            value = value.to_dense()
        value = value.cpu()
        for resolve in ("resolve_conj", "resolve_neg"):
            value = getattr(value, resolve, lambda same=value: same)()
        if str(getattr(value, "dtype", "")).rpartition(".")[2].startswith(("bfloat16", "float8")):
            value = value.float()
        value = value.numpy()
    import numpy

    array = numpy.asarray(value)
    if array.dtype.name in ("bfloat16", "float8_e4m3fn", "float8_e5m2"):
        array = array.astype(numpy.float32)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{what}: an array of booleans, integers or floats is needed, not of {array.dtype}")
    return array

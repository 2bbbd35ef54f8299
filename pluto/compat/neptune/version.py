"""The version of Neptune's client whose API this is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from packaging.version import Version

    version: Version

__all__ = ["__version__", "version"]

__version__: Final = "1.14.0.post2"


def __getattr__(name: str) -> Any:
    """`version`, the same as something that can be compared; it needs `packaging`."""
    if name != "version":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from packaging.version import parse

    return parse(__version__)

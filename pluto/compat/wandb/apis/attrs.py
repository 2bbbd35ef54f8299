"""Objects whose attributes are what the store says of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Attrs:
    """Something with attributes of a server. They have names as in `createdAt`, and are read as `created_at`, too."""

    def __init__(self, attrs: Mapping[str, Any]) -> None:
        self._attrs = dict(attrs)

    def snake_to_camel(self, string: str) -> str:
        """`created_at` as `createdAt`."""
        camel = "".join(word.title() for word in string.split("_"))
        return camel[0].lower() + camel[1:]

    def display(self, height: int = 420, hidden: bool = False) -> bool:
        """Shows it in a notebook; whether it could."""
        from pluto.compat.wandb.errors.term import termwarn
        from pluto.compat.wandb.sdk.lib import ipython

        if not ipython.in_jupyter():
            return False
        html = self.to_html(height, hidden)
        if html is None:
            termwarn("This object does not support `.display()`")
            return False
        import importlib

        shown = importlib.import_module("IPython.display")
        shown.display(shown.HTML(html))
        return True

    def to_html(self, *args: Any, **kwargs: Any) -> str | None:  # noqa: ARG002
        """HTML to show it by, where there is any."""
        return None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_attrs":
            raise AttributeError(name)
        key = self.snake_to_camel(name)
        if key == "user":
            raise AttributeError(name)
        for known in (key, name):
            if known in self._attrs:
                return self._attrs[known]
        raise AttributeError(f"{repr(self)!r} object has no attribute {name!r}")

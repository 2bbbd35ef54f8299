"""How a run shows itself in a notebook."""

from __future__ import annotations

import html
from typing import Any

from pluto.compat.wandb.sdk.lib import ipython
from pluto.compat.wandb.sdk.lib.run_about import RunAbout


class RunDisplay(RunAbout):
    """The run as HTML."""

    def display(self, height: int = 420, hidden: bool = False) -> bool:
        """Shows the run in a notebook. False where there is none."""
        if self._settings.silent or not ipython.in_jupyter() or ipython.in_vscode_notebook():
            return False
        from IPython import display

        display.display(display.HTML(self.to_html(height, hidden)))
        return True

    def to_html(self, height: int = 420, hidden: bool = False) -> str:
        """The run's page in a frame; where there is no page, the run in a line."""
        page = "" if self._settings._offline else self._page()
        if not page or ipython.in_vscode_notebook():
            return html.escape(str(self))
        style = f"border:none;width:100%;height:{height}px;"
        frame = f"<iframe src={page!r} style={style!r}></iframe>"
        return f"<details><summary>Display run</summary>{frame}</details>" if hidden else frame

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002
        return {"text/html": self.to_html(hidden=True)}

    def __repr__(self) -> str:
        return f"<wandb.Run {self.path} {self.name or ''}>".replace(" >", ">")

"""How integrations print: a line at a time, plainly."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pluto.compat.wandb.errors import term
from pluto.compat.wandb.sdk.lib.run_messages import sparkline


class Printer:
    """Prints to stderr."""

    supports_html = False
    supports_unicode = True

    def display(self, text: str | Iterable[str], *, level: str | int | None = None) -> None:
        """Prints a text or several, as an information, or at the level `warn` or `error`."""
        lines = text if isinstance(text, str) else "\n".join(text)
        say = {"warn": term.termwarn, "warning": term.termwarn, "error": term.termerror}.get(str(level), term.termlog)
        say(lines)

    @contextlib.contextmanager
    def dynamic_text(self) -> Iterator[None]:
        """No text that changes."""
        yield None

    def progress_update(self, text: str, percent_done: float | None = None) -> None:
        """Nothing: progress is shown by the run itself."""

    def progress_close(self) -> None:
        """Nothing."""

    def sparklines(self, series: Sequence[float]) -> str:
        """Values as bars of eight heights."""
        return sparkline(series)

    def code(self, text: str) -> str:
        """The text."""
        return text

    name = files = secondary_text = error = code

    def link(self, link: str, text: str | None = None) -> str:  # noqa: ARG002
        """The address."""
        return link

    def loading_symbol(self, tick: int) -> str:  # noqa: ARG002
        """Nothing."""
        return ""

    def emoji(self, name: str) -> str:  # noqa: ARG002
        """Nothing."""
        return ""

    def grid(self, rows: Sequence[Sequence[str]], title: str | None = None) -> str:
        """Rows of texts in columns."""
        widths = [max(map(len, column)) for column in zip(*rows, strict=False)]
        lines = [" ".join(text.rjust(width) for text, width in zip(row, widths, strict=False)) for row in rows]
        return "\n".join([title, *lines] if title else lines)

    def panel(self, columns: Sequence[str]) -> str:
        """Texts one below the other."""
        return "\n".join(columns)


def new_printer(settings: Any = None) -> Printer:
    """Something to print with; `settings` say what is shown."""
    if settings is not None:
        term.termsetup(settings, None)
    return Printer()

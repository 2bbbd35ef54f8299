"""Pages that show what is stored, in notebooks."""

from __future__ import annotations

import html


def framed(url: str | None, kind: str, path: str, height: int, hidden: bool) -> str:
    """HTML that shows a page in a frame; without one it says where to look."""
    if url is None:
        text = html.escape(f"{kind} {path} lies in the local store, which has no pages: `pluto server` shows it")
        return f"<p>{text}</p>"
    style = f"border:none;width:100%;height:{height}px;" + ("display:none;" if hidden else "")
    return f"<iframe src={html.escape(url)!r} style={style!r}></iframe>"

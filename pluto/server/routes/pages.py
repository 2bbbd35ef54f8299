"""Pages for people: what a run's address shows in a browser. Plain HTML without scripts; nothing can be changed."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pluto.protocol.records import OF_DOORS
from pluto.server.context import SLUG, Context, context, project_path, run_path
from pluto.server.identity import decode_sqid
from pluto.server.metadata.contract import Run, RunItem, RunQuery
from pluto.server.metadata.flatten import flatten
from pluto.server.routes.files import known
from pluto.server.series.contract import Damaged

ROWS_MAX: Final = 500
"""Rows of one table; what is left out is counted."""
SYSTEM: Final = "sys/"
TEXT_MAX: Final = 2_000
"""Characters of one cell."""
PICTURES: Final = frozenset({"png", "jpg", "jpeg", "gif", "webp", "bmp"})

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_STYLE: Final = """
:root { color-scheme: light dark; --line: #8883; --dim: #777; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.5rem; margin: .25rem 0; overflow-wrap: anywhere; } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
nav, .dim { color: var(--dim); }
a { color: #2f6fde; text-decoration: none; } a:hover { text-decoration: underline; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--dim); font-size: .85rem; } td { overflow-wrap: anywhere; white-space: pre-wrap; }
.number { text-align: right; white-space: nowrap; } td:first-child { min-width: 9rem; }
.badge { font-size: .8rem; padding: .1rem .5rem; border: 1px solid var(--line); border-radius: 1rem; }
.badge { white-space: nowrap; }
.RUNNING { color: #2f6fde; } .COMPLETED { color: #1f8a4c; } .FAILED { color: #c8372d; }
.TERMINATED, .CANCELLED { color: #b06f00; }
.pictures { display: flex; flex-wrap: wrap; gap: 1rem; } figure { margin: 0; max-width: 14rem; }
img { max-width: 100%; max-height: 14rem; border: 1px solid var(--line); } figcaption { font-size: .8rem; }
"""

Cell = tuple[str, str]
"""Markup, and the class of its cell."""


async def start(request: Request) -> Response:
    """The page of all projects."""
    app = context(request)
    base = app.base(request)
    rows = [
        [_link(base + project_path(found.name), found.name), _number(found.runs), text(_moment(found.updated_at))]
        for found in app.metadata.runs.projects(ROWS_MAX)
    ]
    body = table(["Project", "Runs", "Last changed"], rows) if rows else "<p>No run has been stored here yet.</p>"
    return document("Projects", body, [])


async def page(request: Request) -> Response:
    """The page of a project, or of a run: the last part of its address is its short id."""
    app, name = context(request), request.path_params["name"]
    request.app.state.watch.look()
    project, _, sqid = name.rpartition("/")
    number = decode_sqid(sqid)
    run = None if number is None else app.metadata.runs.get(number)
    if run is not None and run.project == project:
        return _run(app, request, run)
    base = app.base(request)
    above = [(f"{base}/", "Projects")]
    # Whose name may hold slashes of its own.
    runs, total = app.metadata.search.find(RunQuery(project=name, limit=ROWS_MAX))
    if not runs:
        return document("Not found", "<p>There is no such project or run here.</p>", above, 404)
    rows = [_run_row(base, item) for item in runs]
    return document(name, table(["Run", "Name", "Status", "Started", "Tags"], rows, total), above)


def _run(app: Context, request: Request, run: Run) -> Response:
    parts = [_about(run), _config(run)]
    try:
        parts += [_metrics(app, run), _files(app, request, run)]
    except Damaged as error:
        parts.append(f"<h2>Metrics and files</h2><p class=FAILED>{_escape(error)}</p>")
    base = app.base(request)
    above = [(f"{base}/", "Projects"), (base + project_path(run.project), run.project)]
    return document(f"{run.display_id} {run.name}", "".join(parts), above)


def _about(run: Run) -> str:
    facts = {
        "Started": _moment(run.created_at),
        "Status since": _moment(run.status_updated),
        "External id": run.external_id or "",
        "Tags": ", ".join(run.tags),
        "Notes": run.notes or "",
    }
    rows = [[text(name), text(value)] for name, value in facts.items() if value]
    return f"<p>{_badge(run.status)}</p>{table([], rows)}"


def _config(run: Run) -> str:
    flat = flatten({key: value for key, value in run.config.items() if key not in OF_DOORS})
    rows = [[text(key), text(value or "")] for key, (value, _) in sorted(flat.items())]
    return _section("Config", ["Key", "Value"], rows)


def _metrics(app: Context, run: Run) -> str:
    names = [name for name, type in app.series.names(run.id).items() if type == "METRIC"]
    names.sort(key=lambda name: (name.startswith(SYSTEM), name))
    found = app.series.summaries(run.id, names[:ROWS_MAX])
    rows = []
    for name in names[:ROWS_MAX]:
        one = found.get(name)
        if one is None:
            continue
        mean = one.sum / one.finite if one.finite else math.nan
        numbers = (one.last, one.min, one.max, mean, one.last_step)
        rows.append([text(name), *(_number(value) for value in numbers), _number(one.count)])
    return _section("Metrics", ["Name", "Last", "Min", "Max", "Mean", "Last step", "Points"], rows, len(names))


def _files(app: Context, request: Request, run: Run) -> str:
    page = app.series.files(run.id, limit=ROWS_MAX)
    rows, pictures = [], []
    for file in known(page.rows):
        url = app.download_url(request, file)
        name = text(file.file_name) if url is None else _link(url, file.file_name)
        rows.append([name, text(file.name), _number(file.step), _number(file.size)])
        if url is not None and file.file_type.lower() in PICTURES:
            picture = f'<img loading=lazy src="{_escape(url)}" alt="{_escape(file.file_name)}">'
            caption = file.caption or f"{file.name}, step {_show(file.step)}"
            pictures.append(f"<figure>{picture}<figcaption>{_escape(caption)}</figcaption></figure>")
    listed = _section("Files", ["File", "Logged as", "Step", "Bytes"], rows)
    more = "<p class=dim>There are more files than are shown here.</p>" if page.next else ""
    shown = f"<h2>Pictures</h2><div class=pictures>{''.join(pictures)}</div>" if pictures else ""
    return listed + more + shown


def _run_row(base: str, run: RunItem) -> list[Cell]:
    name = _link(base + run_path(run.project, run.id), run.display_id)
    return [name, text(run.name), (_badge(run.status), ""), text(_moment(run.created_at)), text(", ".join(run.tags))]


def _section(title: str, head: Sequence[str], rows: Sequence[Sequence[Cell]], total: int | None = None) -> str:
    return f"<h2>{title}</h2>{table(head, rows, total) if rows else '<p class=dim>None.</p>'}"


def table(head: Sequence[str], rows: Sequence[Sequence[Cell]], total: int | None = None) -> str:
    """A table of the first rows; it says how many of the `total` are left out."""
    classes = [cell[1] for cell in rows[0]] if rows else []
    top = "".join(f'<th class="{kind}">{_escape(name)}</th>' for name, kind in zip(head, classes, strict=False))
    lines = "".join(_line(row) for row in rows[:ROWS_MAX])
    left_out = max(total or 0, len(rows)) - min(len(rows), ROWS_MAX)
    more = f"<p class=dim>{left_out} more are not shown here.</p>" if left_out > 0 else ""
    return f"<div class=wide><table>{f'<tr>{top}</tr>' if top else ''}{lines}</table></div>{more}"


def _line(row: Sequence[Cell]) -> str:
    cells = "".join(f'<td class="{kind}">{markup}</td>' for markup, kind in row)
    return f"<tr>{cells}</tr>"


def document(title: str, body: str, above: Iterable[tuple[str, str]], status: int = 200) -> Response:
    """A whole page. `body` is markup; `above` are address and name of the pages above this one."""
    way = " / ".join(_link(path, name)[0] for path, name in above)
    content = (
        '<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content="width=device-width">'
        f'<link rel=icon href="data:,"><title>{_escape(title)} · Pluto</title><style>{_STYLE}</style></head>'
        f"<body><nav>{way or 'Pluto'}</nav><h1>{_escape(title)}</h1>{body}</body></html>"
    )
    return Response(content, status, _HEADERS, media_type="text/html")


def _badge(status: str) -> str:
    return f'<span class="badge {_escape(status)}">{_escape(status)}</span>'


def _link(path: str, text: str) -> Cell:
    return f'<a href="{_escape(path)}">{_escape(text)}</a>', ""


def text(value: str) -> Cell:
    """A cell of text."""
    return _escape(value if len(value) <= TEXT_MAX else f"{value[:TEXT_MAX]}…"), ""


def _number(value: float) -> Cell:
    return _show(value), "number"


def _show(value: float) -> str:
    """A number as people read it."""
    return f"{value:,}" if isinstance(value, int) else f"{value:.6g}"


def _moment(ms: int) -> str:
    try:
        return f"{datetime.fromtimestamp(ms / 1000, timezone.utc):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return f"{ms} ms"


def _escape(value: Any) -> str:
    return html.escape(str(value), quote=True)


ROUTES = [
    Route("/", start, methods=["GET"]),
    Route(f"/o/{SLUG}/projects/{{name:path}}", page, methods=["GET"]),
]

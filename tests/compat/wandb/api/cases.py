"""Calls of the Api that need no server, and what they give: the same code runs on this door and on the original."""

from __future__ import annotations

import contextlib
import importlib
import io
import tempfile
from collections.abc import Callable
from typing import Any

PATHS = [
    "run", "proj/run", "ent/proj/run", "ent/proj/runs/run", "/ent/proj/runs/run", "ent/proj/runs/run/", " run ",
    "proj:run", "ent/proj:run", "/runs/run", "ent/proj/sweeps/run", "", "/", "ent/ proj / run", "a/b/c/d/e",
]  # fmt: skip
PROJECTS = [None, "proj", "ent/proj", "ent/proj/more"]
ORDERS = [
    "+summary_metrics.loss", "-config.lr", "loss", "+loss", "val.loss", "-val.loss", "tags.x", "+config.a.b.value",
]  # fmt: skip
INDIVIDUAL = [
    {"key": {"section": "config", "name": "lr"}, "op": "=", "value": 1},
    {"key": {"section": "summary", "name": "loss"}, "op": "<", "value": 0.5},
    {"key": {"section": "run", "name": "state"}, "op": "!=", "value": None},
    {"key": {"section": "run", "name": "state"}, "op": ">", "value": None},
    {"key": {"section": "run", "name": ""}, "op": "=", "value": 1},
    {"key": {"section": "tags", "name": "a"}, "op": "=", "value": True},
    {"key": {"section": "tags", "name": "a"}, "op": "=", "value": False},
    {"key": {"section": "tags", "name": "a"}, "op": "IN", "value": ["a", "b"]},
    {"key": {"section": "config", "name": "lr"}, "op": "=", "value": 1, "disabled": True},
]
MONGO: list[Any] = [
    None,
    {"config.lr": 1},
    {"summary_metrics.loss": {"$lte": 3}},
    {"$or": [{"$and": [{"state": "finished"}, {"tags.x": {"$ne": 1}}]}]},
    {"keys_info.keys.a": {"$in": [1]}},
]
URLS = ["https://b.s3.eu.amazonaws.com/k/e/y", "http://b.s3.amazonaws.com/k", "https://example.com/k", "s3://b/k"]


def told(call: Callable[[], Any]) -> Any:
    """What a call gives, or the class and text of its error, and what it prints to the terminal."""
    printed = io.StringIO()
    with contextlib.redirect_stderr(printed):
        try:
            found: Any = {"gives": call()}
        except Exception as error:
            found = {"raises": type(error).__name__, "text": str(error)}
    if printed.getvalue():
        found["prints"] = printed.getvalue().split(": ", 1)[1].strip()
    return found


def api(root: str, project: str | None) -> Any:
    """An Api with settings, and no server behind it."""
    found = importlib.import_module(f"{root}.apis.public.api").Api
    made = found.__new__(found)
    made.settings = {"entity": "me", "project": project, "base_url": ""}
    return made


def run(root: str, **attrs: Any) -> Any:
    """A run that is known already."""
    found = importlib.import_module(f"{root}.apis.public.runs").Run
    known = {"state": "finished", "config": {}, "rawconfig": {}, "summaryMetrics": {}, "tags": [], **attrs}
    return found(None, "ent", "proj", "id", known)


def paths(root: str) -> Any:
    """Paths of runs, without and with a project in the settings, and those of projects."""
    bare, full = api(root, None), api(root, "set")
    return {
        "bare": {path: told(lambda path=path: list(bare._parse_path(path))) for path in PATHS},
        "full": {path: told(lambda path=path: list(full._parse_path(path))) for path in PATHS},
        "project": {str(path): told(lambda path=path: list(full._parse_project_path(path))) for path in PROJECTS},
        "from": {path: told(lambda path=path: bare.from_path(path)) for path in ("a/b/c/d/e", "a/b/x/c")},
    }


def queries(root: str) -> Any:
    """Orders and filters of the web pages."""
    maker = importlib.import_module(f"{root}.apis.public.query_generator").QueryGenerator()
    keys = {"keys": [{"key": one["key"], "ascending": True} for one in INDIVIDUAL[:2]]}
    return {
        "orders": {order: told(lambda order=order: maker.format_order_key(order)) for order in ORDERS},
        "filters": [told(lambda one=one: maker.filter_to_mongo(one)) for one in INDIVIDUAL],
        "group": told(lambda: maker.filter_to_mongo({"op": "OR", "filters": [{"op": "AND", "filters": INDIVIDUAL}]})),
        "back": [told(lambda one=one: maker.mongo_to_filter(one)) for one in MONGO],
        "keys": told(lambda: maker.keys_to_order(keys)),
        "unkeys": told(lambda: maker.order_to_keys(["+a", "-config.b"])),
        "unsigned": told(lambda: maker.order_to_keys(["a"])),
        "section": told(lambda: maker.key_to_server_path({"section": "no", "name": "x"})),
    }


def arguments(root: str) -> Any:
    """Arguments that make no sense."""
    known = run(root)
    files = importlib.import_module(f"{root}.apis.public.files")
    artifacts = importlib.import_module(f"{root}.apis.public.artifacts")
    utils = importlib.import_module(f"{root}.apis.public.utils")
    return {
        "scan text": told(lambda: known.scan_history(keys="a")),
        "scan numbers": told(lambda: known.scan_history(keys=[1])),
        "history text": told(lambda: known.history(keys="a")),
        "history numbers": told(lambda: known.history(keys=[1])),
        "history system": told(lambda: known.history(keys=["a"], stream="system")),
        "files": told(lambda: files.Files(None, known, ["a"], pattern="b")),
        "run artifacts": told(lambda: artifacts.RunArtifacts(None, known, mode="made")),
        "s3": {url: told(lambda url=url: utils.parse_s3_url_to_s3_uri(url)) for url in URLS},
        "artifact": told(lambda: api(root, None).artifact(None)),
        "use": told(lambda: known.use_artifact("a")),
        "log": told(lambda: known.log_artifact("a")),
    }


def attributes(root: str) -> Any:
    """What a run says of itself."""
    known = run(root, displayName="n", createdAt="2024-01-01T00:00:00Z", sweepName="s", id="x", jobType="j")
    return {
        name: told(lambda name=name: getattr(known, name))
        for name in (
            "name", "display_name", "created_at", "createdAt", "sweep_name", "storage_id", "id", "state", "entity",
            "path", "job_type", "nothing_of_this", "json_config", "tags", "username",
        )
    } | {"repr": repr(known), "camel": known.snake_to_camel("a_bc_d")}  # fmt: skip


def summary(root: str) -> Any:
    """A summary as a mapping."""
    made = importlib.import_module(f"{root}.apis.public.summary").HTTPSummary
    first = made(run(root), None, {"a": 1, "n": {"x": 2, "m": {"y": 3}}, "t": "text"})
    first[" b "] = 4
    first.c = 5
    return {
        "keys": sorted(first.keys()),
        "items": sorted((name, repr(value)) for name, value in first.items()),
        "json": first._json_dict,
        "nested": [told(lambda: first["n"]["x"]), told(lambda: first["n"]["m"].y), told(lambda: first.n.x)],
        "missing": [told(lambda: first["no"]), told(lambda: first.no), told(lambda: first.get("no", 7))],
        "in": ["a" in first, " a " in first, "x" in first],
        "repr": repr(made(run(root), None, {"a": 1})),
        "delete": told(lambda: first.__delitem__("no")),
    }


CASES = {"paths": paths, "queries": queries, "arguments": arguments, "attributes": attributes, "summary": summary}


def answers(root: str) -> dict[str, Any]:
    """All of them; `root` is the package."""
    with tempfile.TemporaryDirectory():
        return {name: case(root) for name, case in CASES.items()}

"""The description of the API says what the routes are, and its schemas what they take."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from pluto.server.keys import KeyRing
from pluto.server.routes import routes
from pluto.server.routes.openapi import BODIES
from tests.server.support import Caller


@pytest.fixture
def api(caller: Caller) -> dict[str, Any]:
    found: dict[str, Any] = caller.ok(caller.get("/api/openapi.json"))
    return found


def test_every_route_is_described(api: dict[str, Any]) -> None:
    described = {(path, method.upper()) for path, methods in api["paths"].items() for method in methods}
    real = {(re.sub(r":\w+}", "}", route.path), method) for route in routes() for method in route.methods or ()}
    assert {pair for pair in real if pair[1] != "HEAD"} <= described <= real
    for path, methods in api["paths"].items():
        for operation in methods.values():
            assert operation["summary"], path
            assert operation["responses"]
            names = {parameter["name"] for parameter in operation.get("parameters", ())}
            assert names == set(re.findall(r"{(\w+)}", path))


def test_the_dialect_is_openapi_3_0(api: dict[str, Any]) -> None:
    assert api["openapi"].startswith("3.0.")

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            assert node.get("type") != "null" and not isinstance(node.get("type"), list) and "$defs" not in node
            if "$ref" in node:
                place, _, name = node["$ref"].rpartition("/")
                assert place == "#/components/schemas" and name in api["components"]["schemas"]
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(api)


def test_bodies_are_those_the_routes_take(caller: Caller, api: dict[str, Any]) -> None:
    for path in BODIES:
        method = "post" if "post" in api["paths"][path] else "patch"
        schema = api["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
        known = api["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        assert known["type"] == "object"
        answer = caller.request(method.upper(), re.sub(r"{\w+}", "1", path), json={})
        if known.get("required"):
            assert answer.status_code in (400, 422) and known["required"][0] in answer.text, path
        else:
            assert answer.status_code in (400, 404)
    create = api["components"]["schemas"]["Create"]["properties"]
    assert create["externalId"] == {"type": "string", "nullable": True, "default": None}


def test_it_needs_no_key(tmp_path: Path) -> None:
    with KeyRing(tmp_path / "store") as ring:
        ring.create()
    caller = Caller(tmp_path / "store", require_key=True)
    try:
        api = caller.ok(caller.get("/api/openapi.json"))
        for path, methods in api["paths"].items():
            if "get" in methods and "{" not in path:
                answer = caller.get(path)
                assert (answer.status_code == 401) == (methods["get"].get("security") != []), path
    finally:
        caller.close()


def test_a_list_for_people(caller: Caller) -> None:
    answer = caller.get("/api/docs")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
    assert "/api/runs/create" in answer.text and "Makes a run, or attaches" in answer.text


def test_no_dead_letters(caller: Caller) -> None:
    assert caller.ok(caller.get("/health/dlq")) == {"status": "ok", "count": 0}

"""Changing a run after the fact."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.support import Caller

PREFIX = "/api/ext/v1"


def edit(caller: Caller, run: int, body: Any) -> Any:
    return caller.request("PATCH", f"{PREFIX}/runs/{run}", json=body)


def test_all_at_once(caller: Caller) -> None:
    run = caller.create(config='{"lr": 1, "old": {"deep": 2}}', tags=["a"])
    body = {"name": "other", "notes": "n" * 5000, "tags": ["b", "group:g"], "config": {"old": {"new": 3}}}
    caller.ok(edit(caller, run, body))
    found = caller.details(run)
    assert (found["name"], found["tags"], found["config"]) == ("other", ["b", "group:g"], {"old": {"new": 3}})
    assert caller.ok(caller.get(f"{PREFIX}/runs/{run}/notes"))["notes"] == "n" * 5000


def test_what_is_not_given_stays(caller: Caller) -> None:
    run = caller.create("run", config='{"lr": 1}', tags=["a"])
    caller.ok(edit(caller, run, {}))
    caller.ok(edit(caller, run, {"notes": "text"}))
    caller.ok(edit(caller, run, {"notes": None}))
    found = caller.details(run)
    assert (found["name"], found["tags"], found["config"]) == ("run", ["a"], {"lr": 1})
    assert caller.ok(caller.get(f"{PREFIX}/runs/{run}/notes"))["notes"] is None


@pytest.mark.parametrize(
    "body",
    [{"name": ""}, {"name": 3}, {"tags": "a"}, {"tags": [""]}, {"tags": ["group:a", "group:b"]}, {"config": []}, []],
)
def test_bad_bodies_change_nothing(caller: Caller, body: Any) -> None:
    run = caller.create("run", config='{"lr": 1}', tags=["a"])
    before = caller.details(run)
    assert edit(caller, run, body).status_code in (400, 422)
    assert caller.details(run) == before


def test_a_run_that_is_not_there(caller: Caller) -> None:
    assert edit(caller, 77, {"name": "x"}).status_code == 404

"""Many runs and many series at once, projects, and changes of a config: from Pluto's own server."""

from __future__ import annotations

import json

import pytest

import pluto.query as pq
from pluto.protocol.records import Console
from pluto.query import Client, QueryError
from tests.query.seed import Seeder, T


def test_overviews(seeder: Seeder, client: Client) -> None:
    full, other = seeder.full(), seeder.run(name="second", externalId="two")
    seeder.run("elsewhere")
    found = list(client.iter_overviews("digits", metrics=None, data=None, console=True))
    assert [run.name for run in found] == ["second", "first"]
    first = found[1]
    assert (first.id, first.external_id, first.display_id) == (full["runId"], "EXP-1", full["displayId"])
    assert (first.config, first.tags, first.notes) == ({"lr": 0.1, "model": {"width": 8}}, ["a", "b,c"], "first try")
    assert first.metrics["acc"].last == 0.75 and first.metrics["acc"].last_step == 2 and first.metrics["acc"].count == 2
    assert first.data["phase"]["body"] == "hot" and json.loads(first.data["h"]["body"])["freq"] == [1, 2]
    assert {(line["stream"], line["message"]) for line in first.lines} == {("INFO", "world"), ("ERROR", "oh no")}
    assert first.names == client.get_names("digits", full["runId"]) and first.readable is None
    assert [run.id for run in client.iter_overviews("digits", external_id="two")] == [other["runId"]]
    assert [run.id for run in client.iter_overviews("digits", ids=[full["runId"], 999])] == [full["runId"]]
    assert pq.iter_overviews("digits", display_id=full["displayId"]).__next__().id == full["runId"]


def test_many_points(seeder: Seeder, client: Client) -> None:
    one, two = seeder.run(), seeder.run()
    seeder.points(one, "m", range(5), range(5))
    seeder.points(two, "m", [0.5], [7])
    pairs = [(two["runId"], "m"), (one["runId"], "m"), (one["runId"], "?")]
    assert [found.values.tolist() for found in client.many_points("digits", pairs)] == [[7], [0, 1, 2, 3, 4], []]
    cut = client.many_points("digits", pairs, step_min=0.5, step_max=3, tail=2)
    assert [found.steps.tolist() for found in cut] == [[0.5], [2, 3], []]
    assert client.many_points("digits", []) == []


def test_many_points_in_several_answers(seeder: Seeder, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pluto.server.routes.overview.POINTS_MAX", 3)
    monkeypatch.setattr("pluto.query.metrics._PAIRS", 3)
    run = seeder.run()
    for n in range(7):
        seeder.points(run, f"m{n}", range(2), [n, n])
    found = client.many_points("digits", [(run["runId"], f"m{n}") for n in range(7)])
    assert [one.values.tolist() for one in found] == [[n, n] for n in range(7)]


def test_lines(seeder: Seeder, client: Client) -> None:
    run = seeder.run()
    seeder.put(run, Console(T, "INFO", 1, ["a", "b"], "s"), Console(T + 1, "ERROR", 1, ["c"]))
    rows = list(client.iter_lines("digits", run["runId"], source="s"))
    assert rows[0] == {"time": T, "stream": "INFO", "line": 1, "message": "a", "source": "s"} and len(rows) == 2
    assert [row["message"] for row in client.iter_lines("digits", run["runId"], "ERROR", "")] == ["c"]


def test_projects(client: Client) -> None:
    made = client.create_project("team/x", key="abc", description="d")
    assert (made["key"], made["description"]) == ("ABC", "d")
    assert [row["name"] for row in client.describe_projects()] == ["team/x"]
    with pytest.raises(QueryError) as caught:
        client.create_project("team/x")
    assert caught.value.status_code == 409
    client.delete_project("team/x")
    with pytest.raises(QueryError) as caught:
        client.delete_project("team/x")
    assert caught.value.status_code == 404


def test_configs_are_changed(seeder: Seeder, client: Client) -> None:
    run = seeder.run(config={"a": {"b": 1}})
    seeder.end(run)
    client.update_config("digits", run["runId"], {"a": {"c": float("nan")}, "when": None})
    found = client.get_run("digits", run["runId"])
    assert (found["config"], found["status"]) == ({"a": {"b": 1, "c": "NaN"}, "when": None}, "COMPLETED")
    with pytest.raises(QueryError):
        client.update_config("other", run["runId"], {})

"""Projects and the trash; many runs at once."""

from __future__ import annotations

import pytest

from pluto.compat.attributes import AttributeReader, Projects
from pluto.query import QueryError
from tests.compat.attributes.conftest import PROJECT, Place


def test_projects_are_made_and_deleted(local: Place) -> None:
    with local.reader() as reader:
        projects = Projects(reader)
        made = projects.create("me/first", key="one", description="the first")
        assert (made.name, made.key, made.description, made.runs) == ("me/first", "ONE", "the first", 0)
        assert projects.create("me/second").key == "SEC"
        for name, key in (("me/first", None), ("me/third", "ONE")):
            with pytest.raises(QueryError) as caught:
                projects.create(name, key=key)
            assert caught.value.status_code == 409
        with pytest.raises(QueryError):
            projects.create("me/third", key="1x")
        writer = local.open("me/first")
        model = local.open("me/first", container="model", external_id="ONE-M")
        only = local.open("me/only", container="project", external_id="me/only")
        assert writer.op.display_id == "ONE-1"
        for one in (writer, model, only):
            assert one.stop() == 0
        assert [(one.name, one.key, one.runs) for one in projects.list()] == [
            ("me/only", "", 0), ("me/second", "SEC", 0), ("me/first", "ONE", 1),
        ]  # fmt: skip
        found = projects.find("me/first")
        assert found is not None and found.description == "the first" and projects.find("me/nothing") is None
        projects.delete("me/first")
        assert projects.find("me/first") is None
        assert list(reader.runs("me/first")) == list(reader.runs("me/first", container="model")) == []
        with pytest.raises(QueryError) as caught:
            projects.delete("me/first")
        assert caught.value.status_code == 404


def test_a_stock_server_tells_less(stock: Place) -> None:
    assert stock.open().stop() == 0
    with stock.reader() as reader:
        projects = Projects(reader)
        assert [(one.name, one.key, one.description, one.runs) for one in projects.list()] == [(PROJECT, "", "", 1)]
        for call in (lambda: projects.create("x"), lambda: projects.delete(PROJECT)):
            with pytest.raises(QueryError, match="stock server"):
                call()
        (run,) = reader.runs(PROJECT)
        with pytest.raises(QueryError, match="stock server"):
            projects.erase(PROJECT, [run.id])


def test_the_trash(place: Place) -> None:
    for name in ("a", "b", "c"):
        assert place.open(name=name, atoms={"x": 1}).stop() == 0
    with place.reader() as reader:
        projects = Projects(reader)
        by_name = {run.name: run for run in reader.runs(PROJECT)}
        assert not any(run.trashed for run in by_name.values()) and by_name["a"].definitions["sys/trashed"] == "bool"
        projects.trash(PROJECT, [by_name["a"].id, by_name["b"].id])
        assert [run.name for run in reader.runs(PROJECT)] == ["c"]
        assert {run.name for run in reader.runs(PROJECT, trashed=True)} == {"a", "b"}
        assert len(list(reader.runs(PROJECT, trashed=None))) == 3
        projects.trash(PROJECT, [by_name["a"].id], back=True)
        run = reader.find(PROJECT, id=by_name["a"].id)
        assert run is not None and run.atom("sys/trashed") is False and (run.atom("x"), run.status) == (1, "COMPLETED")
        with pytest.raises(QueryError):
            projects.trash("team/other", [by_name["a"].id])


def test_runs_are_erased(local: Place) -> None:
    writers = [local.open() for _ in range(2)]
    assert [writer.stop() for writer in writers] == [0, 0]
    with local.reader() as reader:
        Projects(reader).erase(PROJECT, [int(writers[0].op.id or 0)])
        assert [run.id for run in reader.runs(PROJECT)] == [writers[1].op.id]


def test_many_runs_come_in_pages_with_what_was_asked_for(local: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pluto.query.overviews._PAGE", 2)
    for n in range(5):
        writer = local.open(external_id=f"e{n}")
        writer.append_floats("loss", [float(n), 2.0 * n])
        writer.append_texts("log", [f"t{n}"])
        assert writer.stop() == 0
    with local.reader() as reader:
        runs = list(reader.runs(PROJECT, series=["loss", "log"]))
        assert [run.external_id for run in runs] == [f"e{n}" for n in range(4, -1, -1)]
        assert [(run.last("loss"), run.last("log")) for run in runs] == [(2.0 * n, f"t{n}") for n in range(4, -1, -1)]
        few = next(reader.runs(PROJECT))
        with pytest.raises(KeyError, match="not asked for"):
            few.summary("loss")
        for path in ("nothing", "sys/id"):
            with pytest.raises(KeyError):
                runs[0].summary(path)
        found = reader.many_floats([(run, "loss") for run in runs])
        assert [points.values.tolist() for points in found] == [[float(n), 2.0 * n] for n in range(4, -1, -1)]


def test_who_is_asked_for(local: Place) -> None:
    with AttributeReader() as reader:
        for named in ({}, {"id": 1, "external_id": "x"}):
            with pytest.raises(ValueError, match="one of"):
                reader.find(PROJECT, **named)  # type: ignore[arg-type]
        assert (
            reader.find(PROJECT, id=7)
            is reader.find(PROJECT, display_id="A-1")
            is reader.find("?", external_id="x")
            is None
        )
        assert reader.find(PROJECT, display_id="no id") is None


def test_a_client_that_is_given_stays_open(local: Place) -> None:
    from pluto.query import Client

    assert local.open().stop() == 0
    with Client() as client:
        for _ in range(2):
            with AttributeReader(client) as reader:
                assert len(list(reader.runs(PROJECT))) == 1

"""Changing runs after the fact, through the client for reading."""

from __future__ import annotations

import pytest

from pluto.query import Client, QueryError
from tests.programs import Server


def test_a_run_is_made_and_changed() -> None:
    with Client() as client:
        run = client.create_run("p", external_id="r", name="first", config={"a": {"b": 1}, "c": 2})
        assert client.get_run("p", "r")["status"] == "RUNNING"
        client.merge_config("p", "r", {"a": {"x": 3}})
        assert client.get_run("p", "r")["config"] == {"a": {"b": 1, "x": 3}, "c": 2}
        client.edit_run("p", "r", name="second", tags=["t"], notes="words", config={"only": 1})
        found = client.get_run("p", run["id"])
        assert (found["name"], found["tags"], found["config"]) == ("second", ["t"], {"only": 1})
        assert client.get_notes("p", "r") == "words"
        client.edit_run("p", "r", notes=None)
        assert client.get_notes("p", "r") is None
        client.end_run("p", "r", "FAILED")
        assert client.get_run("p", "r")["status"] == "FAILED"
        assert client.run_url("p", run["id"]) is None


def test_what_cannot_be_changed() -> None:
    with Client() as client:
        client.create_run("p", external_id="r", name="first")
        with pytest.raises(QueryError) as caught:
            client.edit_run("other", "r", name="x")
        assert caught.value.status_code == 404
        with pytest.raises(ValueError, match="not 'RUNNING'"):
            client.end_run("p", "r", "RUNNING")
        with pytest.raises(QueryError):
            client.edit_run("p", "r", name="")


def test_addresses_on_a_server(server: Server) -> None:
    with Client(host=server.url) as client:
        run = client.create_run("team/p", external_id="r", name="first")
        url = client.run_url("team/p", run["id"])
        assert url is not None
        assert url.startswith(f"{server.url}/o/local/projects/team%2Fp/")
        import httpx

        page = httpx.get(url)
        assert page.status_code == 200
        assert "first" in page.text

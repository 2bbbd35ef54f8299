"""The door with a server instead of the local store."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from pluto.compat.neptune.exceptions import NeptuneInvalidApiTokenException, NeptuneMissingApiTokenException
from pluto.compat.neptune.types import File
from tests.compat.neptune.conftest import Open
from tests.programs import PLUTO, Server, serving


@pytest.fixture
def remote(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setenv("PLUTO_HOST", server.url)
    return server


def fill(run: Any) -> None:
    run["p"] = {"lr": 0.1, "n": 3, "on": True}
    run["s"].extend([1.0, 2.0], steps=[3, 4.5])
    run["t"].append("text")
    run["f"].upload(File.from_content("content", extension="md"))
    run["sys/tags"].add(["a", "b"])
    run["gone"] = 1
    del run["gone"]


def check(run: Any, tmp_path: Path) -> None:
    assert run["p"].fetch() == {"lr": 0.1, "n": 3, "on": True}
    assert run["s"].fetch_values(include_timestamp=False).values.tolist() == [[3, 1.0], [4.5, 2.0]]
    assert run["t"].fetch_last() == "text"
    assert run["f"].fetch_extension() == "md"
    run["f"].download(str(tmp_path / "f.md"))
    assert (tmp_path / "f.md").read_text() == "content"
    assert run["sys/tags"].fetch() == {"a", "b"}
    assert not run.exists("gone")


@pytest.mark.parametrize("mode", ["async", "sync"])
def test_a_run_on_a_server(remote: Server, open_run: Open, tmp_path: Path, mode: str) -> None:
    run = open_run(mode=mode, project="ws/p", name="mine")
    fill(run)
    run.sync()
    check(run, tmp_path)
    url = run.get_url()
    assert url.startswith(remote.url)
    run.stop()
    reader = open_run(run._sys_id, project="ws/p", mode="read-only")
    check(reader, tmp_path)
    assert reader["sys/name"].fetch() == "mine"
    assert not (Path.home() / ".pluto/store").exists()


def test_keys(tmp_path: Path, open_run: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "server"
    made = subprocess.run(
        [*PLUTO, "server", "--dir", folder, "keys", "create", "me"], check=True, capture_output=True, text=True
    )
    key = made.stdout.split()[0]
    with serving(folder, "--require-key") as server:
        monkeypatch.setenv("PLUTO_HOST", server.url)
        with pytest.raises(NeptuneMissingApiTokenException):
            open_run(project="ws/p")
        monkeypatch.setenv("PLUTO_API_KEY", "wrong")
        with pytest.raises(NeptuneInvalidApiTokenException):
            open_run(project="ws/p", api_token=key)  # a token is no key
        monkeypatch.setenv("PLUTO_API_KEY", key)
        run = open_run(project="ws/p")
        run["x"] = 1
        run.wait()
        assert run["x"].fetch() == 1
        run.stop()
        assert list((Path.home() / ".pluto/sync/runs").iterdir()) == []

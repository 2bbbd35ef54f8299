"""`pluto server`, its keys, `login` and `doctor` against it."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pluto.query import Client, QueryError
from tests.programs import PLUTO, Server, free_port, serving

Command = Callable[..., Any]


@pytest.fixture
def key(printed: Command, home: Path) -> str:
    """A key of the server in `home`."""
    return str(printed("server", "--dir", home / "server", "keys", "create", "me")["key"])


@pytest.fixture
def locked(key: str, home: Path) -> Iterator[Server]:
    """A server that asks for keys."""
    with serving(home / "server", "--require-key") as running:
        yield running


def test_keys(command: Command, printed: Command) -> None:
    made = command("server", "keys", "create", "laptop")
    assert made.stdout.startswith("mlps_")
    assert "can't be shown again" in made.stderr
    other = printed("server", "keys", "create", "--days", 1)
    first, second = printed("server", "keys", "list")
    assert (first["label"], first["expires"], first["revoked"]) == ("laptop", None, None)
    assert second["expires"] is not None
    assert made.stdout.strip() not in command("server", "keys", "list").stdout
    assert printed("server", "keys", "revoke", other["id"]) == {"id": other["id"], "revoked": True}
    assert printed("server", "keys", "list")[1]["revoked"] is not None
    assert "there is no key 99" in command("server", "keys", "revoke", 99, code=1).stderr


def test_a_server_open_to_others_wants_a_key(command: Command) -> None:
    assert "pluto server keys" in command("server", "--host", "0.0.0.0", "--port", 0, code=1).stderr


def test_a_port_that_is_taken(command: Command, server: Server) -> None:
    port = server.url.rpartition(":")[2]
    assert "can't be listened on" in command("server", "--port", port, code=1).stderr


def test_the_default_port_is_the_servers() -> None:
    from pluto.cli.server import PORT
    from pluto.server.serve import HOST
    from pluto.server.serve import PORT as SERVED

    assert (PORT, HOST) == (SERVED, "127.0.0.1")


@pytest.mark.parametrize("way", ["stdin", "argument"])
def test_login_keeps_the_key_and_logout_forgets_it(
    way: str, key: str, locked: Server, command: Command, root: Path
) -> None:
    given = {"stdin": ["--stdin"], "argument": [key]}[way]
    done = command("login", "--host", locked.url, *given, input=f"{key}\n")
    assert f"Logged in to {locked.url}" in done.stdout
    assert key not in done.stdout + done.stderr
    assert ("others can see a key" in done.stderr) == (way == "argument")
    assert stat.S_IMODE((root / "auth").stat().st_mode) == 0o600
    with Client() as client:
        assert client.list_projects() == []
    assert command("logout").stdout == "Logged out.\n"
    assert command("logout").stdout == "There was no key to forget.\n"
    with Client(host=locked.url) as client, pytest.raises(QueryError, match="pluto login"):
        client.list_projects()


def test_login_asks_at_a_terminal(key: str, locked: Server, root: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*PLUTO, "login", "--host", locked.url], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    shown = b""
    with process:
        while b"Key:" not in shown:
            shown += os.read(ours, 1000)
        os.write(ours, key.encode() + b"\n")
        while b"Logged in" not in shown:
            shown += os.read(ours, 1000)
        assert process.wait(60) == 0
    os.close(ours)
    assert key.encode() not in shown
    assert key in (root / "auth").read_text()


def test_a_key_that_is_no_good_is_not_kept(locked: Server, command: Command, root: Path) -> None:
    command("login", "--host", locked.url, "--stdin", input="mlps_" + "x" * 24 + "\n", code=1)
    command("login", "--host", locked.url, "--stdin", input="\n", code=1)
    command("login", "--host", locked.url, "--stdin", "mlps_x", code=2)
    assert not (root / "auth").exists()


def test_doctor_with_nothing_configured(printed: Command, command: Command, root: Path) -> None:
    found = {one["name"]: one for one in printed("doctor")}
    assert found["root"]["value"] == str(root)
    assert found["store"]["ok"] is True
    assert "numpy" not in found["libraries"]["value"]
    assert str(root / "store") in command("doctor").stdout


def test_doctor_with_a_server(key: str, locked: Server, printed: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUTO_HOST", locked.url)
    found = {one["name"]: one for one in printed("doctor", code=1)}
    assert (found["key"]["value"], found["key"]["ok"]) == ("none", False)
    monkeypatch.setenv("PLUTO_API_KEY", key)
    text = json.dumps(printed("doctor"))
    assert key not in text
    found = {one["name"]: one for one in json.loads(text)}
    assert found["key"]["value"] == "from PLUTO_API_KEY"
    assert found["server"]["ok"] is True
    assert found["kind"]["value"] == "Pluto's own"
    monkeypatch.setenv("PLUTO_API_KEY", "mlps_" + "x" * 24)
    found = {one["name"]: one for one in printed("doctor", code=1)}
    assert "pluto login" in found["server"]["advice"]
    monkeypatch.setenv("PLUTO_HOST", f"127.0.0.1:{free_port()}")
    found = {one["name"]: one for one in printed("doctor", code=1)}
    assert "runs go on and are kept here" in found["server"]["advice"]


def test_doctor_in_a_root_that_can_not_be_written(printed: Command, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    found = {one["name"]: one for one in printed("doctor", "--dir", file / "below", code=1)}
    assert found["root"]["ok"] is False
    assert "PLUTO_DIR" in found["root"]["advice"]


def test_the_server_ends_with_ctrl_c(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*PLUTO, "server", "--port", "0", "--dir", str(tmp_path / "root")], stdout=subprocess.PIPE, text=True
    )
    with process:
        try:
            assert process.stdout is not None
            told = re.match(r"Pluto listens on (http://127\.0\.0\.1:\d+) ", process.stdout.readline())
            assert told
            assert httpx.get(f"{told[1]}/api/health").text == "OK"
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
        finally:
            process.kill()

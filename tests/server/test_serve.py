from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from pluto.server.keys import KeyRing
from pluto.server.serve import KeysNeeded, is_loopback, serve

_PROGRAM = """
import sys
from pathlib import Path
from pluto.server.serve import serve
serve(Path(sys.argv[1]), sys.argv[2], 0, require_key=sys.argv[3] == "keyed", ready=lambda url: print(url, flush=True))
"""


@contextmanager
def server(store: Path, host: str = "127.0.0.1", keyed: bool = False) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    arguments = [sys.executable, "-c", _PROGRAM, str(store), host, "keyed" if keyed else "open"]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip(), process
    finally:
        process.kill()
        process.wait(60)
        process.stdout.close()


def test_over_a_socket(tmp_path: Path) -> None:
    data = os.urandom(2_000_000)
    blob = f"/api/ext/v1/blobs/{hashlib.sha256(data).hexdigest()}"
    with server(tmp_path / "store") as (url, process), httpx.Client(base_url=url) as client:
        made = client.post("/api/runs/create", json={"runName": "n", "projectName": "p"}).json()
        assert made["url"].startswith(f"{url}/o/local/projects/p/")
        headers = {"X-Run-Id": str(made["runId"]), "X-Project-Name": "p"}
        sent = client.post("/ingest/metrics", content=b'{"time":1,"step":1,"data":{"m":NaN}}', headers=headers)
        assert sent.text == "Stream processed successfully: 1 records"
        assert client.put(blob, content=data).status_code == 201
        assert client.get(blob).content == data
        assert client.head(blob).headers["content-length"] == str(len(data))
        assert "server" not in client.get("/api/health").headers
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) in (0, -signal.SIGTERM)
    with server(tmp_path / "store") as (url, _):
        assert httpx.get(f"{url}/api/runs/details/{made['runId']}").json()["name"] == "n"


def test_an_upload_cut_off_leaves_nothing(tmp_path: Path) -> None:
    with server(tmp_path / "store") as (url, _):
        port = int(url.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port)) as talk:
            head = f"PUT /api/ext/v1/blobs/{'0' * 64} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"
            talk.sendall(head.encode() + b"x" * 500)
        assert httpx.get(f"{url}/api/health").text == "OK"
        assert httpx.head(f"{url}/api/ext/v1/blobs/{'0' * 64}").status_code == 404


def test_many_clients_at_once(tmp_path: Path) -> None:
    numbers: list[int] = []

    def create(url: str) -> None:
        with httpx.Client(base_url=url) as client:
            for _ in range(20):
                body = {"runName": "n", "projectName": "p"}
                numbers.append(client.post("/api/runs/create", json=body).json()["number"])

    with server(tmp_path / "store") as (url, _):
        threads = [threading.Thread(target=create, args=(url,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(numbers) == list(range(1, 81))


def test_keys_on_loopback(tmp_path: Path) -> None:
    with KeyRing(tmp_path / "store") as ring:
        text, _ = ring.create()
    with server(tmp_path / "store", keyed=True) as (url, _):
        assert httpx.post(f"{url}/api/slug").status_code == 401
        assert httpx.post(f"{url}/api/slug", headers={"Authorization": f"Bearer {text}"}).status_code == 200


def test_beyond_loopback_needs_keys(tmp_path: Path) -> None:
    with pytest.raises(KeysNeeded, match="pluto server keys"):
        serve(tmp_path / "store", "0.0.0.0", 0)
    with pytest.raises(KeysNeeded, match="required"):
        serve(tmp_path / "store", "0.0.0.0", 0, require_key=False)
    with KeyRing(tmp_path / "store") as ring:
        _, kept = ring.create()
        ring.revoke(kept.id)
    with pytest.raises(KeysNeeded):
        serve(tmp_path / "store", "127.0.0.1", 0, require_key=True)


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with pytest.raises(OSError, match="in use"):
            serve(tmp_path / "store", "127.0.0.1", taken.getsockname()[1])


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("localhost", True), ("127.0.0.1", True), ("127.3.2.1", True), ("::1", True), ("0.0.0.0", False), ("::", False),
     ("", False), ("pluto.example", False), ("192.168.0.1", False)],
)  # fmt: skip
def test_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback

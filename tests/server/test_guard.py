from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from pluto.server.keys import KeyRing
from tests.server.support import PROJECT, Caller

ROUTES = [
    ("POST", "/api/slug"), ("GET", "/api/runs/list"), ("GET", "/api/runs/projects"), ("POST", "/api/runs/create"),
    ("GET", "/api/runs/details/1"), ("POST", "/ingest/metrics"), ("POST", "/files"), ("POST", "/api/runs/trigger"),
    ("POST", "/api/stale-runs/trigger"), ("POST", "/api/ext/v1/batch"), ("DELETE", "/api/ext/v1/runs/1"),
    ("PUT", "/api/ext/v1/blobs/" + "0" * 64), ("GET", "/api/ext/v1/marks"),
]  # fmt: skip


@pytest.fixture
def keyed(tmp_path: Path) -> Iterator[Caller]:
    caller = Caller(tmp_path / "store", require_key=True)
    yield caller
    caller.close()


def expected(path: str, message: str) -> object:
    if path.startswith("/ingest") or path == "/files":
        return {"code": "INVALID_TOKEN", "message": message}
    if path.endswith("trigger"):
        return {"detail": message}
    if path.startswith("/api/ext"):
        return {"error": message}
    return {"error": "Unauthorized", "message": message}


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_asks_for_a_key(keyed: Caller, method: str, path: str) -> None:
    assert keyed.request(method, path).status_code == 401
    for token, message in (("bad key!", "Invalid API key"), ("mlps_" + "x" * 24, "Key not found")):
        response = keyed.request(method, path, headers={"Authorization": f"Bearer {token}"})
        assert (response.status_code, response.json()) == (401, expected(path, message))


def test_a_key_opens_until_it_ends(keyed: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    with KeyRing(keyed.store) as ring:
        text, kept = ring.create("laptop", days=1)
        assert text.startswith("mlps_")
        assert len(text) == 29
        assert text[-4:] in kept.hint
        assert text not in repr(ring.list())
        keyed.token = text
        assert keyed.ok(keyed.post("/api/slug"))
        run = keyed.create()
        assert keyed.lines("metrics", run, '{"time":1,"step":1,"data":{"a":1}}').status_code == 200
        with monkeypatch.context() as later:
            later.setattr("pluto.server.keys.now_ms", lambda: 1 << 43)
            assert keyed.post("/api/slug").json()["message"] == "API key has expired"
        assert ring.revoke(kept.id)
        assert not ring.revoke(kept.id)
        assert keyed.post("/api/slug").json()["message"] == "API key has been revoked"
    for path in keyed.store.iterdir():
        assert path.is_dir() or text.encode() not in path.read_bytes()


def test_what_needs_no_key(keyed: Caller) -> None:
    for path in ("/api/ext/v1/info", "/api/health", "/api/health/ready", "/api/version", "/api/version/all",
                 "/health", "/healthz", "/version", "/api/runs/abcde"):  # fmt: skip
        assert keyed.get(path).status_code == 200, path
    with KeyRing(keyed.store) as ring:
        keyed.token = ring.create()[0]
    run = keyed.create()
    headers = {"X-Run-Id": str(run), "X-Project-Name": PROJECT}
    file = {"fileName": "a", "logName": "f", "fileSize": 1, "fileType": "", "time": 1, "step": 1}
    url = keyed.ok(keyed.post("/files", {"files": [file]}, headers=headers))["f"][0]["a"]
    keyed.token = None
    assert keyed.request("PUT", url, content=b"x").status_code == 200


def test_without_keys_any_token_will_do(caller: Caller) -> None:
    for token in ("None", "_key", "mlps_x"):
        caller.token = token
        assert caller.ok(caller.post("/api/slug"))


@pytest.mark.parametrize("host", ["localhost", "localhost:3003", "127.0.0.1:3003", "[::1]:3003", "pluto", "10.0.0.5"])
def test_names_of_this_machine(caller: Caller, host: str) -> None:
    assert caller.request("POST", "/api/slug", headers={"Host": host}).status_code == 200
    own = {"Host": host, "Origin": f"http://{host}"}
    assert caller.request("POST", "/api/slug", headers=own).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"}, {"Host": "127.0.0.1.evil.example:3003"}, {"Origin": "https://evil.example"},
        {"Origin": "null"}, {"Origin": "http://localhost:8000"},
    ],
)  # fmt: skip
def test_foreign_pages_are_kept_out(caller: Caller, headers: dict[str, str]) -> None:
    for method, path in ROUTES:
        assert caller.request(method, path, headers=headers).status_code == 403, path


def test_a_public_address(tmp_path: Path) -> None:
    caller = Caller(tmp_path / "store", public_url="https://pluto.example/base/")
    body = {"runName": "n", "projectName": "a/b"}
    made = caller.ok(caller.post("/api/runs/create", body, headers={"Host": "pluto.example"}))
    assert made["url"].startswith("https://pluto.example/base/o/local/projects/a%2Fb/")
    caller.close()


def test_a_host_that_is_none_is_not_repeated(keyed: Caller) -> None:
    with KeyRing(keyed.store) as ring:
        keyed.token = ring.create()[0]
    body = {"runName": "n", "projectName": "p"}
    made = keyed.ok(keyed.post("/api/runs/create", body, headers={"Host": 'x"><script>'}))
    assert made["url"].startswith("http://localhost/")


def test_unknown_routes_and_methods(caller: Caller) -> None:
    assert caller.get("/nowhere").json() == {"error": "Not Found"}
    assert caller.get("/api/ext/v1/nowhere").status_code == 404
    wrong = caller.get("/api/runs/create/x")
    assert wrong.status_code == 404
    assert caller.request("DELETE", "/api/slug").status_code == 405
    assert caller.get("/ingest/metrics").json()["code"] == "METHOD_NOT_ALLOWED"


def test_a_surprise_is_logged_and_kept_inside(
    caller: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(type(caller.context.metadata.runs), "projects", broken)
    with caplog.at_level(logging.ERROR, "pluto.server"):
        response = caller.get("/api/runs/projects")
    assert (response.status_code, response.json()) == (500, {"error": "Internal Server Error"})
    assert "secret detail" in caplog.text


def test_a_damaged_run_harms_no_other(caller: Caller) -> None:
    good, bad = caller.create(), caller.create()
    for run in (good, bad):
        caller.lines("metrics", run, '{"time":1,"step":1,"data":{"m":1}}')
    caller.context.series.close()
    for path in (caller.store / "series").glob(f"{bad}.db*"):
        path.write_bytes(hashlib.sha256(b"noise").digest() * 400)
    assert caller.get(f"/api/ext/v1/runs/{bad}/points", name="m").status_code == 500
    found = caller.ok(caller.get("/api/runs/list", projectName=PROJECT, sort="-summary_metrics.m"))["runs"]
    assert [run["id"] for run in found] == [good]
    assert caller.status(bad, "COMPLETED").status_code == 200
    assert caller.request("DELETE", f"/api/ext/v1/runs/{bad}").status_code == 200
    assert caller.get(f"/api/runs/details/{bad}").status_code == 404


def test_bodies_have_bounds(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    run = caller.create()
    monkeypatch.setattr("pluto.server.routes.batch.BATCH_MAX_BYTES", 10)
    assert caller.entries(run, []).status_code == 200
    headers = {"X-Run-Id": str(run), "X-Pluto-Writer": "w", "X-Pluto-Lane": "lines"}
    assert caller.request("POST", "/api/ext/v1/batch", content=b"x" * 11, headers=headers).status_code == 413
    monkeypatch.setattr("pluto.server.routes.ingest.LINE_MAX_BYTES", 10)
    assert caller.lines("metrics", run, "x" * 11).status_code == 422
    assert caller.request("POST", "/api/slug", content=b"x" * 100).status_code == 200

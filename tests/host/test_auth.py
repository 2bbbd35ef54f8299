"""Login and logout against a real HTTP server on loopback; keys never seen where they should not be."""

from __future__ import annotations

import json
import logging
import os
import pty
import stat
import sys
import threading
import types
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pluto.core import auth, options
from pluto.core.settings import Local, Remote, resolve
from tests.programs import Scripts

GOOD = "mlps_good-key-0123456789"


class Stub(ThreadingHTTPServer):
    """Answers `POST /api/slug` as a Pluto server does."""

    status = 200
    asked: list[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Stub

    def do_POST(self) -> None:
        key = (self.headers["Authorization"] or "").removeprefix("Bearer ")
        self.server.asked.append(key)
        status = self.server.status if key == GOOD else 401
        body = {200: {"organization": {"slug": "lab"}}, 401: {"error": "Unauthorized", "message": "Key not found"}}
        text = json.dumps(body.get(status, {"error": "broken"})).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    server = Stub(("127.0.0.1", 0), Handler)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setattr(options, "_said", set())
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_login_keeps_the_key_and_runs_go_there(stub: Stub, root: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert isinstance(resolve().target(), Local)
    kept = auth.login(resolve(host=stub.url, api_key=GOOD))
    assert kept == {"url": stub.url, "organization": "lab", "checked": True}
    assert stub.asked == [GOOD]
    assert stat.S_IMODE((root / "auth").stat().st_mode) == 0o600
    assert sorted(path.name for path in root.iterdir()) == ["auth"], "no draft is left"

    target = resolve().target()
    assert isinstance(target, Remote)
    assert (target.api, target.key) == (stub.url, GOOD)
    assert resolve(host=stub.url).target() == target
    assert resolve(host="other").target().key is None  # type: ignore[union-attr]
    assert isinstance(resolve(host="local").target(), Local)
    assert GOOD not in caplog.text
    assert GOOD not in repr(auth.last_login(root))

    assert auth.login() == kept, "a kept key is used again"
    assert auth.logout() is True
    assert isinstance(resolve().target(), Local)
    assert auth.logout() is False


def test_keys_of_several_servers(stub: Stub, root: Path) -> None:
    auth.login({"host": stub.url, "api_key": GOOD})
    other = stub.url.replace("127.0.0.1", "localhost")
    auth.login({"host": other, "api_key": GOOD})
    assert resolve().target().api == other  # type: ignore[union-attr]
    assert auth.logout({"host": other})
    assert isinstance(resolve().target(), Local), "another server is not taken up behind one's back"
    assert auth.stored_key(root, stub.url) == GOOD


def test_a_refused_key_is_not_kept(stub: Stub, root: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert auth.login({"host": stub.url, "api_key": "mlps_wrong-0123456789"}) is None
    assert "Key not found" in caplog.text
    assert "mlps_wrong" not in caplog.text
    assert not (root / "auth").exists()


def test_a_server_out_of_order_does_not_stand_in_the_way(
    stub: Stub, root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stub.status = 503
    kept = auth.login({"host": stub.url, "api_key": GOOD})
    assert kept == {"url": stub.url, "organization": None, "checked": False}
    assert auth.stored_key(root, stub.url) == GOOD
    assert GOOD not in caplog.text
    assert auth.login({"host": "127.0.0.1:1", "api_key": GOOD}) is not None
    assert "could not be checked" in caplog.text


def test_without_a_terminal_nothing_is_asked(
    stub: Stub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert auth.login({"host": stub.url}) is None
    assert "pluto login --stdin" in caplog.text
    assert auth.login({"host": "local", "api_key": GOOD}) is None
    assert "needs no key" in caplog.text


def test_the_prompt_does_not_show_the_key_and_asks_again(stub: Stub, home: Path, tmp_path: Path) -> None:
    script = tmp_path / "prompt.py"
    script.write_text(
        "import logging; logging.basicConfig()\n"
        "from pluto.core import auth\n"
        f"print('kept', auth.login({{'host': {stub.url!r}}}, retry=True))\n"
    )
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, str(script)])
    shown = b""
    typed = [b"mlps_mistyped-0123\n", GOOD.encode() + b"\n"]
    try:
        while data := os.read(terminal, 4096):
            shown += data
            if typed and shown.count(b"Key: ") == 3 - len(typed):
                os.write(terminal, typed.pop(0))
    except OSError:
        pass
    os.close(terminal)
    os.waitpid(pid, 0)
    assert b"'organization': 'lab'" in shown, shown
    assert b"mlps_" not in shown
    assert stub.asked == ["mlps_mistyped-0123", GOOD]


def test_a_file_others_could_read_is_closed(root: Path, stub: Stub, caplog: pytest.LogCaptureFixture) -> None:
    auth.login({"host": stub.url, "api_key": GOOD})
    (root / "auth").chmod(0o644)
    assert auth.stored_key(root, stub.url) == GOOD
    assert stat.S_IMODE((root / "auth").stat().st_mode) == 0o600
    assert "could be read by others" in caplog.text


@pytest.mark.parametrize("text", ["", "{", "[]", '{"servers": {"x": {"key": "secret"}}, "last": "x"}', "\x00\xff"])
def test_a_damaged_file_counts_as_empty(root: Path, stub: Stub, text: str, caplog: pytest.LogCaptureFixture) -> None:
    root.mkdir()
    (root / "auth").write_bytes(text.encode("latin-1"))
    (root / "auth").chmod(0o600)
    assert auth.last_login(root) is None
    assert "counts as empty" in caplog.text
    assert "secret" not in caplog.text
    assert auth.login({"host": stub.url, "api_key": GOOD})
    assert auth.stored_key(root, stub.url) == GOOD


def test_the_first_clients_keyring_is_read_where_it_says_so(
    home: Path, monkeypatch: pytest.MonkeyPatch, stub: Stub
) -> None:
    entries = {("pluto", "pluto"): "mlpi_from-the-keyring"}

    class PlaintextKeyring:
        def get_password(self, service: str, user: str) -> str | None:
            return entries.get((service, user))

        def delete_password(self, service: str, user: str) -> None:
            del entries[(service, user)]

    module = types.ModuleType("keyrings.alt.file")
    module.PlaintextKeyring = PlaintextKeyring  # type: ignore[attr-defined]
    for name in ("keyrings", "keyrings.alt"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, "keyrings.alt.file", module)
    monkeypatch.setattr(sys, "platform", "linux")

    assert isinstance(resolve().target(), Local), "without the first client's mark nobody looks"
    (home / ".pluto").mkdir()
    (home / ".pluto" / ".login_ok").touch()
    target = resolve().target()
    assert isinstance(target, Remote)
    assert (target.api, target.key) == ("https://pluto-api.trainy.ai", "mlpi_from-the-keyring")
    assert resolve(host="h").target().key == "mlpi_from-the-keyring"  # type: ignore[union-attr]
    assert auth.logout()
    assert not entries
    assert isinstance(resolve().target(), Local)


def test_no_keyring_installed_is_no_error(home: Path, scripts: Scripts) -> None:
    (home / ".pluto").mkdir()
    (home / ".pluto" / ".login_ok").touch()
    body = """
    import sys
    sys.modules["keyring"] = sys.modules["keyrings"] = None
    from pluto.core.settings import resolve
    print(type(resolve().target()).__name__)
    """
    assert scripts.run(body).stdout == "Local\n"


def test_logging_stays_quiet_about_keys_at_every_level(stub: Stub, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    auth.login({"host": stub.url, "api_key": GOOD})
    assert GOOD not in caplog.text

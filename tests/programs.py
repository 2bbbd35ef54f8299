"""Real programs for tests: scripts, the `pluto` command, a server on a loopback port."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.waiting import until

SOURCE = Path(__file__).resolve().parent.parent
PLUTO = (sys.executable, "-m", "pluto")
"""The command line as a list to start: the `pluto` script without its shebang."""


@dataclass
class Scripts:
    """Starts Python programs in a folder, with the environment the test stands in."""

    folder: Path
    count: int = 0

    def start(
        self,
        source: str,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        python: str = sys.executable,
        **options: object,
    ) -> subprocess.Popen[str]:
        """The running program; stdout and stderr are pipes unless `options` say otherwise."""
        self.count += 1
        path = self.folder / f"train{self.count}.py"
        path.write_text(textwrap.dedent(source))
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": self.folder, **options}
        return subprocess.Popen(
            [python, str(path), *arguments], env={**os.environ, **(env or {})}, text=True, **options
        )  # type: ignore[call-overload,no-any-return]

    def run(
        self, source: str, *arguments: str, timeout: float = 100, check: bool = True, **options: object
    ) -> subprocess.CompletedProcess[str]:
        """The finished program. With `check`, an exit code other than 0 fails the test and shows its output."""
        with self.start(source, *arguments, **options) as process:  # type: ignore[arg-type]
            try:
                out, err = process.communicate(timeout=timeout)
            except BaseException:
                process.kill()
                raise
        if check:
            assert process.returncode == 0, f"exit code {process.returncode}\n{out}\n{err}"
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def original(package: str) -> Path:
    """The Python that has an original package, `NAME-VERSION`."""
    place = os.environ.get("PLUTO_ORIGINALS")
    python = Path(place or "", package, "bin", "python")
    assert place and python.exists(), f"PLUTO_ORIGINALS names no folder with {package} in it; .ci/run makes one"
    return python


@dataclass(frozen=True)
class Server:
    """A `pluto server` of this test."""

    url: str
    store: Path
    process: subprocess.Popen[str]


def free_port() -> int:
    """A loopback port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serving(folder: Path, *arguments: str, port: int | None = None) -> Iterator[Server]:
    """`pluto server` over the root `folder`, answering; stopped (then killed) at the end."""
    port = port or free_port()
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "server.log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PLUTO_")}
    with log.open("w") as output:
        process = subprocess.Popen(
            [*PLUTO, "server", "--port", str(port), *arguments],
            env={**environment, "HOME": str(folder), "PLUTO_DIR": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            text=True,
        )

    def answers() -> bool:
        assert process.poll() is None, log.read_text()
        with socket.create_connection(("127.0.0.1", port), 1) as talk:
            talk.sendall(b"GET /api/ext/v1/info HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            return b" 200 " in talk.recv(100)

    try:
        until(answers, 60, f"pluto server\n{log.read_text()}")
        yield Server(f"http://127.0.0.1:{port}", folder / "store", process)
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def of_home(home: Path) -> list[psutil.Process]:
    """The processes, but this one, that live with `home` as HOME: what a test has left running."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get("HOME") == str(home):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found

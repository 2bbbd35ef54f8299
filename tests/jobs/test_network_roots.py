"""A root on a network file system: what is not delivered lies on a disk of the machine, and no SQLite file uses its
write-ahead log over the network.

The kernel's table of mounts is replaced by one in which the root is on NFS, in every process there is: the programs',
the uploader's and the commands'.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.jobs.jobs import QUIET, finish, settled
from tests.programs import of_home
from tests.waiting import until

Run = Callable[..., subprocess.Popen[str]]


class Machine:
    """A machine whose root is on NFS; its Python is a program that starts the real one and swaps the table."""

    def __init__(self, folder: Path, root: Path, disk: str | None) -> None:
        self.folder, self.root = folder, root
        self.nfs = root.parent / "nfs"
        mounts = f"1 0 8:1 / / rw - overlay overlay rw\n2 1 0:50 / {self.nfs} rw - nfs4 server:/home rw\n"
        if disk is not None:
            mounts += f"3 1 8:2 / {disk} rw - ext4 /dev/sdb rw\n"
        table = folder / "mountinfo"
        table.write_text(mounts)
        swap = f"import pathlib, pluto.core.filesystem as f; f.MOUNTINFO = pathlib.Path({str(table)!r})"
        # Given to the interpreter's own start, so that it holds for `-I`, which the uploader is started with, as well.
        self.python = folder / "bin" / "python3"
        self.python.parent.mkdir()
        self.python.write_text(
            f"#!{sys.executable}\n"
            "import os, sys\n"
            "arguments = sys.argv[1:]\n"
            f"swap = {swap!r}\n"
            "if '-c' in arguments:\n"
            "    at = arguments.index('-c') + 1\n"
            "    arguments[at] = arguments[at].replace('sys.path[:] = given[\"path\"]',"
            " 'sys.path[:] = given[\"path\"]\\n' + swap)\n"
            f"os.execv({sys.executable!r}, [{sys.executable!r}, *arguments])\n"
        )
        self.python.chmod(0o755)
        self.swap = f"import sys\n{swap}\nsys.executable = {str(self.python)!r}\n"
        self.count = 0

    def start(self, source: str, *arguments: str) -> subprocess.Popen[str]:
        self.count += 1
        script = self.folder / f"train{self.count}.py"
        script.write_text(self.swap + textwrap.dedent(source))
        return subprocess.Popen(
            [sys.executable, str(script), *arguments],
            env={**os.environ, "PLUTO_DIR": str(self.nfs / "root")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.PIPE,
            text=True,
        )

    def run(self, source: str, *arguments: str) -> tuple[str, str]:
        ((code, out, err),) = finish([self.start(source, *arguments)])
        assert code == 0, out + err
        return out, err

    def command(self, *arguments: str, code: int = 0) -> str:
        line = f"from pluto.cli import main\nsys.argv[1:] = {list(arguments)!r}\nmain()\n"
        ((found, out, err),) = finish([self.start(line)])
        assert found == code, out + err
        return out


@pytest.fixture
def machine(home: Path, root: Path, tmp_path: Path) -> Machine:
    """With a disk of its own under HOME."""
    return Machine(tmp_path, root, str(home / ".pluto"))


TRAIN = f"""
    import os, sys
    import pluto
    mode, end = sys.argv[1], sys.argv[2]
    with pluto.init(project="p", run_id="r", mode=mode, {QUIET}) as run:
        for step in range(300):
            run.log({{"loss": step * 0.5}}, step=step)
        run.log({{"note": pluto.Text("x" * 100_000)}})
        if end == "kill":
            os.kill(os.getpid(), 9)
"""

READ = """
    from pluto import query
    found = query.points("p", "r", "loss")
    files = len(list(query.iter_files("p", "r")))
    print(found.steps.tolist() == list(range(300)), files, query.get_run("p", "r")["status"])
"""


def modes(folder: Path) -> dict[str, str]:
    found = {}
    for path in folder.rglob("*.db"):
        connection = sqlite3.connect(path)
        found[path.name] = connection.execute("PRAGMA journal_mode").fetchone()[0]
        connection.close()
    return found


def test_the_journal_is_staged_and_the_store_does_without_wal(home: Path, machine: Machine) -> None:
    _, said = machine.run(TRAIN, "online", "end")
    assert said.count("is on nfs4") == 1, said
    settled(home)
    root = machine.nfs / "root"
    assert not (root / "sync").exists()
    pointer = json.loads((root / "elsewhere" / f"{socket.gethostname()}.json").read_text())
    assert Path(pointer["path"]).is_relative_to(home / ".pluto" / "staged")
    assert os.listdir(Path(pointer["path"]) / "runs") == []
    assert set(modes(root)) == {"index.db", "1.db"} and set(modes(root).values()) == {"delete"}
    assert not list(root.rglob("*-wal"))
    log = (Path(pointer["path"]) / "uploader.log").read_text()
    assert log.count("rollback journal") == 1, log
    out, said = machine.run(READ)
    assert out == "True 1 COMPLETED\n"


def test_what_is_left_is_found_by_the_pointer(home: Path, machine: Machine) -> None:
    machine.run(TRAIN, "offline", "end")
    assert of_home(home) == []
    (shown,) = json.loads(machine.command("status", "--json", code=3))
    assert shown["root"] == str(machine.nfs / "root")
    assert Path(shown["folder"]).is_relative_to(home / ".pluto" / "staged")
    assert shown["records"] >= 300 and shown["files"] == 1
    assert "delivered" in machine.command("sync", "--dir", str(machine.nfs / "root"))
    assert machine.command("status") == "Everything is delivered.\n"
    out, _ = machine.run(READ)
    assert out == "True 1 COMPLETED\n"
    assert set(modes(machine.nfs / "root").values()) == {"delete"}
    assert "nfs4, on the network" in machine.command("doctor")


def test_a_killed_run_is_delivered_from_the_staged_journal(home: Path, machine: Machine) -> None:
    process = machine.start(TRAIN, "online", "kill")
    process.communicate(timeout=60)
    settled(home)
    out, _ = machine.run(READ)
    assert out == "True 1 FAILED\n"


def test_several_processes_write_a_store_on_the_network(home: Path, machine: Machine) -> None:
    source = f"""
        import sys
        import pluto
        n = sys.argv[1]
        run = pluto.init(project="p", run_id="r", resume=True, {QUIET})
        for step in range(300):
            run.log({{f"loss/{{n}}": step * 0.5}}, step=step)
        run.finish()
        """
    ended = finish([machine.start(source, str(n)) for n in range(3)])
    assert [code for code, _, _ in ended] == [0, 0, 0], ended
    settled(home)
    out, _ = machine.run(
        """
        from pluto import query
        print([query.points("p", "r", f"loss/{n}").steps.tolist() == list(range(300)) for n in range(3)])
        """
    )
    assert out == "[True, True, True]\n"
    assert set(modes(machine.nfs / "root").values()) == {"delete"}


def test_without_a_disk_the_journal_stays_and_does_without_wal(home: Path, root: Path, tmp_path: Path) -> None:
    machine = Machine(tmp_path, root, None)
    _, said = machine.run(TRAIN, "offline", "end")
    assert said.count("has no disk of its own that lasts") == 1
    place = machine.nfs / "root"
    assert not (place / "elsewhere").exists()
    assert set(modes(place / "sync").values()) == {"delete"}
    assert not list(place.rglob("*-wal"))
    assert "delivered" in machine.command("sync", "--dir", str(place))
    out, _ = machine.run(READ)
    assert out == "True 1 COMPLETED\n"
    _, said = machine.run(TRAIN.replace('run_id="r"', 'run_id="again"'), "online", "end")
    settled(home)
    out, _ = machine.run(READ.replace('"r"', '"again"'))
    assert out == "True 1 COMPLETED\n"


def test_the_server_command_says_it_once(machine: Machine) -> None:
    program = machine.start("from pluto.cli import main\nsys.argv[1:] = ['server', '--port', '0']\nmain()\n")
    assert program.stdout is not None and program.stderr is not None
    try:
        assert "listens" in program.stdout.readline()
        assert modes(machine.nfs / "root") == {"index.db": "delete"}
    finally:
        program.terminate()
        _, said = program.communicate(timeout=60)
    assert said.count("rollback journal") == 1
    until(lambda: program.poll() is not None)

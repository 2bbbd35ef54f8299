"""However a script is started, it is recorded, and it ends when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from pluto import query
from tests.programs import of_home
from tests.waiting import until

TRAINING = """
import pluto
with pluto.init(project="starts", run_id={name!r}) as run:
    run.log({{"loss": 0.5}})
    run.log({{"note": pluto.Text("hello")}})
print("trained")
"""


def check(name: str) -> None:
    """The run is there, whole."""
    assert query.get_run("starts", name)["status"] == "COMPLETED"
    assert [float(value) for value in query.points("starts", name, "loss").values] == [0.5]
    assert len(list(query.iter_files("starts", name))) == 1


def run(*arguments: str, cwd: Path, source: str | None = None, **more: str) -> str:
    """What a Python program printed. Python puts the current folder first on its path, as from a shell."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd, input=source, env={**os.environ, **more}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_files_named_like_modules_lie_beside_the_script(tmp_path: Path, root: Path) -> None:
    """The uploader and the other helpers meet none of them; nor does anything of Pluto that the script has not."""
    marks = tmp_path / "marks"
    marks.mkdir()
    for name in ("logging", "queue", "json", "random", "sqlite3", "numpy", "httpx", "filelock", "secrets", "select"):
        (tmp_path / f"{name}.py").write_text(
            f"open({str(marks)!r} + '/{name}', 'w').close()\nraise RuntimeError('the wrong {name}')\n"
        )
    # The script itself gets the real ones, as it would where an entry point has put packages in front.
    (tmp_path / "train.py").write_text("import sys\nhere = sys.path.pop(0)\nimport pluto\n" + TRAINING.format(name="s"))
    done = subprocess.run(
        f"{sys.executable} train.py | cat", shell=True, cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "trained\n", done.stderr
    assert os.listdir(marks) == []
    assert "Error" not in (root / "sync" / "uploader.log").read_text()
    check("s")


def test_a_queue_beside_the_script_is_the_scripts_own(tmp_path: Path) -> None:
    """Only what Python has not imported before the script can be taken for the standard library's."""
    (tmp_path / "queue.py").write_text("mine = True\n")
    (tmp_path / "train.py").write_text("import queue\nassert queue.mine\n" + TRAINING.format(name="q"))
    assert run("train.py", cwd=tmp_path) == "trained\n"
    check("q")


def test_a_pipe_ends_with_the_script_though_the_uploader_goes_on(tmp_path: Path, root: Path) -> None:
    """`train.py | cat` is over at once, with a server that never answers."""
    (tmp_path / "train.py").write_text(TRAINING.replace(", run_id={name!r}", "").format())
    done = subprocess.run(
        f"{sys.executable} train.py 2>&1 | cat", shell=True, cwd=tmp_path, capture_output=True, text=True, timeout=60,
        env={**os.environ, "PLUTO_HOST": "http://127.0.0.1:9", "PLUTO_API_KEY": "k", "PLUTO_FINISH_WAIT": "0.2",
             "PLUTO_EXIT_WAIT": "0.2"},
    )  # fmt: skip
    assert "trained" in done.stdout and "safe on this disk" in done.stdout
    assert list((root / "sync" / "runs").iterdir())


def test_other_ways_to_start_a_program(tmp_path: Path) -> None:
    package = tmp_path / "trainer"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(TRAINING.format(name="module"))
    ways: dict[str, tuple[str, ...]] = {
        "module": ("-m", "trainer"),
        "command": ("-c", TRAINING.format(name="command")),
        "stdin": ("-",),
        "isolated": ("-I", "-c", f"import sys; sys.path[:] = {sys.path!r}\n" + TRAINING.format(name="isolated")),
        "strict": ("-O", "-W", "error", "-X", "dev", "-c", TRAINING.format(name="strict")),
    }
    with ThreadPoolExecutor(3) as pool:
        printed = pool.map(lambda way: run(*way, cwd=tmp_path, source=TRAINING.format(name="stdin")), ways.values())
        assert list(printed) == ["trained\n"] * len(ways)
    for name in ways:
        check(name)


def test_a_folder_that_cant_be_written_or_is_gone(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(TRAINING.format(name="readonly"))
    folder = tmp_path / "readonly"
    folder.mkdir()
    folder.chmod(0o500)
    assert run("../train.py", cwd=folder) == "trained\n"
    assert list(folder.iterdir()) == []
    gone = tmp_path / "gone"
    gone.mkdir()
    source = f"import os\nos.rmdir({str(gone)!r})\n" + TRAINING.format(name="gone")
    (tmp_path / "gone.py").write_text(source)
    assert run(str(tmp_path / "gone.py"), cwd=gone) == "trained\n"
    check("readonly")
    check("gone")


def test_an_error_at_a_prompt_does_not_fail_the_run(tmp_path: Path) -> None:
    source = """
import pluto
run = pluto.init(project="starts", run_id="prompt")
run.log({"loss": 0.5})
run.log({"note": pluto.Text("hello")})
1 / 0
print("trained")
"""
    assert "trained\n" in run("-i", "-q", cwd=tmp_path, source=source)
    check("prompt")


def test_inside_a_running_loop(tmp_path: Path) -> None:
    async def train() -> list[int]:
        import pluto

        ticks: list[int] = []

        async def tick() -> None:
            while True:
                ticks.append(len(ticks))
                await asyncio.sleep(0.001)

        beside = asyncio.create_task(tick())
        with pluto.init(project="starts", run_id="loop", dir=None) as run:
            for step in range(50):
                run.log({"loss": 0.5}, step=step)
                await asyncio.sleep(0)
            until(lambda: run.id, 60)  # an answer waited for, and a read, inside the loop
        assert query.get_run("starts", "loop")["status"] == "COMPLETED"
        beside.cancel()
        return ticks

    assert asyncio.run(train())
    assert len(query.points("starts", "loop", "loss").values) == 50


def test_from_a_thread_and_from_cells(tmp_path: Path) -> None:
    source = """
import asyncio, code, threading
def train():
    run = pluto.init(project="starts", run_id="thread")
    run.log({"loss": 0.5}); run.log({"note": pluto.Text("hello")})
import pluto
thread = threading.Thread(target=train); thread.start(); thread.join()

cells = code.InteractiveInterpreter({"__name__": "__main__"})
for cell in ("import pluto", "run = pluto.init(project='starts', run_id='cells')", "run.log({'loss': 0.5})",
             "1 / 0", "run.log({'note': pluto.Text('hello')})", "run.finish()"):
    cells.runsource(cell)
print("trained")
"""
    (tmp_path / "train.py").write_text(source)
    assert run("train.py", cwd=tmp_path) == "trained\n"
    check("thread")
    check("cells")


def test_nothing_of_the_training_reaches_its_children(tmp_path: Path) -> None:
    """A program started by the script has the descriptors, the input and the environment it would have without."""
    source = """
import os, subprocess, sys, time
if len(sys.argv) > 1:
    import pluto
    run = pluto.init(project="starts", run_id="children")
    run.log({"loss": 0.5}); run.log({"note": pluto.Text("hello")})
show = "import os, sys; print(sorted(os.listdir('/proc/self/fd')), sorted(os.environ), sys.stdin.readline().strip())"
print(subprocess.run([sys.executable, "-c", show], close_fds=False, stdout=subprocess.PIPE, text=True).stdout)
print(sys.stdin.read())
sys.stdout.flush()
os.system("echo from the shell")
deadline = time.monotonic() + 5  # those in the middle end as soon as they are started
while any(open(f"/proc/self/task/{thread}/children").read() for thread in os.listdir("/proc/self/task")):
    assert time.monotonic() < deadline
try:
    print(os.wait())
except ChildProcessError:
    print("no children")
os.execv(sys.executable, [sys.executable, "-c", "import os; print(os.listdir('/proc/self/fd'))"])
"""
    (tmp_path / "train.py").write_text(source)
    without = run("train.py", cwd=tmp_path, source="first\nsecond\n")
    assert run("train.py", "with", cwd=tmp_path, source="first\nsecond\n") == without
    assert "no children" in without


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_the_uploader_holds_nothing_of_the_scripts(tmp_path: Path, home: Path) -> None:
    """No pipe, no file, no folder: what the script opened can be closed, unmounted and deleted."""
    (tmp_path / "mine").write_text("x")
    source = f"""
import os, sys
mine = open({str(tmp_path / "mine")!r}); os.set_inheritable(mine.fileno(), True)
read, write = os.pipe(); os.set_inheritable(write, True)
import pluto
run = pluto.init(project="starts", run_id="held")
run.log({{"loss": 0.5}}); run.log({{"note": pluto.Text("hello")}})
run.id
print("ready", flush=True)
sys.stdin.read()
"""
    (tmp_path / "train.py").write_text(source)
    training = subprocess.Popen(
        [sys.executable, "train.py"], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert training.stdout is not None and training.stdout.readline() == "ready\n"
        own = {os.readlink(f"/proc/{training.pid}/fd/{number}") for number in (0, 1, 2)} - {"/dev/null"}
        seen = 0
        for process in of_home(home):
            if process.pid == training.pid:
                continue
            with contextlib.suppress(OSError, psutil.Error):  # gone meanwhile
                command = " ".join(process.cmdline())
                held = {os.readlink(entry) for entry in Path(f"/proc/{process.pid}/fd").iterdir()}
                assert process.cwd() == "/", command
                assert str(tmp_path / "mine") not in held, command
                assert os.getsid(process.pid) != os.getsid(training.pid), command
                if "uploader" in command:
                    assert not own & held
                    seen += 1
        assert seen
    finally:
        training.communicate(timeout=60)
    check("held")

"""The console: the terminal shows what it would show, and what was printed is recorded; with real processes."""

from __future__ import annotations

import io
import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluto.core.console import Capture
from pluto.core.relay import LINE_LIMIT, Lines
from pluto.core.settings import resolve
from tests.programs import Scripts
from tests.waiting import until

HEAD = """
import json, os, signal, subprocess, sys, threading, time
from pluto.core.settings import resolve
from pluto.core.console import Capture
RECORD = os.open(os.environ["RECORD"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
def emit(stream, first, lines, time_us):
    os.write(RECORD, (json.dumps([stream, first, lines, time_us]) + "\\n").encode())
def started(**settings):
    capture = Capture(resolve(**settings), emit)
    capture.start()
    return capture
"""


class Run:
    """A script under capture, and what became of it."""

    def __init__(self, scripts: Scripts, folder: Path) -> None:
        self._scripts = scripts
        self.record = folder / "record"
        self.env = {"RECORD": str(self.record)}

    def __call__(self, body: str, **options: Any) -> subprocess.CompletedProcess[str]:
        return self._scripts.run(HEAD + body, env=self.env, **options)

    def start(self, body: str, **options: Any) -> subprocess.Popen[str]:
        return self._scripts.start(HEAD + body, env=self.env, **options)

    def lines(self, stream: str) -> list[str]:
        found: list[str] = []
        if self.record.exists():
            for text in self.record.read_text().splitlines():
                of, first, lines, _ = json.loads(text)
                if of == stream:
                    assert first == len(found) + 1, "lines are numbered without gaps"
                    found += lines
        return found


@pytest.fixture
def run(scripts: Scripts, tmp_path: Path) -> Run:
    return Run(scripts, tmp_path)


def on_terminal(run: Run, body: str, tmp_path: Path, columns: int = 97) -> str:
    """What a terminal gets to show when the script runs on it."""
    script = tmp_path / "on_terminal.py"
    script.write_text(HEAD + body)
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(run.env)
        os.execv(sys.executable, [sys.executable, str(script)])
    import fcntl
    import struct
    import termios

    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 33, columns, 0, 0))
    shown = b""
    try:
        while data := os.read(terminal, 1 << 16):
            shown += data
    except OSError:
        pass  # how a terminal says that the last process let go of it
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, shown.decode()
    return shown.decode()


WAYS = """
print("python")
sys.stderr.write("error\\n")
sys.stdout.buffer.write(b"bytes\\n"); sys.stdout.flush()
os.write(1, b"descriptor\\n")
subprocess.run("echo child; echo child error >&2", shell=True)
import ctypes
C = ctypes.CDLL(None)
C.puts(b"from C")
C.fflush(None)
print("last, unfinished", end="")
"""


def test_all_ways_to_print_are_recorded_and_shown(run: Run) -> None:
    ended = run("capture = started()" + WAYS + "capture.stop()\nprint(' after')")
    assert ended.stdout == "python\nbytes\ndescriptor\nchild\nfrom C\nlast, unfinished after\n"
    assert ended.stderr == "error\nchild error\n"
    assert run.lines("INFO") == ["python", "bytes", "descriptor", "child", "from C", "last, unfinished"]
    assert run.lines("ERROR") == ["error", "child error"]


def test_without_descriptors_only_python_is_recorded(run: Run) -> None:
    ended = run("capture = started(x_console_fd_capture=False)" + WAYS + "capture.stop()\nprint(' after')")
    assert ended.stdout == "python\nbytes\ndescriptor\nchild\nfrom C\nlast, unfinished after\n"
    assert run.lines("INFO") == ["python", "last, unfinished"]
    assert run.lines("ERROR") == ["error"]


def test_one_channel_keeps_the_order_of_both_streams(run: Run) -> None:
    body = """
capture = started()
for i in range(2000):
    os.write(1 + i % 2, b"%d " % i)
capture.stop()
"""
    ended = run(body, stderr=subprocess.STDOUT)
    assert ended.stdout.split() == [str(i) for i in range(2000)]
    assert " ".join(run.lines("INFO")).split() == ended.stdout.split()


SCREEN = """
print("tty", sys.stdout.isatty(), sys.stderr.isatty(), os.get_terminal_size().columns, flush=True)
subprocess.run("test -t 1 && echo child tty; stty size < /dev/stdout", shell=True)
for i in range(50):
    sys.stderr.write(f"\\r\\x1b[32m{i:3}%\\x1b[0m"); sys.stderr.flush()
    if i % 10 == 0:
        os.write(1, b"\\r     \\rnote\\n")
sys.stderr.write("\\n")
print("tab\\there, umlaut ü", end="", flush=True)
"""


def test_a_terminal_shows_the_same_bytes(run: Run, tmp_path: Path) -> None:
    wait = "end = time.monotonic() + 60\nwhile os.get_terminal_size().columns != 97 and time.monotonic() < end: pass\n"
    plain = on_terminal(run, wait + SCREEN, tmp_path)
    captured = on_terminal(run, wait + "capture = started()\n" + SCREEN + "\ncapture.stop()\n", tmp_path)
    assert captured == plain
    assert "tty True True 97" in plain
    assert "child tty" in plain
    assert "33 97" in plain
    recorded = run.lines("INFO")
    assert recorded[-2:] == ["\x1b[32m 49%\x1b[0m", "tab\there, umlaut ü"]
    assert len(recorded) < 15, "a progress bar is a line, not fifty"


@pytest.mark.parametrize(
    "end",
    [
        "os.kill(os.getpid(), 9)",
        "os._exit(3)",
        "os.abort()",
        "import faulthandler; faulthandler.enable(); C.raise_(11)",
    ],
)
def test_everything_is_shown_whatever_ends_the_process(run: Run, end: str) -> None:
    body = f"""
import ctypes
C = ctypes.CDLL(None); C.raise_ = C["raise"]
started()
os.write(1, b"x" * 40_000 + b"\\n")
os.write(2, b"the reason\\n")
{end}
"""
    ended = run(body, check=False)
    assert ended.returncode != 0
    assert ended.stdout == "x" * 40_000 + "\n"
    assert ended.stderr.startswith("the reason\n")
    if "faulthandler" in end:
        assert "Segmentation fault" in ended.stderr


def test_a_line_before_a_crash_is_recorded_when_there_is_a_moment(run: Run) -> None:
    body = """
started()
print("before the crash", flush=True)
until = time.monotonic() + 60
while not os.path.getsize(os.environ["RECORD"]) and time.monotonic() < until: time.sleep(0.001)
os.kill(os.getpid(), 9)
"""
    run(body, check=False)
    assert run.lines("INFO") == ["before the crash"]


def test_the_whole_process_group_killed(run: Run) -> None:
    body = "started()\nos.write(1, b'said\\n')\nos.killpg(0, 9)"
    with run.start(body, start_new_session=True) as process:
        out, _ = process.communicate(timeout=60)
    assert out == "said\n"


def relays(pid: int) -> list[int]:
    """The relays started in an environment that this test marked."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            command = (folder / "cmdline").read_bytes()
            environ = (folder / "environ").read_bytes()
        except OSError:
            continue
        if b"relay.py" in command and f"MARK_OF_TEST={pid}".encode() in environ:
            found.append(int(folder.name))
    return found


def test_the_relay_dies_and_printing_goes_on(run: Run) -> None:
    body = """
started()
print("one", flush=True)
sys.stdin.readline()
for i in range(3000):
    print("more " * 20, i, flush=True)
child = subprocess.run("echo child", shell=True)
print("end", flush=True)
"""
    run.env["MARK_OF_TEST"] = str(os.getpid())
    with run.start(body, stdin=subprocess.PIPE) as process:
        until(lambda: run.lines("INFO") == ["one"], what="the first line recorded")
        (relay,) = relays(os.getpid())
        os.kill(relay, signal.SIGKILL)
        out, err = process.communicate("go\n", timeout=60)
    assert process.returncode == 0, err
    assert out.splitlines()[0] == "one"
    assert out.splitlines()[-2:] == ["child", "end"]
    assert len(out.splitlines()) == 3003


def test_a_broken_output_is_the_process_own_error(run: Run, tmp_path: Path) -> None:
    body = """
started()
try:
    while True:
        print("line", flush=True)
except BrokenPipeError:
    os.write(RECORD, b'["ended", 1, [], 0]\\n')
    os._exit(0)
"""
    script = tmp_path / "endless.py"
    script.write_text(HEAD + body)
    command = f"{sys.executable} {script} | head -n 1"
    ended = subprocess.run(
        command, shell=True, env={**os.environ, **run.env}, capture_output=True, text=True, timeout=60
    )
    assert ended.stdout == "line\n"
    until(lambda: '"ended"' in run.record.read_text(), what="the script to see the broken pipe")


def test_a_pipeline_ends_with_the_script(run: Run, tmp_path: Path) -> None:
    (tmp_path / "queue.py").write_text("raise RuntimeError('the wrong queue')")
    script = tmp_path / "piped.py"
    # queue.py beside the script breaks what the script itself imports, so the script leaves its folder first.
    script.write_text("import sys; del sys.path[0]\n" + HEAD + "started()\nprint('done')\n")
    ended = subprocess.run(
        f"{sys.executable} {script} | cat", shell=True, env={**os.environ, **run.env}, capture_output=True, timeout=60
    )
    assert ended.stdout == b"done\n", ended.stderr


def test_a_forked_child_prints_through_and_leaves_the_capture_alone(run: Run) -> None:
    body = """
capture = started()
print("parent", flush=True)
for i in range(20):
    pid = os.fork()
    if pid == 0:
        print("child", i, flush=True)
        capture.stop()
        os._exit(0)
    os.waitpid(pid, 0)
print("parent again", flush=True)
capture.stop()
"""
    ended = run("import warnings; warnings.simplefilter('ignore')\n" + body)
    wanted = ["parent", *(f"child {i}" for i in range(20)), "parent again"]
    assert ended.stdout.splitlines() == wanted
    assert run.lines("INFO") == wanted


def test_forking_while_others_print_never_hangs(run: Run) -> None:
    body = """
import warnings; warnings.simplefilter("ignore")
capture = started()
done = threading.Event()
def noise():
    while not done.is_set():
        os.write(1, b"noise\\n")
threads = [threading.Thread(target=noise) for _ in range(2)]
for thread in threads: thread.start()
for i in range(100):
    pid = os.fork()
    if pid == 0:
        other = Capture(resolve(x_console_fd_capture=False), lambda *a: None)
        other.start(); other.stop()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
done.set()
for thread in threads: thread.join()
capture.stop()
"""
    run(body, timeout=60, stdout=subprocess.DEVNULL)


def test_exec_keeps_the_output(run: Run) -> None:
    ended = run("started()\nprint('before', flush=True)\nos.execvp('sh', ['sh', '-c', 'echo as another program'])")
    assert ended.stdout == "before\nas another program\n"


def test_a_child_that_outlives_the_process_is_shown(run: Run) -> None:
    body = "started()\nsubprocess.Popen('read x; echo late', shell=True, stdin=subprocess.PIPE)\nos._exit(0)"
    assert run(body).stdout == "late\n"


@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "1>&- 2>&-", "0<&- 1>&- 2>&-"])
def test_closed_descriptors(run: Run, tmp_path: Path, closed: str) -> None:
    script = tmp_path / "closed.py"
    body = """
capture = started()
if sys.stdout is not None: print("out", flush=True)
if sys.stderr is not None: print("err", file=sys.stderr, flush=True)
capture.stop()
os.write(RECORD, b'["ended", 1, ["ended"], 0]\\n')
"""
    script.write_text(HEAD + body)
    ended = subprocess.run(
        f"{sys.executable} {script} {closed}", shell=True, env={**os.environ, **run.env}, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == ("" if "1>" in closed else "out\n")
    assert ended.stderr == ("" if "2>" in closed else "err\n")
    assert run.lines("ended") == ["ended"]
    assert run.lines("INFO") == ([] if "1>" in closed else ["out"])
    assert run.lines("ERROR") == ([] if "2>" in closed else ["err"])


def test_a_program_that_closes_all_descriptors(run: Run, tmp_path: Path) -> None:
    body = """
capture = started()
print("one", flush=True)
os.closerange(3, 100)
mine = [os.open(os.environ["MINE"] + str(i), os.O_WRONLY | os.O_CREAT) for i in range(20)]
RECORD = mine[0]
print("two", flush=True)
capture.stop()
print("three", flush=True)
os._exit(0 if all(os.fstat(fd).st_size == 0 for fd in mine[1:]) else 1)
"""
    run.env["MINE"] = str(tmp_path / "mine")
    assert run(body).stdout == "one\ntwo\nthree\n"


def test_two_captures_share_and_count_for_themselves(run: Run) -> None:
    body = """
mine = []
first = started()
print("one", flush=True)
second = Capture(resolve(), lambda stream, number, lines, t: mine.append((number, lines)))
second.start()
print("two", flush=True)
first.stop()
print("three", flush=True)
second.stop()
assert [line for _, lines in mine for line in lines][-2:] == ["two", "three"], mine
assert mine[0][0] == 1
"""
    assert run(body).stdout == "one\ntwo\nthree\n"
    assert run.lines("INFO") == ["one", "two"]


def test_many_captures_one_after_another_use_one_relay(run: Run) -> None:
    body = """
def count(): return len(os.listdir("/proc/self/fd"))
for i in range(200):
    capture = started()
    print(i, flush=True)
    capture.stop()
    if i == 0: before = count(), threading.active_count()
assert (count(), threading.active_count()) == before
"""
    ended = run(body)
    assert ended.stdout.splitlines() == [str(i) for i in range(200)]


def test_user_code_meets_no_child_of_ours(run: Run) -> None:
    body = """
capture = started()
print("x", flush=True)
until = time.monotonic() + 60
while not os.path.getsize(os.environ["RECORD"]) and time.monotonic() < until: time.sleep(0.01)
try:
    os.wait()
except ChildProcessError:
    print("none")
"""
    assert run(body).stdout == "x\nnone\n"


def test_much_output_at_once(run: Run) -> None:
    body = "capture = started()\nsubprocess.run('seq 1 400000', shell=True)\ncapture.stop()"
    ended = run(body)
    assert ended.stdout.split() == [str(i) for i in range(1, 400_001)]
    assert run.lines("INFO") == ended.stdout.split()


def test_holding_the_interpreter_while_printing_does_not_hang(run: Run) -> None:
    body = """
import ctypes
C = ctypes.PyDLL(None)  # keeps the interpreter's lock during the call
capture = started()
text = b"y" * 1_000_000
C.write(1, text, len(text))
"""
    assert len(run(body, timeout=60).stdout) == 1_000_000


def test_secrets_are_shown_but_not_recorded(run: Run) -> None:
    body = """
capture = started(api_key="my-own-key-of-no-known-shape")
print("key my-own-key-of-no-known-shape and mlps_abcdefghijklmnop", flush=True)
capture.stop()
capture = started(sanitize_logs=False)
print("key mlps_abcdefghijklmnop", flush=True)
capture.stop()
"""
    out = run(body).stdout
    assert "my-own-key-of-no-known-shape" in out
    recorded = run.record.read_text()
    assert "my-own-key" not in recorded
    assert recorded.count("mlps_abcdefghijklmnop") == 1, "only where it was asked for"


def test_an_error_in_emit_stays_there(run: Run) -> None:
    body = """
def broken(*_): raise RuntimeError("no")
capture = Capture(resolve(), broken)
capture.start()
print("shown", flush=True)
capture.stop()
"""
    ended = run(body)
    assert (ended.stdout, ended.stderr) == ("shown\n", "")


def test_in_this_process_under_pytest(capsys: pytest.CaptureFixture[str]) -> None:
    got: list[str] = []
    before = sys.stdout
    capture = Capture(resolve(x_console_fd_capture=False), lambda _s, _n, lines, _t: got.extend(lines))
    capture.start()
    print("through pytest")
    capture.stop()
    assert got == ["through pytest"]
    assert sys.stdout is before
    assert "write" not in vars(before)
    assert capsys.readouterr().out == "through pytest\n"


def test_a_replaced_stdout_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    class Notebook(io.StringIO):
        pass

    got: list[str] = []
    monkeypatch.setattr(sys, "stdout", Notebook())
    capture = Capture(resolve(x_console_fd_capture=False), lambda _s, _n, lines, _t: got.extend(lines))
    capture.start()
    print("cell", "output")
    capture.stop()
    print("later")
    assert got == ["cell output"]
    assert sys.stdout.getvalue() == "cell output\nlater\n"  # type: ignore[attr-defined]


@given(st.lists(st.binary(max_size=30) | st.sampled_from([b"\r", b"\n", b"\r\n", b"10%\r", b"x\r\n"]), max_size=20))
def test_lines_do_not_depend_on_how_the_bytes_come(pieces: list[bytes]) -> None:
    whole = Lines()
    expected = whole.feed(b"".join(pieces)) + whole.flush()
    parts = Lines()
    found = [line for piece in pieces for line in parts.feed(piece)] + parts.flush()
    assert found == expected
    assert not any(b"\r" in line or b"\n" in line for line in found)


def test_a_line_without_end_comes_in_pieces() -> None:
    lines = Lines()
    found = lines.feed(b"z" * (3 * LINE_LIMIT)) + lines.flush()
    assert b"".join(found) == b"z" * (3 * LINE_LIMIT)
    assert max(map(len, found)) <= LINE_LIMIT
    assert Lines().feed(b"1%\r2%\r3%\ndone\r\n") == [b"3%", b"done"]

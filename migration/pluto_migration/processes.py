"""Processes of this program's own that are given work by a pipe, and answer by another."""

from __future__ import annotations

import contextlib
import os
import pickle
import struct
import subprocess
import sys
from typing import Any, BinaryIO, Final

_CODE: Final = "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); from {} import work; work()"
_LENGTH: Final = struct.Struct("<Q")


def start(module: str, first: object, *, inherited: tuple[int, ...] = ()) -> subprocess.Popen[bytes]:
    """A process that runs `work()` of a module, and is given `first` to begin with.

    It has a session of its own: Ctrl-C reaches this process alone, which ends the others. `inherited`: descriptors that
    stay open as long as it lives. One that dies at once is seen where its answer is awaited. Raises `OSError`.
    """
    process = subprocess.Popen(
        [sys.executable, "-c", _CODE.format(module)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        pass_fds=inherited,
    )
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        pickle.dump(sys.path, process.stdin)
        send(process.stdin, pickle.dumps(first))
    return process


def end(process: subprocess.Popen[bytes]) -> int:
    """Closes the pipes to a process, waits for its end, and gives its exit code."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):  # what it was to be told it hears no more
                pipe.close()
    return process.wait()


def answers() -> BinaryIO:
    """In such a process: the pipe for its answers. What anybody prints from then on goes to stderr, and is none."""
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return pipe


def send(pipe: Any, packed: bytes) -> None:
    """Writes one pickled object. Raises `OSError` where nobody reads any more."""
    pipe.write(_LENGTH.pack(len(packed)) + packed)
    pipe.flush()


def receive(pipe: Any) -> Any:
    """The next object. Raises `EOFError` where there is none, or not the whole of one."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    body = pipe.read(length)
    if len(body) < length:
        raise EOFError
    return pickle.loads(body)  # noqa: S301 (of this program's own processes alone)

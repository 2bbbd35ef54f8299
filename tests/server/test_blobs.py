"""Blobs: named by content, whole or not there."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from pathlib import Path

import pytest

from pluto.server.blobs import Blobs, WrongHash

CONTENT = b"weights"
HASH = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


def put(blobs: Blobs, *pieces: bytes, expected: str | None = None) -> str:
    with blobs.writer() as out:
        for piece in pieces:
            out.write(piece)
        return out.commit(expected)


def files(blobs: Blobs) -> list[Path]:
    return sorted(path for path in blobs.folder.rglob("*") if path.is_file())


def test_pieces_become_one_blob(blobs: Blobs):
    assert not blobs.has(HASH)
    assert put(blobs, b"wei", memoryview(b"ghts"), expected=HASH) == HASH
    assert blobs.has(HASH)
    assert blobs.size(HASH) == 7
    with blobs.open(HASH) as file:
        assert file.read() == CONTENT
    assert blobs.path(HASH) == blobs.folder / HASH[:2] / HASH
    assert stat.S_IMODE(blobs.path(HASH).stat().st_mode) == 0o600
    assert stat.S_IMODE(blobs.folder.stat().st_mode) == 0o700


def test_the_same_content_is_kept_once(blobs: Blobs):
    assert put(blobs, CONTENT) == put(blobs, CONTENT) == HASH
    assert files(blobs) == [blobs.path(HASH)]


def test_another_hash_than_announced_keeps_nothing(blobs: Blobs):
    with pytest.raises(WrongHash, match=HASH):
        put(blobs, CONTENT, expected="0" * 64)
    assert files(blobs) == []


def test_what_is_not_committed_leaves_no_trace(blobs: Blobs):
    with pytest.raises(RuntimeError, match="cut off"):
        with blobs.writer() as out:
            out.write(CONTENT)
            raise RuntimeError("cut off")
    with blobs.writer() as out:
        out.write(CONTENT)
    assert files(blobs) == []


def test_an_empty_blob(blobs: Blobs):
    assert put(blobs) == hashlib.sha256(b"").hexdigest()


def test_deletion(blobs: Blobs):
    put(blobs, CONTENT)
    blobs.delete(HASH)
    blobs.delete(HASH)
    assert not blobs.has(HASH)
    with pytest.raises(FileNotFoundError):
        blobs.open(HASH)


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", HASH.upper(), HASH + "\n", HASH[:-1], "/" + HASH[1:]])
def test_names_that_are_no_hash(blobs: Blobs, name: str):
    for use in (blobs.has, blobs.open, blobs.path, blobs.size, blobs.delete):
        with pytest.raises(ValueError, match="SHA-256"):
            use(name)


def test_leftovers_of_dead_writers_go(blobs: Blobs):
    dead, busy = blobs.writer(), blobs.writer()
    os.utime(dead._path, (0, 0))
    put(blobs, CONTENT)
    assert files(blobs) == sorted([blobs.path(HASH), busy._path])
    for writer in (dead, busy):
        with writer:
            pass


def test_many_writers_of_one_blob(blobs: Blobs):
    content = os.urandom(1 << 20)
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(put(blobs, content))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [hashlib.sha256(content).hexdigest()] * 8
    assert files(blobs) == [blobs.path(found[0])]
    assert blobs.path(found[0]).read_bytes() == content

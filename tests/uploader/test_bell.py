"""Ringing: heard by whoever listens, never waits."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from pluto.core.bell import NAME, Bell, ring


def test_nobody_listens(tmp_path: Path) -> None:
    assert not ring(tmp_path)
    Bell(tmp_path).close()
    assert not ring(tmp_path)
    assert not ring(tmp_path / "nowhere")


def test_a_ring_ends_the_wait(tmp_path: Path) -> None:
    bell = Bell(tmp_path)
    try:
        assert not bell.wait(0)
        threading.Timer(0.05, ring, [tmp_path]).start()
        started = time.monotonic()
        assert bell.wait(60)
        assert time.monotonic() - started < 30
        assert not bell.wait(0)
    finally:
        bell.close()


def test_many_rings_are_one_and_never_block(tmp_path: Path) -> None:
    bell = Bell(tmp_path)
    try:
        assert all(ring(tmp_path) for _ in range(100_000))
        assert bell.wait(0)
        assert not bell.wait(0)
    finally:
        bell.close()


def test_a_file_in_its_place_is_replaced(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("?")
    assert not ring(tmp_path)
    bell = Bell(tmp_path)
    assert ring(tmp_path)
    bell.close()


def test_an_urgent_ring_is_told_apart_until_the_next_wait(tmp_path: Path) -> None:
    bell = Bell(tmp_path)
    try:
        ring(tmp_path)
        assert bell.wait(0)
        assert not bell.urgent
        ring(tmp_path, urgent=True)
        assert all(ring(tmp_path) for _ in range(10_000))
        assert bell.wait(0)
        assert bell.urgent
        assert not bell.wait(0)
        assert not bell.urgent
    finally:
        bell.close()

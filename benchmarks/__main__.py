"""`python -m benchmarks [--full] [--only W6,W9]`: prints the table of what Pluto costs."""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

from benchmarks import delivery, kills, peers, processes
from benchmarks.calls import WORKLOADS
from benchmarks.scratch import measured, scratch


class Row(NamedTuple):
    """One line of the table; `within` is None where there is no budget."""

    number: str
    what: str
    measured: str
    budget: str
    within: bool | None


def calls(full: bool) -> Iterator[Row]:
    """W1 to W5, ours and then each installed peer's."""
    for number, workload in WORKLOADS.items():
        for system in ["pluto", *peers.installed()]:
            with scratch() as folder:
                seconds = 60 if full and system == "pluto" else 0
                found = measured("benchmarks.calls", system, number, seconds, folder=folder)
            ours, raw = found["ours"], found["raw"]
            ratio = ours["p50"] / raw["p50"]
            text = f"{ratio:.2f}× (p50 {ours['p50']:.0f} µs, raw {raw['p50']:.0f} µs)"
            if system != "pluto":
                yield Row(number, f"{workload.title}: {system}", text, "", None)
                continue
            yield Row(number, workload.title, text, f"{workload.budget:g}×", ratio <= workload.budget)
            if number == "W1":
                tail = ours["p99"] / raw["p99"]
                text = f"{tail:.2f}× (p99 {ours['p99']:.0f} µs, raw {raw['p99']:.0f} µs)"
                yield Row(number, "p99 against the yardstick's", text, "3×", tail <= 3)
                text = f"{ours['max'] / 1e3:.1f} ms (raw {raw['max'] / 1e3:.1f} ms)"
                yield Row(number, "longest call", text, "20 ms", ours["max"] <= 20e3)


def imports(full: bool) -> Iterator[Row]:
    """W6."""
    with scratch() as folder:
        seconds = processes.imports(
            folder, ["pluto", "mlop", *map(peers.PACKAGES.get, peers.installed())], 21 if full else 9
        )
    bare = seconds.pop("pass")
    for module, taken in seconds.items():
        text = f"{taken / bare:.1f}× ({taken * 1e3:.0f} ms, `pass` {bare * 1e3:.0f} ms)"
        ours = module in ("pluto", "mlop")
        yield Row(
            "W6",
            f"`import {module}`",
            text,
            "6×, 100 ms" if ours else "",
            taken <= min(6 * bare, 0.1) if ours else None,
        )


def life(full: bool) -> Iterator[Row]:
    """W7: the median of several lives."""
    lives = []
    for _ in range(7 if full else 3):
        with scratch() as folder:
            lives.append(processes.life(folder, 20_000))
    ready, finish = (sorted(each[part] for each in lives)[len(lives) // 2] for part in ("init", "finish"))
    yield Row("W7", "init to ready", f"{ready * 1e3:.0f} ms", "100 ms", ready <= 0.1)
    yield Row("W7", "finish after W1, all delivered", f"{finish:.2f} s", "1 s", finish <= 1)


def memory(full: bool) -> Iterator[Row]:
    """W8."""
    with scratch() as folder:
        held = processes.memory(folder)
    grown, peak = held["growth"] / 2**20, held["peak"] / 2**20
    yield Row("W8", "growth of the training process over W3", f"{grown:.1f} MB", "5 MB", grown <= 5)
    yield Row("W8", "peak of the process tree", f"{peak:.0f} MB", "110 MB", peak <= 110)


def lost(full: bool) -> Iterator[Row]:
    """W9."""
    with scratch() as folder:
        for what, sums in kills.kills(folder, 20 if full else 3).items():
            text = f"{sums['lost']} lost, {sums['repeated']} repeated of {sums['acknowledged']:,}"
            yield Row("W9", f"kill -9: {what}", text, "0", not sums["lost"] and not sums["repeated"])


def reading(full: bool) -> Iterator[Row]:
    """W10."""
    with scratch() as folder:
        found = measured("benchmarks.reading", 100, 100_000, folder=folder)
    budgets = {"one at the store": 5, "all at the store": 60, "one by query": 25, "all by query": 150}
    titles = {"one": "one metric of 100,000 points", "all": "one metric across 100 runs"}
    for name, budget in budgets.items():
        what, _, where = name.partition(" ")
        yield Row("W10", f"{titles[what]}, {where}", f"{found[name]:.1f} ms", f"{budget} ms", found[name] <= budget)


def throughput(full: bool) -> Iterator[Row]:
    """W11."""
    scale = 3 if full else 1
    for what, lines, width, budget in (
        ("one-scalar lines/s", 200_000, 1, 100_000),
        ("points/s at 1,000 a line", 4_000, 1_000, 1_000_000),
    ):
        found = delivery.rate(lines * scale, width)
        yield Row("W11", f"uploader, {what}", f"{found:,.0f}", f"{budget:,}", found >= budget)


PARTS: dict[str, Callable[[bool], Iterator[Row]]] = {
    "W1-W5": calls, "W6": imports, "W7": life, "W8": memory, "W9": lost, "W10": reading, "W11": throughput,
}  # fmt: skip


def main() -> int:
    """Prints a line for each measurement as it comes; the exit code is 0 however they turn out."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--full", action="store_true", help="60 seconds for each call workload, more repeats elsewhere")
    parser.add_argument("--only", help=f"comma-separated parts of {', '.join(PARTS)}")
    options = parser.parse_args()
    chosen = options.only.split(",") if options.only else list(PARTS)
    unknown = set(chosen) - set(PARTS)
    if unknown:
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    print(
        f"{'Full' if options.full else 'Short'} mode, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, {platform.system()}.\n"
    )
    print("| | what | measured | at most (W11: at least) | within |\n|---|---|---:|---:|---|")
    failed = 0
    for name in chosen:
        try:
            for row in PARTS[name](options.full):
                verdict = {None: "", True: "yes", False: "**no**"}[row.within]
                print(f"| {row.number} | {row.what} | {row.measured} | {row.budget} | {verdict} |", flush=True)
        except Exception as error:
            failed = 1
            print(f"| {name} | could not be measured | | | **no** |", flush=True)
            print(error, file=sys.stderr)
    return failed


if __name__ == "__main__":
    sys.exit(main())

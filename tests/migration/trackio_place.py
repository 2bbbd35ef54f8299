"""A folder of Trackio, made row by row."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.migration.reading import Read, read_all

WHEN = "2025-01-02T03:04:05.678901+00:00"
AT = 1_735_787_045_678_901
TABLES = """
CREATE TABLE metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT, timestamp TEXT NOT NULL,
  run_name TEXT NOT NULL,
  step INTEGER NOT NULL, metrics TEXT NOT NULL, log_id TEXT, space_id TEXT);
CREATE TABLE configs (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT, run_name TEXT NOT NULL, config TEXT NOT NULL,
  created_at TEXT NOT NULL, UNIQUE(run_id));
CREATE TABLE system_metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT, timestamp TEXT NOT NULL,
  run_name TEXT NOT NULL, metrics TEXT NOT NULL, log_id TEXT, space_id TEXT);
CREATE TABLE alerts (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT, timestamp TEXT NOT NULL, run_name TEXT NOT NULL,
  title TEXT NOT NULL, text TEXT, level TEXT NOT NULL DEFAULT 'warn', step INTEGER, alert_id TEXT);
CREATE TABLE traces (id TEXT PRIMARY KEY, run_id TEXT, timestamp TEXT NOT NULL, run_name TEXT NOT NULL,
  step INTEGER NOT NULL, key TEXT NOT NULL, trace_index INTEGER, messages TEXT NOT NULL, metadata TEXT NOT NULL,
  search_text TEXT NOT NULL, log_id TEXT, space_id TEXT, spans TEXT NOT NULL DEFAULT '[]');
CREATE TABLE artifacts (id INTEGER PRIMARY KEY, name TEXT, type TEXT, description TEXT, created_at TEXT);
CREATE TABLE artifact_versions (id INTEGER PRIMARY KEY, artifact_id INTEGER, version INTEGER, manifest_digest TEXT,
  manifest TEXT, metadata TEXT, size_bytes INTEGER, producer_run_id TEXT, producer_run_name TEXT, created_at TEXT);
CREATE TABLE artifact_aliases (artifact_id INTEGER, alias TEXT, artifact_version_id INTEGER);
CREATE TABLE run_artifact_links (id INTEGER PRIMARY KEY, run_id TEXT, run_name TEXT, run_project TEXT,
  artifact_version_id INTEGER, direction TEXT, created_at TEXT);
"""


class Place:
    """A folder of Trackio with one database."""

    def __init__(self, folder: Path, project: str = "demo", tables: str = TABLES) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.path = folder / f"{project}.db"
        self.database = sqlite3.connect(self.path)
        self.database.executescript(tables)

    def add(self, table: str, **row: Any) -> None:
        names = ", ".join(row)
        self.database.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", [*row.values()])
        self.database.commit()

    def log(self, step: Any, metrics: Any, run: str = "id1", name: str = "one", when: Any = WHEN) -> None:
        packed = metrics if isinstance(metrics, (bytes, str)) else json.dumps(metrics).encode()
        self.add("metrics", run_id=run, timestamp=when, run_name=name, step=step, metrics=packed)

    def config(self, config: Mapping[str, Any], run: str = "id1", name: str = "one") -> None:
        packed = json.dumps(config).encode()
        self.add("configs", run_id=run, run_name=name, config=packed, created_at=WHEN)

    def file(self, path: str, content: bytes) -> str:
        target = self.folder / "media" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        return path

    def read(self) -> dict[str, Read]:
        self.database.close()
        return read_all("trackio", self.folder)

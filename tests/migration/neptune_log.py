"""Writes what Neptune's client 1.x leaves, in any of its layouts."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

RUN = "11111111-2222-4333-8444-555555555555"
OTHER = "99999999-8888-4777-8666-555555555555"
START = 1_700_000_000.0


class Execution:
    """One process's folder, whose operations are put into one log."""

    def __init__(self, folder: Path, *, at: float = START, version: int = 0, log: str = "data-1.log") -> None:
        self.folder = folder
        self.at: float | None = at
        self.version = version
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / log
        self.log.touch()

    def put(self, kind: str, path: str, **fields: Any) -> Execution:
        """One operation, a second after the one before."""
        self.version += 1
        whole: dict[str, Any] = {"obj": {"type": kind, "path": path.split("/"), **fields}, "version": self.version}
        if self.at is not None:
            self.at += 1
            whole["at"] = self.at
        return self.raw((json.dumps(whole) + "\n").encode())

    def raw(self, data: bytes) -> Execution:
        """Bytes as they are."""
        with open(self.log, "ab") as file:
            file.write(data)
        return self

    def floats(
        self, path: str, *values: float, steps: list[float | None] | None = None, ts: float = START
    ) -> Execution:
        """A LogFloats."""
        return self._log("LogFloats", path, list(values), steps, ts)

    def texts(self, path: str, *values: str, steps: list[float | None] | None = None, ts: float = START) -> Execution:
        """A LogStrings."""
        return self._log("LogStrings", path, list(values), steps, ts)

    def image(self, path: str, content: bytes, step: float | None = None, **about: Any) -> Execution:
        """A LogImages."""
        data = {"data": base64.b64encode(content).decode(), "name": None, "description": None, **about}
        return self._log("LogImages", path, [data], [step], START)

    def about(self, *, type: str = "run", id: str = RUN, mode: str = "offline", **more: Any) -> Execution:
        """Its metadata.json."""
        said = {
            "mode": mode, "containerId": id, "containerType": type, "structureVersion": 3, "os": "Linux",
            "pythonVersion": "3.10", "neptuneClientVersion": "1.14.0", "createdAt": "2023-11-14T22:13:20+00:00", **more,
        }  # fmt: skip
        (self.folder / "metadata.json").write_text(json.dumps(said))
        return self

    def _log(self, kind: str, path: str, values: list[Any], steps: list[float | None] | None, ts: float) -> Execution:
        steps = steps or [None] * len(values)
        rows = [
            {"value": value, "step": step, "ts": ts + place}
            for place, (value, step) in enumerate(zip(values, steps, strict=True))
        ]
        return self.put(kind, path, values=rows)


def execution(
    root: Path, id: str = RUN, *, type: str = "run", mode: str = "offline", key: str = "abcdefgh"
) -> Execution:
    """A folder as releases since 1.0 make it."""
    folder = root / ".neptune" / mode / f"{type}__{id}__4711__{key}"
    return Execution(folder).about(type=type, id=id, mode=mode)

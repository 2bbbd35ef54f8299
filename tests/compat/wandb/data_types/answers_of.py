"""What a script has left behind, in a form that can be compared: rows, config, files, answers.

Run as a program with the original package installed, it writes the answers that the tests compare with:

    python answers_of.py scripts answers [name …]
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import struct
import sys
import tempfile
from pathlib import Path
from typing import Any

OWN = ("_timestamp", "_runtime", "_step", "_wandb")
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif")
"""Files whose bytes depend on the libraries that write them: their pixels are compared."""


_PIXELS, _BYTES = 100, 4_000
"""Of larger pictures only the size is compared, of larger files the hash."""


def run_script(wandb: Any, source: str) -> dict[str, Any]:
    """Runs a script in an offline run; gives what it put into `answer`, by name, and the run's folder."""
    run = wandb.init(project="p", id="fixedrun")
    space: dict[str, Any] = {"wandb": wandb, "run": run, "answer": {}, "attempt": attempt}
    try:
        exec(compile(source, "script", "exec"), space)
        # A name of its own: what is asked of a finished run is another matter.
        summary = {key: run.summary[key] for key in run.summary.keys() if key not in OWN}
    finally:
        run.finish()
    return {"answer": space["answer"], "dir": run.dir, "summary": summary}


def attempt(call: Any) -> str:
    """How a call ends: the class of what it raises, or "ok"."""
    try:
        call()
    except Exception as error:
        return type(error).__name__
    return "ok"


def comparable(rows: list[dict[str, Any]], config: dict[str, Any], ran: dict[str, Any]) -> dict[str, Any]:
    """The answers of a script, without what differs from one time to the next."""
    folder = Path(ran["dir"])
    contents: dict[str, list[Any]] = {}
    for path in sorted(folder.glob("media/**/*")):
        if path.is_file():
            contents.setdefault(_name(path.relative_to(folder).as_posix()), []).append(_content(path))
    files = {name: found[0] if len(found) == 1 else sorted(found, key=str) for name, found in contents.items()}
    kept = {key: value for key, value in config.items() if key in _CONFIG and value}
    everything = {
        "rows": [_flat({key: value for key, value in row.items() if key not in OWN}) for row in map(_plain, rows)],
        "summary": ran["summary"],
        "config": kept,
        "files": files,
        "answer": ran["answer"],
    }
    return json.loads(json.dumps(_plain(everything), sort_keys=True, default=str))


_CONFIG = ("visualize", "viz", "mask/class_labels", "bounding_box/class_labels")


def _plain(value: Any) -> Any:
    if isinstance(value, dict) or hasattr(value, "keys"):
        found = {str(key): _plain(value[key]) for key in value.keys()}
        for name in ("artifact_path", "_latest_artifact_path"):
            found.pop(name, None)  # they hold an id that is made up
        if "previous_increments_paths" in found:
            found["previous_increments_paths"] = len(found["previous_increments_paths"])
        if str(found.get("path", "")).endswith(PICTURES):
            found["sha256"], found["size"] = "of the file", "of the file"
        return found
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return _name(value) if isinstance(value, str) and value.startswith("media/") else value


def _flat(row: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """A row with all that is nested under names joined by dots: what was one value, and what many, is not stored."""
    found: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, dict):
            found.update(_flat(value, f"{prefix}{key}."))
        else:
            found[f"{prefix}{key}"] = value
    return found


def _name(path: str) -> str:
    """A path, without the part of a picture's hash in it."""
    return re.sub(r"_[0-9a-f]{20}(?=(\.mask)?\.(png|jpe?g|bmp|gif)$)", "_<hash>", path)


def _content(path: Path) -> Any:
    if path.suffix in PICTURES:
        from PIL import Image

        with Image.open(path) as picture:
            if path.suffix in (".jpg", ".jpeg") or picture.width * picture.height > _PIXELS:
                return [picture.format, picture.mode, *picture.size]
            return [picture.format, picture.mode, *picture.size, picture.convert("RGBA").tobytes().hex()]
    content = path.read_bytes()
    if len(content) > _BYTES:
        return hashlib.sha256(content).hexdigest()
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.hex()


def stored_by_the_original(folder: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Rows and config of an offline run of the original."""
    from wandb.proto import wandb_internal_pb2 as pb

    (path,) = Path(folder).parent.glob("*.wandb")
    rows: list[dict[str, Any]] = []
    config: dict[str, Any] = {}
    row: dict[str, Any] = {}

    def take(items: Any, into: dict[str, Any]) -> None:
        for item in items:
            *path, last = item.nested_key or [item.key]
            inner = into
            for part in path:
                inner = inner.setdefault(part, {})
            inner[last] = json.loads(item.value_json)

    for text in _records(path.read_bytes()):
        record = pb.Record()
        record.ParseFromString(text)
        kind = record.WhichOneof("record_type")
        if kind == "history":
            row = {}
            take(record.history.item, row)
            rows.append(row)
        elif kind == "config":
            take(record.config.update, config)
    return rows, config.get("_wandb") or {}


def _records(content: bytes) -> list[bytes]:
    """The records of a file in LevelDB's log format, behind a header of seven bytes."""
    found, part, at = [], b"", 7
    while at + 7 <= len(content):
        if 32768 - at % 32768 < 7:
            at += 32768 - at % 32768
            continue
        _, length, kind = struct.unpack("<IHB", content[at : at + 7])
        part += content[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):
            found.append(part)
            part = b""
    return found


def main(scripts: Path, answers: Path, *names: str) -> None:
    """Writes the answers of all scripts, or of those named, each in a process of its own."""
    import subprocess

    for path in sorted(scripts.glob("*.txt")):
        if not names or path.stem in names:
            with tempfile.TemporaryDirectory() as place:
                subprocess.run([sys.executable, __file__, "--one", path, answers], cwd=place, check=True)


def one(path: Path, answers: Path) -> None:
    """Writes the answers of one script."""
    import wandb

    ran = run_script(wandb, path.read_text(encoding="utf-8"))
    wandb.teardown()  # only now is everything in the file
    found = comparable(*stored_by_the_original(ran["dir"]), ran)
    (answers / f"{path.stem}.json").write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(path.stem, len(found["rows"]), len(found["files"]), found["answer"])


if __name__ == "__main__":
    os.environ.update(WANDB_MODE="offline", WANDB_CONSOLE="off", WANDB_SILENT="true", WANDB__DISABLE_STATS="true")
    if sys.argv[1] == "--one":
        one(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve(), *sys.argv[3:])

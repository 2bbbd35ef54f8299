"""What scripts with runs of their own leave behind, in a form that can be compared: runs, rows, config, answers.

A script finds these names: `wandb`; `answer`, a dict it fills; `start(**arguments)`, an offline run of project `p`
unless it says otherwise; `attempt(call)`, how a call ends; `warns(call)`, how many warnings it prints; `summary(run)`.

Run with the Python of the original, it writes the answers that the tests compare with:

    PYTHONPATH=. python -m tests.compat.wandb.recorded.answers_of [name …]
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.compat.wandb.data_types.answers_of import _flat, _plain, _records

HERE = Path(__file__).parent
OWN = ("_timestamp", "_runtime", "_wandb")
VARIABLES = {"WANDB_MODE": "offline", "WANDB_CONSOLE": "off", "WANDB__DISABLE_STATS": "true"}


def run_script(wandb: Any, source: str) -> dict[str, Any]:
    """Runs a script; gives what it put into `answer`, and ends the runs it left open."""
    space: dict[str, Any] = {"wandb": wandb, "answer": {}, "attempt": attempt, "warns": warns, "summary": summary}
    runs = []

    def start(**arguments: Any) -> Any:
        runs.append(wandb.init(**{"project": "p", **arguments}))
        return runs[-1]

    space["start"] = start
    with contextlib.redirect_stderr(io.StringIO()):
        try:
            exec(compile(source, "script", "exec"), space)
        finally:
            for run in runs:
                run.finish()
    return _read(_plain(space["answer"]))


def attempt(call: Any) -> Any:
    """How a call ends: "ok", or the class of what it raises, as far as a script can name it."""
    try:
        call()
    except Exception as error:
        for kind in type(error).__mro__:
            if kind.__name__ != "ValidationError" and (kind.__module__ == "builtins" or "wandb" in kind.__module__):
                return kind.__name__
    return "ok"


def warns(call: Any) -> int:
    """The number of warnings and errors that a call prints."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        call()
    return sum("WARNING" in line or "ERROR" in line for line in said.getvalue().splitlines())


def summary(run: Any) -> dict[str, Any]:
    """The summary as it is now, without the names that every run has."""
    found = _plain({key: run.summary[key] for key in run.summary.keys() if key not in (*OWN, "_step")})
    assert isinstance(found, dict)
    return found


def comparable(runs: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What runs left, by id, without what differs from one time to the next."""
    for run in runs.values():
        run["rows"] = [_flat({key: row[key] for key in row if key not in OWN}) for row in map(_plain, run["rows"])]
        run["config"] = {key: value for key, value in _plain(run["config"]).items() if key != "_wandb"}
    return _read(runs)


def _read(found: dict[str, Any]) -> dict[str, Any]:
    """As it comes out of a JSON file, with names for NaN and the infinities: these equal themselves."""
    text = json.dumps(found, sort_keys=True, default=str)
    return json.loads(text, parse_constant=str)  # type: ignore[no-any-return]


def stored_by_the_original(place: Path) -> dict[str, dict[str, Any]]:
    """The runs that the original left in a folder, from their files."""
    from wandb.proto import wandb_internal_pb2 as pb

    runs: dict[str, dict[str, Any]] = {}
    for path in sorted(place.glob("**/*.wandb")):
        run: dict[str, Any] = {"rows": [], "config": {}, "code": None}
        for text in _records(path.read_bytes()):
            record = pb.Record()
            record.ParseFromString(text)
            kind = record.WhichOneof("record_type")
            if kind == "run":
                about = record.run
                named = {"project": about.project, "entity": about.entity, "group": about.run_group}
                named |= {"job_type": about.job_type, "notes": about.notes, "tags": sorted(about.tags)}
                if about.display_name:
                    named["name"] = about.display_name
                run |= named
                runs[about.run_id] = run
                _take(about.config.update, run["config"])
            elif kind == "history":
                run["rows"].append({})
                _take(record.history.item, run["rows"][-1])
            elif kind == "config":
                _take(record.config.update, run["config"])
            elif kind == "exit":
                run["code"] = record.exit.exit_code
    return runs


def _take(items: Any, into: dict[str, Any]) -> None:
    for item in items:
        *path, last = item.nested_key or [item.key]
        inner = into
        for part in path:
            inner = inner.setdefault(part, {})
        inner[last] = json.loads(item.value_json)


def one(name: str) -> None:
    """Writes the answer of one script."""
    import wandb

    answer = run_script(wandb, (HERE / "scripts" / f"{name}.txt").read_text(encoding="utf-8"))
    wandb.teardown()  # only now is everything in the files
    found = {"answer": answer, "runs": comparable(stored_by_the_original(Path.cwd()))}
    text = json.dumps(found, indent=1, sort_keys=True) + "\n"
    (HERE / "answers" / f"{name}.json").write_text(text, encoding="utf-8")
    print(name, answer, {id: len(run["rows"]) for id, run in found["runs"].items()}, flush=True)


def main(*names: str) -> None:
    """Writes the answers of all scripts, or of those named, each in a process and a folder of its own."""
    for path in sorted((HERE / "scripts").glob("*.txt")):
        if not names or path.stem in names:
            with tempfile.TemporaryDirectory() as place:
                command = [sys.executable, "-m", __spec__.name, "--one", path.stem]
                environment = {**os.environ, **VARIABLES, "PYTHONPATH": str(HERE.parents[3])}
                subprocess.run(command, cwd=place, check=True, env=environment)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2])
    else:
        main(*sys.argv[1:])

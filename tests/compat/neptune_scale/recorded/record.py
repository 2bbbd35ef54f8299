"""Plays all scripts under the original client, offline, and writes down what it did and what its database holds.

Run it with a Python that has neptune-scale 0.30.0: `python tests/compat/neptune_scale/recorded/record.py`; with a
folder as argument the answers go there.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pathlib
import sqlite3
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[3]))
for name in [name for name in os.environ if name.startswith("NEPTUNE_")]:
    del os.environ[name]
os.environ["TZ"] = "Europe/Warsaw"
time.tzset()

from neptune_api.proto.neptune_pb.ingest.v1.common_pb2 import Run, UpdateRunSnapshot  # noqa: E402
from neptune_scale import Run as ScaleRun  # noqa: E402

from tests.compat.neptune_scale.recorded import play  # noqa: E402

CREATE = 1
LONG_AGO_S = 86400


def number(step):
    return step.whole + step.micro / 1e6 if step.micro else step.whole


def old(timestamp):
    """A time that a script has named; None for one that was now."""
    moment = timestamp.seconds + timestamp.nanos / 1e9
    return None if abs(moment - time.time()) < LONG_AGO_S else round(moment, 3)


def point(update, *rest):
    return [number(update.step) if update.HasField("step") else None, *rest, *filter(None, [old(update.timestamp)])]


class Kept:
    """What the database of one run holds, kind by kind."""

    def __init__(self, path):
        self.kept = {
            kind: {}
            for kind in ("configs", "sets", "metrics", "previews", "strings", "histograms", "files", "file_series")
        }
        database = sqlite3.connect(path)
        (self.run_id,) = database.execute("SELECT run_id FROM metadata").fetchone()
        uploads = database.execute("SELECT destination, source_path FROM file_upload_requests").fetchall()
        self.content = {
            place: hashlib.sha256(pathlib.Path(source).read_bytes()).hexdigest() for place, source in uploads
        }
        rows = database.execute("SELECT operation_type, operation FROM run_operations ORDER BY sequence_id")
        for kind, body in rows:
            if kind == CREATE:
                self.created(Run.FromString(body))
            else:
                self.updated(UpdateRunSnapshot.FromString(body))
        database.close()
        self.kept = {name: play.named(value) for name, value in self.kept.items() if value}

    def created(self, run):
        self.kept["experiment"] = run.experiment_id if run.HasField("experiment_id") else None
        self.kept["created"] = old(run.creation_time)
        if run.HasField("fork_point"):
            self.kept["fork"] = [run.fork_point.parent_run_id, number(run.fork_point.step), run.inherit_configs]

    def updated(self, update):
        for path, value in update.assign.items():
            kind = value.WhichOneof("value")
            if kind == "string_set":
                self.kept["sets"][path] = sorted(set(value.string_set.values))
            elif kind == "timestamp":
                stamp = value.timestamp
                self.kept["configs"][path] = [kind, round(stamp.seconds + stamp.nanos / 1e9, 3)]
            elif kind == "file_ref":
                self.kept["files"][path] = self.file(value.file_ref)
            else:
                single = getattr(value, kind)
                self.kept["configs"][path] = [kind, play.brief(single) if kind == "string" else play.shown(single)]
        for path, change in update.modify_sets.items():
            found = set(self.kept["sets"].get(path, ()))
            for text, operation in change.string.values.items():
                (found.add if operation == 1 else found.discard)(text)
            self.kept["sets"][path] = sorted(found)
        for path, value in update.append.items():
            self.appended(update, path, value)

    def appended(self, update, path, value):
        kind = value.WhichOneof("value")
        if kind == "float64" and update.preview.is_preview:
            made = point(update, play.shown(value.float64), round(update.preview.completion_ratio, 6))
            self.kept["previews"].setdefault(path, []).append(made)
        elif kind == "float64":
            self.kept["metrics"].setdefault(path, []).append(point(update, play.shown(value.float64)))
        elif kind == "string":
            self.kept["strings"].setdefault(path, []).append(point(update, play.brief(value.string)))
        elif kind == "histogram":
            histogram = value.histogram
            form = histogram.WhichOneof("values")
            made = point(update, form, list(histogram.bin_edges), list(getattr(histogram, form).values))
            self.kept["histograms"].setdefault(path, []).append(made)
        else:
            self.kept["file_series"].setdefault(path, []).append(point(update, *self.file(value.file_ref)))

    def file(self, reference):
        return [reference.mime_type, reference.size_bytes, self.content[reference.path]]


def main(folder):
    logging.getLogger("neptune").handlers.clear()
    for path in sorted(play.SCRIPTS.glob("*.py")):
        with tempfile.TemporaryDirectory() as scratch:
            os.chdir(scratch)
            outcomes, names = play.play(path.stem, "neptune_scale", "offline")
            for run in names.values():
                if isinstance(run, ScaleRun):
                    run.close()
            runs = [Kept(database) for database in sorted(pathlib.Path(scratch).rglob("run_operations.sqlite3"))]
            answers = {"statements": outcomes, "kept": {run.run_id: run.kept for run in runs}}
            play.write(folder / f"{path.stem}.json", answers)
            os.chdir("/")
            print(path.stem, len(outcomes), "statements,", len(runs), "runs")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)

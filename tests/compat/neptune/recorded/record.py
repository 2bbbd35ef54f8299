"""Plays all scripts under the original client, in memory and offline, and writes down what it did and what it kept.

Run it with a Python that has neptune 1.14.0.post2, numpy, pandas, pillow and matplotlib:
`python tests/compat/neptune/recorded/record.py`; with a folder as argument the answers go there.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import os
import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[3]))
for name in [name for name in os.environ if name.startswith("NEPTUNE_")]:
    del os.environ[name]
os.environ["TZ"] = "Europe/Warsaw"
time.tzset()

from neptune import Run  # noqa: E402

from tests.compat.neptune.recorded import play  # noqa: E402
from tests.compat.playing import brief, shown  # noqa: E402

LONG_AGO_S = 86400
SETS = ("sys/tags", "sys/group_tags")


class Kept:
    """What the operations of an offline run come to: kind and value by path."""

    def __init__(self, folder):
        self.folder = folder
        self.fields = {}
        for log in sorted(folder.glob("data-*.log"), key=lambda one: int(one.stem.partition("-")[2])):
            for line in log.read_text().splitlines():
                operation = json.loads(line)["obj"]
                self.apply("/".join(operation["path"]), operation["type"], operation)

    def apply(self, path, kind, operation):
        if kind.startswith("Assign"):
            value = operation.get("value")
            self.fields[path] = [kind[6:], brief(value) if isinstance(value, str) else shown(value)]
        elif kind == "CopyAttribute":
            self.fields[path] = list(self.fields["/".join(operation["source_path"])])
        elif kind in ("LogFloats", "LogStrings", "LogImages"):
            self.append(
                path,
                {"LogFloats": "FloatSeries", "LogStrings": "StringSeries", "LogImages": "FileSeries"}[kind],
                operation,
            )
        elif kind in ("ClearFloatLog", "ClearStringLog", "ClearImageLog"):
            self.fields[path] = [{"F": "FloatSeries", "S": "StringSeries", "I": "FileSeries"}[kind[5]], []]
        elif kind in ("AddStrings", "RemoveStrings", "ClearStringSet"):
            texts = set(self.fields.get(path, [None, ()])[1])
            changed = set(operation.get("values", ()))
            texts = texts | changed if kind[0] == "A" else texts - changed if kind[0] == "R" else set()
            self.fields[path] = ["StringSet", sorted(texts)]
        elif kind == "UploadFile":
            file = pathlib.Path(operation["file_path"] or self.folder / "upload_path" / operation["tmp_file_name"])
            if file.is_file():
                self.fields[path] = ["File", operation["ext"], hashlib.sha256(file.read_bytes()).hexdigest()[:16]]
        elif kind == "DeleteAttribute":
            del self.fields[path]
        else:  # file sets and artifacts are resolved when they are sent, how to draw a series is no value
            assert kind in (
                "UploadFileSet",
                "DeleteFiles",
                "TrackFilesToArtifact",
                "ConfigFloatSeries",
                "ClearArtifact",
            ), kind

    def append(self, path, kind, operation):
        _, points = self.fields.setdefault(path, [kind, []])
        for one in operation["values"]:
            step = one["step"] if one["step"] is not None else points[-1][0] + 1 if points else 0
            if points and step <= points[-1][0]:
                continue  # which the service refused
            value = one["value"]
            if kind == "FileSeries":
                content = base64.b64decode(value["data"])
                value = [hashlib.sha256(content).hexdigest()[:16], value["name"], value["description"]]
            elif isinstance(value, str):
                value = brief(value)
            when = one["ts"]
            points.append([step, value, *([round(when, 3)] if abs(when - time.time()) > LONG_AGO_S else [])])

    def described(self):
        return {
            path: field
            for path, field in sorted(self.fields.items())
            if field != ["StringSet", []]
            and (path in SETS or not path.startswith(("sys/", "source_code/", "monitoring/")))
        }


def in_words(outcomes):
    """The outcomes, with the words of messages in the place of their texts."""
    for outcome in outcomes:
        if "raises" in outcome:
            error = outcome["raises"]
            outcome["raises"] = {"classes": error["classes"], "words": play.words(error["text"], outcome["call"])}
        for kind in ("warns", "says"):
            if kind in outcome:
                outcome[kind] = [[one, play.words(text, outcome["call"])] for one, text in outcome[kind]]
    return outcomes


def main(folder):
    for path in sorted(play.SCRIPTS.glob("*.py")):
        answers = {}
        for mode in ("debug", "offline"):
            with tempfile.TemporaryDirectory() as scratch:
                os.chdir(scratch)
                outcomes, names = play.play(path.stem, "neptune", mode)
                answers[mode] = in_words(outcomes)
                if mode == "offline":
                    runs = {name: run for name, run in names.items() if isinstance(run, Run)}
                    folders = {one.name.split("__")[1]: one for one in pathlib.Path(".neptune").glob("offline/run__*")}
                    answers["kept"] = {
                        name: Kept(folders[run._id]).described() for name, run in runs.items() if run._id in folders
                    }
                os.chdir("/")
        play.write(folder / f"{path.stem}.json", answers)
        print(path.stem, len(answers["debug"]), "statements", file=sys.stderr)


if __name__ == "__main__":
    with contextlib.redirect_stdout(io.StringIO()):
        main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)

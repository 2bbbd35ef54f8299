"""Runs under the original pluto-ml 0.0.29: logs two runs, resumes one, reads both back. Prints what it saw as JSON."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import numpy as np
from PIL import Image as Picture

import pluto
import pluto.query as pq

URL = os.environ["PLUTO_URL_API"]
HERE = Path.cwd()
PROJECT = "originals"


def settings() -> dict[str, object]:
    return {"url_app": URL, "url_api": URL, "url_ingest": URL, "url_py": URL, "x_sys_sampling_interval": 1}


def readable(value: object) -> object:
    """What the query module gave, with frames as lists."""
    return value.to_dict("records") if hasattr(value, "to_dict") else value


run = pluto.init(
    project=PROJECT,
    name="first",
    run_id="first-client-run",
    config={"lr": 0.1, "model": {"depth": 3}},
    tags=["old", "client"],
    settings=settings(),
)
for step in range(250):
    run.log({"train/loss": 1 / (step + 1), "train/accuracy": step / 250})
run.log({"weights": pluto.Histogram(np.arange(100.0), bins=10)})
run.log({"scores": pluto.Table(data=[["a", 1.5], ["b", 2.5]], columns=["who", "score"])})
Picture.new("RGB", (12, 8), (200, 10, 10)).save(HERE / "red.png")
(HERE / "notes.txt").write_text("words of the first client\n")
(HERE / "model.bin").write_bytes(bytes(range(256)) * 40)
run.log({"picture": pluto.Image(str(HERE / "red.png"), caption="red")})
run.log({"text": pluto.Text(str(HERE / "notes.txt"))})
run.log({"model": pluto.Artifact(str(HERE / "model.bin"))})
run.log({"sound": pluto.Audio(np.zeros(800, dtype=np.float32), rate=8000)})
run.add_tags(["added"])
run.remove_tags("old")
run.update_config({"lr": 0.2, "extra": "yes"})
print("a line on the console")
number = int(run.id)
run.finish()

again = pluto.init(project=PROJECT, name="first", run_id="first-client-run", resume=True, settings=settings())
resumed, same = bool(again.resumed), int(again.id) == number
again.log({"train/loss": 0.001}, step=251)
again.finish()

failed = pluto.init(project=PROJECT, name="second", run_id="second-client-run", settings=settings())
failed.log({"train/loss": 5.0})
failed_number = int(failed.id)
failed.finish(1)

(HERE / "later.txt").write_text("attached afterwards")
pq.upload_file(PROJECT, number, "later", HERE / "later.txt", step=3)
deadline = time.monotonic() + 30
while len(pq.get_files(PROJECT, number)) < 5 and time.monotonic() < deadline:
    time.sleep(0.2)
fetched = pq.download_file(PROJECT, number, "model", HERE / "fetched.bin")

print(
    "\nSEEN "
    + json.dumps(
        {
            "version": pluto.__version__,
            "number": number,
            "failed_number": failed_number,
            "resumed": resumed and same,
            "projects": [project["name"] for project in pq.list_projects()],
            "runs": [row["name"] for row in pq.list_runs(PROJECT)],
            "by_tag": [row["name"] for row in pq.list_runs(PROJECT, tags=["added"])],
            "filtered": [row["name"] for row in pq.list_runs(PROJECT, filters={"config.lr": {"$gt": 0.15}})],
            "run": pq.get_run(PROJECT, number),
            "by_display_id": pq.get_run(PROJECT, pq.get_run(PROJECT, number)["displayId"])["id"],
            "names": pq.get_metric_names(PROJECT, run_ids=[number], search="train/"),
            "metrics": readable(pq.get_metrics(PROJECT, number, metric_names=["train/loss"])),
            "window": readable(pq.get_metrics(PROJECT, number, metric_names=["train/loss"], step_min=10, step_max=12)),
            "statistics": pq.get_statistics(PROJECT, number, metric_names=["train/loss"]),
            "compared": pq.compare_runs(PROJECT, [number, failed_number], "train/loss"),
            "leaderboard": pq.leaderboard(PROJECT, "train/loss", aggregation="MIN"),
            "files": pq.get_files(PROJECT, number),
            "logs": pq.get_logs(PROJECT, number),
            "fetched": fetched.read_bytes() == (HERE / "model.bin").read_bytes(),
        },
        default=str,
    )
)

"""Runs to read."""

from __future__ import annotations

PROJECT = "team/digits"
LOSS = [1 / (step + 1) for step in range(10)]
"""`train/loss` of the newer run named resnet."""

NATIVE = """
import numpy as np
import pluto

quiet = {"disable_console": True, "disable_system_metrics": True}


def start(name, run_id, **more):
    return pluto.init(project=more.pop("project", "team/digits"), name=name, run_id=run_id, settings=quiet, **more)


with start("resnet", "old", config={"lr": 0.5, "batch": 16}, tags=["old"]) as run:
    for step in range(3):
        run.log({"train/loss": 9.0 + step, "only/old": float(step)}, step=step)

config = {"lr": 0.01, "batch": 32, "opt": {"name": "adam", "nesterov": True}, "layers": ["conv", "dense"], "big": 2**40}
with start("resnet", "new", config=config, tags=["best", "gpu"], notes="the good one") as run:
    number = run.id
    for step in range(10):
        values = {"train/loss": 1 / (step + 1)}
        if step % 2:
            values["train/acc"] = step / 10
        if step < 3:
            values["phase"] = ["warm", "hot", "cold"][step]
        run.log(values, step=step)
    run.log({"odd": float("nan")}, step=0.5)
    run.log({"odd": float("inf")}, step=1.5)
    run.log({"odd": 3.0}, step=2.5)
    for step in range(2):
        run.log({"ends/nan": [1.0, float("nan")][step], "ends/inf": [1.0, float("inf")][step]}, step=step)
    for step in (1, 2):
        run.log({"weights": pluto.Histogram(data=([step, 2.0], [0.0, 0.5, 1.0]))}, step=step)
        run.log({"samples/image": pluto.Image(np.full((4, 4, 3), 40 * step, np.uint8), caption="grey")}, step=step)
    with open("model.txt", "w") as file:
        file.write("the weights")
    run.log({"model": pluto.File("model.txt")})

try:
    with start("vit", "vit-1", config={"lr": "auto", "batch": 8, "only_vit": 1, "slow": "x" * 5_000 + "!"}) as run:
        for step in range(5):
            run.log({"train/loss": 5.0 - step}, step=step)
        raise KeyError("lost")
except KeyError:
    pass

with start("forked", "fork-1", fork_run_id=number, fork_step=4) as run:
    middle = run.id
    for step in range(5, 8):
        run.log({"train/loss": 10.0 * step}, step=step)
with start("forked", "fork-2", fork_run_id=middle, fork_step=6) as run:
    for step in range(7, 10):
        run.log({"train/loss": 100.0 * step, "own/metric": 1.0}, step=step)

with start("resnet", "elsewhere", project="team/other", config={"lr": 7, "batch": 32.5}) as run:
    run.log({"train/loss": 0.25}, step=0)
"""

"""1.2: ids of a run."""

neptune.init_run("RUN-1", mode="debug")
neptune.init_run(with_id="RUN-1", mode="debug")
neptune.init_run(with_id="RUN-1", custom_run_id="mine", mode="debug")
neptune.init_run(with_id="RUN-1", custom_run_id="mine", mode="async", project="team/tests")
long = neptune.init_run(**{**QUIET, "custom_run_id": "x" * 37})
long.stop()
run = neptune.init_run(**{**QUIET, "custom_run_id": "x" * 36})
run["x"] = 1
run.exists("x")

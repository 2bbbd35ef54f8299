"""1.4: modes, and what they need."""

neptune.init_run(mode="online", project="team/tests")
neptune.init_run(mode=5)
neptune.init_run(mode="Debug")
os.environ["NEPTUNE_MODE"] = "debug"
run = neptune.init_run(**{**QUIET, "mode": None})
run["x"] = 1
run["x"].fetch()
run.stop()
os.environ["NEPTUNE_MODE"] = "nonsense"
neptune.init_run(project="team/tests")
del os.environ["NEPTUNE_MODE"]

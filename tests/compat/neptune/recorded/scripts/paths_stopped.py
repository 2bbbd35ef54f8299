"""2: after stop."""

run = neptune.init_run(**QUIET)
run["x"] = 1
handler = run["y"]
run.stop()
run["x"]
run["x"] = 2
del run["x"]
run.assign({"x": 2})
run.fetch()
run.pop("x")
run.exists("x")
run.get_state()
run.stop()
run.get_state()
"x" in run.get_structure()

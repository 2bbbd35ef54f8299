"""3.2: a Float that is there."""

run = neptune.init_run(**QUIET)
run["x"] = 1.5
run["x"] = 3
run["x"].fetch()
run["x"] = "3.5"
run["x"].fetch()
run["x"] = True
run["x"].fetch()
run["x"] = "x"
run["x"] = None
run["x"] = [1.0]
run["x"] = {}
run["x"] = types.Integer(4)
run["x"].fetch()
run["x"] = np.float32(0.25)
run["x"].fetch()
run["x"] = float("nan")
run["x"] = float("inf")
run["x"] = "nan"
run["x"].fetch()

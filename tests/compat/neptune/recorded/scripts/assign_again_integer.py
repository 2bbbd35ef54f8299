"""3.2: an Integer that is there."""

run = neptune.init_run(**QUIET)
run["x"] = 1
run["x"] = 2.7
run["x"].fetch()
run["x"] = "5"
run["x"].fetch()
run["x"] = True
run["x"].fetch()
run["x"] = "x"
run["x"] = None
run["x"] = [1]
run["x"] = {"a": 1}
run["x"] = datetime(2020, 1, 1)
run["x"] = types.Integer(9)
run["x"].fetch()
run["x"] = types.Float(3.9)
run["x"] = types.String("7")
run["x"].fetch()
run["x"] = np.int64(8)
run["x"].fetch()

"""3.2: a Boolean, a String, a Datetime that is there."""

run = neptune.init_run(**QUIET)
run["b"] = True
run["b"] = 0
run["b"].fetch()
run["b"] = "no"
run["b"].fetch()
run["b"] = None
run["b"].fetch()
run["b"] = []
run["b"].fetch()
run["s"] = "a"
run["s"] = "b"
run["s"].fetch()
run["s"] = 5
run["s"] = None
run["s"] = ["x"]
run["s"] = stringify_unsupported(["x"])
run["s"].fetch()
run["s"] = types.String("typed")
run["s"].fetch()
run["s"] = stringify_unsupported(None)
run["s"].fetch()
run["d"] = datetime(2020, 1, 1)
run["d"] = "2020-01-01"
run["d"] = 5
run["d"] = None
run["d"] = date(2020, 1, 1)
run["d"] = types.Datetime(datetime(2021, 1, 1))

"""2: paths."""

run = neptune.init_run(**QUIET)
run["/p//q/"] = 1
run["p/q"].fetch()
run[5] = "five"
run["5"].fetch()
run["a"]["b"]["c"] = 2
run["a/b/c"].fetch()
run["a"]["/b/"]["c"].fetch()
run["x y/ż-é.w"] = 3
run["x y"]["ż-é.w"].fetch()
run["p/q/r"] = 1
run["p/q/r"].append(1)
run["p/q/r"].fetch()
run["p"] = 1
run["p"].upload("nowhere")
run["p"].append(1.0)
run["p"].fetch()
run[""] = 1
run["/"] = 1
sorted(run[""].fetch())

"""7: del and pop."""

run = neptune.init_run(**QUIET)
run["a"] = 1
del run["a"]
run.exists("a")
run["a"] = "another type"
run["a"].fetch()
run["n/x"] = 1
run["n/y/z"].append(1.0)
run["m/x"] = 1
del run["n/x"]
run.exists("n")
del run["n"]
run.exists("n")
run["m"].pop("x")
run.exists("m")
run["k/a"] = 1
run["k"].pop()
run.exists("k")
run["s"].append(1.0)
run.pop("s")
run["s"].append("text")
run["s"].fetch_last()
run["l"] = 1
run["l"].pop()
run.exists("l")
run["p"] = 1
run.pop("p", wait=True)
run.exists("p")
run.pop("p")
run.pop("never/was")
del run["a/b"]
run["a"].fetch()

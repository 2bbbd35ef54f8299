"""3.3: limits of single values."""

run = neptune.init_run(**QUIET)
run["s"] = "x" * 16385
len(run["s"].fetch())
run["s"] = "y" * 20000
len(run["s"].fetch())
run["s2"] = "z" * 16384
len(run["s2"].fetch())
run["nan"] = float("nan")
run["inf"] = float("inf")
run["neg"] = float("-inf")
run["t"].append("x" * 1001)
run["t"].append("y" * 1001)
len(run["t"].fetch_last())
run["t2"].extend(["z" * 1000])
len(run["t2"].fetch_last())

"""3.3: nan and infinity in a series."""

run = neptune.init_run(**QUIET)
run["s"].extend([1.0, float("nan"), 2.0])
run["s"].append(float("inf"))
run["s"].append(float("-inf"))
run["s"].append("nan")
run["s"].append(3.0)
run["s"].fetch_last()
run["s"].fetch_values(include_timestamp=False)
run["only"].append(float("nan"))
run.exists("only")
run["a"] = FloatSeries([float("nan"), 5.0])
run["a"].fetch_last()

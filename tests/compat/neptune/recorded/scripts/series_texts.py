"""4: texts."""

run = neptune.init_run(**QUIET)
run["t"].append("a")
run["t"].append("")
run["t"].extend(["b\nc", "ż"])
run["t"].fetch_last()
run["t"].fetch_values(include_timestamp=False)
run["t"].append(5)
run["t"].fetch_last()
run["t"].append(None)
run["t"].append(1.5)
run["t"].extend([b"x"])
[run["t"].fetch_last()]

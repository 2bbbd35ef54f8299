"""4: dicts, a series for each."""

run = neptune.init_run(**QUIET)
run["m"].append({"loss": 0.5, "deep": {"acc": 0.9, "note": "x"}})
run["m"].append({"loss": 0.25, "deep": {"acc": 0.95, "note": "y"}}, step=7)
[run["m/loss"].fetch_last(), run["m/deep/acc"].fetch_last(), run["m/deep/note"].fetch_last()]
run["m"].extend({"loss": [1.0, 2.0], "deep": {"acc": [0.1]}})
run["m/loss"].fetch_last()
run["m"].append({"loss": "x"})
run["m"].append({"bad": None, "good": 1.0})
run.exists("m/good")
run.exists("m/bad")
run["k"].append({5: 1.0, "a/b": 2.0})
run["k/5"].fetch_last()
run["k/a/b"].fetch_last()

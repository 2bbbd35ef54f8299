"""7: what is not there."""

run = neptune.init_run(**QUIET)
run["x"].fetch()
run["x/y"].fetch()
run["x"].fetch_last()
run["x"].fetch_values()
run["x"].fetch_extension()
run["x"].download()
run["x"].download_last()
run["x"].fetch_hash()
run["x"].fetch_files_list()
run["x"].list_fileset_files()
del run["x"]
run.pop("x")
run["x"].pop()
run["x"].pop("y")
run["x"].clear()
run["x"].add
getattr(run["x"], "nonsense", "default")
run.exists("x")
run.exists("")
run.exists(5)

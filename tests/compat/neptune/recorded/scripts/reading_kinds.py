"""7: what can be done with which field."""

run = neptune.init_run(**QUIET)
run["i"] = 1
run["s"].append(1.0)
run["t"].append("x")
run["f"].upload(File.from_content("x"))
run["g"].append(File.as_image(np.zeros((1, 1))))
[run[name].fetch() for name in "i"]
run["s"].fetch()
run["t"].fetch()
run["f"].fetch()
run["g"].fetch()
run["i"].fetch_last()
run["i"].fetch_values()
run["i"].download()
run["i"].download_last()
run["i"].fetch_hash()
run["i"].list_fileset_files()
run["s"].list_fileset_files()
run["g"].fetch_last()
run["g"].fetch_values()
run["f"].fetch_values()
run["f"].download_last()
run["i"].nonsense

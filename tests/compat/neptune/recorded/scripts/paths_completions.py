"""2: completions."""

run = neptune.init_run(**QUIET)
run["params/lr"] = 0.1
run["params/depth/of/it"] = 3
run["loss"].append(1.0)
sorted(run["params"]._ipython_key_completions_())
sorted(one for one in run._ipython_key_completions_() if not one.startswith(("sys", "source")))
sorted(run["nowhere"]._ipython_key_completions_())

"""7: a field of another."""

run = neptune.init_run(**QUIET)
run["i"] = 1
run["f"] = 1.5
run["b"] = True
run["t"] = "x"
run["c/i"] = run["i"]
run["c/f"] = run["f"]
run["c/b"] = run["b"]
run["c/t"] = run["t"]
run["c"].fetch()
run["c/i"] = run["i"]
run["i"] = 9
run["c/i"].fetch()
run["s"].append(1.0)
run["c/s"] = run["s"]
run["file"].upload(File.from_content("x"))
run["c/file"] = run["file"]
run["c/none"] = run["nowhere"]
run["c/tags"] = run["sys/tags"]
run["c/i"] = run["t"]
run["c/i"] = run["f"]
run["i"] = run["i"]
run["i"].fetch()
run["c/n"] = run["c"]

"""7: whole namespaces."""

run = neptune.init_run(**QUIET)
run["n/i"] = 1
run["n/f"] = 2.5
run["n/b"] = False
run["n/t"] = "x"
run["n/deep/er"] = 3
run["n/series/s"].append(1.0)
run["n/file"].upload(File.from_content("x"))
run["n"].fetch()
run["n/deep"].fetch()
run["n/series"].fetch()
run["n/deep"].get_structure()
sorted(run.get_structure()["n"])
run["n/i"].exists("x")
run.exists("n")
run.exists("n/deep")
run.exists("n/deep/er")
run.exists("n/deep/er/x")
run.exists("/n//deep/")

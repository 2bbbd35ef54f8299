"""7: the tree of a run in memory, printed."""

run = neptune.init_run(**QUIET)
run["b/c"] = 1
run["b/d/e"] = True
run["a"].append(1.0)
run["file"].upload(File.from_content("x"))
run["t"].append("x")
run["when"] = datetime(2020, 1, 1)
run.print_structure()
run.get_structure()

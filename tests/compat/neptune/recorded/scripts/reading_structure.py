"""7: the tree, printed."""

run = neptune.init_run(**QUIET)
run["b/c"] = 1
run["b/a"] = "x"
run["b/d/e"] = True
run["a"].append(1.0)
run["ż ó"] = 2.5
sorted(name for name in run.get_structure() if name not in ("sys", "source_code"))
{name: field for name, field in run.get_structure()["b"].items()}
run["b"].fetch()

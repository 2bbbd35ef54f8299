"""3.1: what is skipped with a warning, once."""

run = neptune.init_run(**QUIET)
run["none"] = None
run["none"] = None
run["other none"] = None
run["list"] = [1, 2]
run["list"] = ["a"]
run["tuple"] = (1,)
run["set"] = {1}
run["array"] = np.zeros(3)
run["object"] = object()
run["complex"] = 1j
run["date"] = date(2020, 1, 1)
run["function"] = print
run["type"] = int
[run.exists(name) for name in ("none", "list", "tuple", "set", "array", "object", "complex", "date")]
run["dict"] = {"a": None, "b": 1, "c": [1], "d": {"e": object(), "f": "x"}}
run["dict"].fetch()
run["list"].fetch()
run["none"]

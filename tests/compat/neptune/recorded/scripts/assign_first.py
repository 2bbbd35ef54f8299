"""3.1: the first value decides."""

run = neptune.init_run(**QUIET)
run["b"] = True
run["i"] = 7
run["f"] = 7.0
run["s"] = "seven"
[run[name].fetch() for name in "bifs"]
{name: type(field).__name__ for name, field in run.get_structure().items() if name in "bifs"}
run["s2"] = ""
run["s2"].fetch()
run["neg"] = -5
run["small"] = 1e-300
run["big"] = 2.0 ** 70
[run[name].fetch() for name in ("neg", "small", "big")]
run["by assign"].assign(3)
run["by assign"].fetch()
run.assign({"all": 1, "of/it": "x"})
[run["all"].fetch(), run["of"].fetch()]
run["wait"].assign(1, wait=True)
run["wait"].fetch()

"""3.3: integers a service with 32 bits has no room for."""

run = neptune.init_run(**QUIET)
run["i"] = 2147483647
run["i"].fetch()
run["j"] = -2147483648
run["j"].fetch()
run["k"] = 2147483648
run["l"] = -2147483649
run.exists("k")
run["in dict"] = {"big": 2 ** 40, "small": 1}
run["in dict/small"].fetch()
run["float"] = float(2 ** 40)
run["float"].fetch()

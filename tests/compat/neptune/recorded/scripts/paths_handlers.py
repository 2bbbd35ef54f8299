"""2: handlers."""

run = neptune.init_run(**QUIET)
run["s"] = "text"
run["n/x"] = 1
run["s"]
run["u"]
run["n"]
run["n/x"]
handler = run["n"]
handler["y"] = 2.5
handler["y"].fetch()
handler.fetch()
handler.get_root_object() is run
handler.container is run
handler["y"].get_root_object() is run
handler.exists("x")
handler.get_structure()
handler.print_structure()
handler.stop()
handler.sync()
handler.wait()
handler.nonsense
handler.nonsense()
isinstance(handler, load(".handler").Handler)
del handler["y"]
run.exists("n/y")

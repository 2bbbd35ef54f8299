"""3.2: files, sets and series that are there."""

Path("a.txt").write_text("a")
run = neptune.init_run(**QUIET)
run["f"] = File.from_content("x")
run["f"] = "a.txt"
run["f"] = 5
run["f"] = File("a.txt")
run["f"].fetch_extension()
run["t"] = types.StringSet(["a"])
run["t"] = ["b"]
run["t"] = "b"
run["fl"] = FloatSeries([1, 2, 3])
run["fl"] = [4, 5]
run["fl"].fetch_last()
run["fl"] = 5
run["fl"] = ["x"]
run["fl"] = {7.0}
run["fl"].fetch_last()
run["st"] = StringSeries(["a", "b"])
run["st"] = ("c",)
run["st"].fetch_last()
run["st"] = "d"
run["st"] = [5]
run["st"].fetch_last()
run["set"] = types.FileSet("a.txt")
run["set"] = ["a.txt"]
run["set"] = "a.txt"
run["set"] = 5
run["set"] = [5]
run["art"].track_files("a.txt")
run["art"] = "x"

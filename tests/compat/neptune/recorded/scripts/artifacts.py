"""5: artifacts."""

Path("data").mkdir()
Path("data/a.txt").write_text("a")
run = neptune.init_run(**QUIET)
run["a"].track_files("data")
type(run.get_structure()["a"])
run["a"].track_files("data/a.txt", destination="there")
run["a"].track_files(5)
run["a"].track_files("data", destination=5)
run["b"].track_files(["data"])
run["x"] = 1
run["x"].track_files("data")
run["x"].fetch_hash()
run["x"].fetch_files_list()
run["nowhere"].fetch_hash()
run["nowhere"].fetch_files_list()
run["a"].append("x")
len(run["a"].fetch_hash())

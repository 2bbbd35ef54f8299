"""2: how fields show themselves."""

run = neptune.init_run(**QUIET)
run["i"] = 1
run["f"] = 1.5
run["b"] = True
run["t"] = "x"
run["d"] = datetime(2020, 1, 1)
run["fs"].append(1.0)
run["ss"].append("x")
run["file"].upload(File.from_content("x"))
run["set"].upload_files(["nowhere"])
run["images"].append(File.as_image(np.zeros((2, 2))))
run["sys/tags"]
[run[name] for name in ("i", "f", "b", "t", "d", "fs", "ss", "file", "set", "images")]
run["sys"]
run["a/b"]

"""4: series and what is none."""

run = neptune.init_run(**QUIET)
run["atom"] = 1
run["atom"].append(1)
run["atom"].extend([1])
run["atom"].log(1)
run["text"] = "x"
run["text"].append("y")
run["file"].upload(File.from_content("x"))
run["file"].append("y")
run["n"].append(1.0)
run["n"].append("x")
run["n"].append(File.from_content("x"))
run["n"].assign(5)
run["n"].fetch()
run["n"].add("x")
run["n"].download()
run["n"].fetch_extension()
run["n"].fetch_hash()
run["n"].upload("x")
run["n"].upload_files("x")
run["n"].track_files("x")
run["ns/x"] = 1
run["ns"].append(1.0)
run["ns"].append({"y": 1.0})
run["ns/y"].fetch_last()
run["sys/tags"].append("x")
run["n"].fetch_last()
